"""What others push to us, and what aggregators are paid for: webhooks in, registrations, spending, second looks."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)

from everyleg.store.tables.base import belongs, made_at, moment, number_id, sealed, tenant_table

webhooks_in = tenant_table(
    "webhooks_in",
    number_id("webhook_id"),
    Column("source", Text, nullable=False),  # the word in its address; a carrier's or aggregator's slug where it is one
    Column("carrier", Text),  # slug of who reads it; NULL: whoever's shape a body has
    Column("scheme", Text),  # how it is signed; NULL: as the source's manifest says
    Column("token_hash", LargeBinary, nullable=False),
    sealed("secret", None),  # what signs; NULL: nobody signs
    Column("created_by", BigInteger),
    made_at(),
    moment("revoked_at"),
    UniqueConstraint("workspace_id", "token_hash"),
    belongs("workspaces"),
    key=("webhook_id",),
)

registrations = tenant_table(
    "registrations",
    Column("source", Text, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('claimed', 'registered', 'stopped')", name="state"),
        nullable=False,
    ),
    Column("price", Numeric(12, 6), nullable=False, server_default="0"),
    moment("claimed_at", nullable=False),
    moment("registered_at"),
    moment("stopped_at"),
    belongs("workspaces"),
    Index(None, "workspace_id", "tracking_number"),
    key=("source", "account_id", "carrier", "tracking_number"),
)

spending = tenant_table(
    "spending",
    Column("month", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("account_id", BigInteger, nullable=False),  # 0: no account is needed
    Column(
        "what",
        Text,
        CheckConstraint("what IN ('call', 'registration', 'second', 'saved')", name="what"),
        nullable=False,
    ),
    Column("times", Integer, nullable=False, server_default="0"),
    Column("money", Numeric(14, 6), nullable=False, server_default="0"),
    belongs("workspaces"),
    key=("month", "source", "account_id", "what"),
)

second_looks = tenant_table(
    "second_looks",
    Column("number_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),  # the one that is usually asked
    Column("second", Text, nullable=False),
    moment("compared_at", nullable=False),
    Column("differs", Boolean, nullable=False),
    Column("missing", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # milestones only the second tells
    Column("extra", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # milestones only the first tells
    belongs("workspaces"),
    Index("second_looks_differs_idx", "workspace_id", "compared_at", postgresql_where=text("differs")),
    key=("number_id", "source", "second"),
)
