"""Which carrier a number is of: who was asked for it with what outcome, and what that teaches of numbers like it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Text

from everyleg.store.tables.base import belongs, moment, tenant_table

candidates = tenant_table(
    "candidates",
    Column("number_id", BigInteger, nullable=False),
    Column("carrier", Text, nullable=False),
    moment("asked_at", nullable=False),
    Column(
        "outcome",
        Text,
        CheckConstraint("outcome IN ('found', 'unknown', 'failed')", name="outcome"),
        nullable=False,
    ),
    Column("unknowns", Integer, nullable=False, server_default="0"),  # how often it did not know the number
    belongs("numbers", "number_id"),
    key=("number_id", "carrier"),
)

resolved = tenant_table(
    "resolved",
    Column("prefix", Text, nullable=False),  # beginning and length of the number
    Column("lane", Text, nullable=False),  # destination country; '' for all together
    Column("carrier", Text, nullable=False),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("unknown", Integer, nullable=False, server_default="0"),
    belongs("workspaces"),
    key=("prefix", "lane", "carrier"),
)
