"""What sources said: raw answers, and the statements read from them.

No foreign keys here: these rows come by the million, and a batch makes sure of its numbers itself.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables.base import made_at, moment, number_id, tenant_table

observations = tenant_table(
    "observations",
    number_id("observation_id"),
    Column(
        "sha256", LargeBinary, nullable=False
    ),  # of bytes and source: the id that the documents show; A→B→A has it twice
    Column("number_id", BigInteger),
    Column("carrier", Text),
    Column("source", Text, nullable=False),
    moment("observed_at"),
    made_at("received_at"),
    Column("codec", Text, nullable=False, server_default="zstd"),
    Column("body", LargeBinary),  # NULL once erased
    Column("body_size", Integer, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),  # an answer equal to the last is only counted
    moment("last_observed_at"),
    Column("complete", Boolean, nullable=False, server_default=text("true")),
    Column("outcome", Text),
    Column("quarantine_reason", Text),
    Index(None, "workspace_id", "number_id", "observed_at"),
    Index(None, "workspace_id", "sha256"),
    Index(
        "observations_quarantine_idx",
        "workspace_id",
        "observation_id",
        postgresql_where=text("quarantine_reason IS NOT NULL"),
    ),
    key=("observation_id",),
)

statements = tenant_table(
    "statements",
    Column("number_id", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("observation_id", BigInteger),
    moment("observed_at"),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("occurred_local", DateTime(timezone=False)),
    Column("uncertainty_s", Integer, nullable=False, server_default="0"),
    Column("utc_offset", SmallInteger),
    Column("rank", SmallInteger),
    Column("withdrawn", Boolean, nullable=False, server_default=text("false")),
    Column("hidden", Boolean, nullable=False, server_default=text("false")),
    Column("time_basis", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("sub_status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("code", Text),
    Column("text", Text),
    Column("lang", Text),
    Column("place", JSONB),
    Column("author_id", BigInteger),
    Column("reason", Text),
    Index(None, "workspace_id", "observation_id"),
    key=("number_id", "key"),
)
