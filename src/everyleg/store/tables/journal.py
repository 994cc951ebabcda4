"""What sources said: what waits to be read, raw answers, what each says of a number, and its statements.

No foreign keys here: these rows come by the million, and a batch makes sure of its numbers itself.
"""

from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)

from everyleg.store.tables.base import made_at, moment, number_id, sealed, tenant_table

inbox = tenant_table(
    "inbox",
    number_id("inbox_id"),
    Column("source", Text, nullable=False),
    Column("carrier", Text),
    Column("asked", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    moment("observed_at", nullable=False),
    made_at("received_at"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    sealed("body", "raw", nullable=False),
    Column("bodies", SmallInteger, nullable=False, server_default="1"),  # more than one: a bundle of what was pushed
    Index(None, "inbox_id"),
    key=("inbox_id",),
)

observations = tenant_table(
    "observations",
    number_id("observation_id"),
    Column(
        "sha256", LargeBinary, nullable=False
    ),  # of bytes and source: the id that the documents show; A→B→A has it twice
    Column(
        "subject", LargeBinary, nullable=False
    ),  # digest of source, carrier and numbers asked: whose last it follows
    Column("carrier", Text),
    Column("source", Text, nullable=False),
    Column("asked", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    moment("observed_at"),
    made_at("received_at"),
    sealed("body", "raw"),  # NULL once erased
    Column("body_size", Integer, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),  # an answer equal to the last is only counted
    moment("last_observed_at"),
    Column("quarantine_kind", Text),
    sealed("quarantine_reason", "free_text"),  # it may quote the answer
    Index(None, "workspace_id", "subject", "observed_at"),
    Index(None, "workspace_id", "sha256"),
    Index(
        "observations_quarantine_idx",
        "workspace_id",
        "observation_id",
        postgresql_where=text("quarantine_kind IS NOT NULL"),
    ),
    key=("observation_id",),
)

readings = tenant_table(
    "readings",
    Column("number_id", BigInteger, nullable=False),
    Column("observation_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    moment("observed_at"),
    Column("outcome", Text, nullable=False),
    Column("failed_kind", Text),
    sealed("failed_detail", "free_text"),  # the carrier's own words
    Column("complete", Boolean, nullable=False, server_default=text("true")),
    Column("digest", LargeBinary),  # of what it says: equal to the last one means nothing new
    moment("opens_at"),  # its earliest event: a complete answer takes back nothing older
    Column("origin", CHAR(2)),
    Column("destination", CHAR(2)),
    moment("carrier_estimate"),
    sealed("found", "free_text"),  # aliases, flights, batch, proof, weight, state hint
    Index(None, "workspace_id", "observation_id"),
    Index(None, "workspace_id", "number_id", "observed_at"),
    key=("number_id", "observation_id"),
)

statements = tenant_table(
    "statements",
    Column("number_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("observation_id", BigInteger),  # the latest that told it
    moment("observed_at"),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("occurred_local", DateTime(timezone=False)),
    Column("uncertainty_s", Integer, nullable=False, server_default="0"),
    Column("utc_offset", SmallInteger),
    Column("rank", SmallInteger),
    Column("withdrawn", Boolean, nullable=False, server_default=text("false")),
    Column("time_basis", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("sub_status", Text, nullable=False),
    Column("code", Text),
    sealed("said", "free_text"),  # text, language, place
    Column("author_id", BigInteger),
    Index(None, "workspace_id", "observation_id"),
    key=("number_id", "source", "key"),
)

unknowns = tenant_table(
    "unknowns",
    Column("carrier", Text, nullable=False),
    Column("kind", Text, CheckConstraint("kind IN ('code', 'text')", name="kind"), nullable=False),
    Column("value_hash", LargeBinary, nullable=False),
    sealed("value", "free_text", nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    made_at("first_seen"),
    made_at("last_seen"),
    Column("observation_id", BigInteger),
    Column("sub_status", Text),  # what a person says it means; NULL until somebody does
    Column("taught_by", BigInteger),
    moment("taught_at"),
    Index(None, "workspace_id", "last_seen"),
    key=("carrier", "kind", "value_hash"),
)
