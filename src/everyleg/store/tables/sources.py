"""Whom we may ask: accounts with carriers and aggregators, what is used of their quotas, how they are.

The settings of an account (keys, passwords, its own address) are secrets and lie in `secrets`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables.base import belongs, made_at, moment, number_id, sealed, tenant_table

source_accounts = tenant_table(
    "source_accounts",
    number_id("account_id"),
    Column("source", Text, nullable=False),  # slug of the carrier or aggregator
    Column("name", Text, nullable=False),  # what people call it
    Column("priority", SmallInteger, nullable=False, server_default="0"),  # the lowest is asked first
    Column("per_second", Float),  # the limits that this account has; NULL: as the manifest says
    Column("per_minute", Integer),
    Column("per_hour", Integer),
    Column("per_day", Integer),
    Column("daily_budget", Integer),  # calls of a day that one wants at most
    Column("open", Boolean, nullable=False, server_default="false"),  # nobody's login: the source asks for none
    made_at(),
    moment("paused_at"),
    CheckConstraint(
        "per_second > 0 AND per_minute > 0 AND per_hour > 0 AND per_day > 0 AND daily_budget >= 0", name="limits"
    ),
    belongs("workspaces"),
    Index("source_accounts_name_idx", "workspace_id", "source", "name", unique=True),
    key=("account_id",),
)

source_quotas = tenant_table(
    "source_quotas",
    Column("account_id", BigInteger, nullable=False),
    Column("clock", Float, nullable=False),  # seconds that the account's own clock shows, which no jump moves
    moment("seen_at", nullable=False),  # the database's clock when it showed that
    Column("used", JSONB, nullable=False, server_default=text("'{}'")),  # window → calls in each of its buckets
    belongs("source_accounts", "account_id"),
    key=("account_id",),
)

shared_quotas = tenant_table(  # of workspace 0, which is nobody's: only workers see it
    "shared_quotas",
    Column("pool", LargeBinary, nullable=False),  # keyed digest of the server and the address that it is asked from
    Column("clock", Float, nullable=False),  # as of an account's quota
    moment("seen_at", nullable=False),
    Column("used", JSONB, nullable=False, server_default=text("'{}'")),
    Column("held_until", Float),  # what the clock has to show before anybody asks again
    key=("pool",),
)

source_tokens = tenant_table(
    "source_tokens",
    Column("account_id", BigInteger, nullable=False),
    Column("login", LargeBinary),  # keyed digest of the settings that it was given for
    sealed("token", None),  # NULL: there is none
    moment("renew_at"),  # from then on the next one is fetched while this one is used
    moment("ends_at"),  # it is used no more
    moment("fetching_until"),  # somebody is fetching one, by the database's clock
    belongs("source_accounts", "account_id"),
    key=("account_id",),
)

source_health = tenant_table(
    "source_health",
    Column("account_id", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row, up to now
    Column("failed_kind", Text),
    sealed("failed_detail", "free_text"),  # the source's own words
    moment("failed_at"),
    moment("answered_at"),
    moment("retry_at"),  # nobody asks before
    belongs("source_accounts", "account_id"),
    key=("account_id",),
)
