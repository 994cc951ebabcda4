"""What each check of a number gave, source by source: when it was asked, when it last spoke, what went wrong.

No foreign keys here: these rows are written with each batch, which makes sure of its numbers itself.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Text

from everyleg.store.tables.base import moment, sealed, tenant_table

checks = tenant_table(
    "checks",
    Column("number_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    moment("checked_at", nullable=False),
    Column(
        "outcome",
        Text,
        CheckConstraint("outcome IN ('news', 'nothing_new', 'unknown', 'failed')", name="outcome"),
        nullable=False,
    ),
    Column("failed_kind", Text),  # only where it failed: refused, rate_limited, unreachable, unreadable, wrong_carrier
    sealed("failed_detail", "free_text"),  # the carrier's own words
    moment("answered_at"),  # the last time that it answered at all: found or unknown
    moment("news_at"),  # the last time that it told something new
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row, up to now
    Column("unknowns", Integer, nullable=False, server_default="0"),  # in a row, up to now
    Column("times", Integer, nullable=False, server_default="1"),
    key=("number_id", "source"),
)
