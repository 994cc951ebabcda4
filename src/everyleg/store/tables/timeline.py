"""What the fold made of it, and what is due: states, changes, due."""

from sqlalchemy import ARRAY, CHAR, BigInteger, Boolean, Column, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables.base import Xid8, belongs, made_at, moment, number_id, sealed, tenant_table

states = tenant_table(
    "states",
    Column("parcel_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("milestone", Text),
    Column("sub_status", Text),
    Column("stage", Text),
    Column("exception", Boolean, nullable=False, server_default=text("false")),
    moment("since"),
    moment("last_event_at"),
    moment("delivered_at"),
    made_at("folded_at"),
    Column("carriers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # what lists filter by, kept by triggers (0002): neither archived nor merged; what shipment and tags say
    Column("listed", Boolean, nullable=False, server_default=text("true")),
    Column("shop_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("destination_country", CHAR(2)),
    Column("tag_ids", ARRAY(BigInteger)),
    sealed("timeline", "free_text"),  # NULL while nothing was told
    belongs("parcels", "parcel_id"),
    key=("parcel_id",),
)

changes = tenant_table(
    "changes",
    number_id("change_id"),
    Column("transaction_id", Xid8, nullable=False, server_default=text("own_position()")),
    Column("parcel_id", BigInteger, nullable=False),
    made_at("changed_at"),
    Column("before", JSONB),
    Column("after", JSONB, nullable=False),
    Index(None, "workspace_id", "transaction_id", "change_id"),
    Index(None, "transaction_id", "change_id"),
    Index(None, "workspace_id", "parcel_id"),
    key=("change_id",),
)

due = tenant_table(
    "due",
    Column("kind", Text, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    moment("due_at", nullable=False),
    Column("worker_group", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Index(None, "worker_group", "kind", "due_at"),
    key=("kind", "subject_id"),
)
