"""A tenant and how it ships: workspaces, shops (店铺), channels (物流渠道) with their prices."""

from sqlalchemy import (
    ARRAY,
    CHAR,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables.base import belongs, made_at, metadata, moment, number_id, tenant_table

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", Integer, Identity(always=False), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, CheckConstraint("kind IN ('seller', 'carrier')", name="kind"), nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    made_at(),
)

shops = tenant_table(
    "shops",
    number_id("shop_id"),
    Column("name", Text, nullable=False),
    Column("platform", Text),
    Column("site", Text),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    made_at(),
    moment("archived_at"),
    UniqueConstraint("workspace_id", "name"),
    belongs("workspaces"),
    key=("shop_id",),
)

channels = tenant_table(
    "channels",
    number_id("channel_id"),
    Column("name", Text, nullable=False),
    Column("carriers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("promise_days_from", SmallInteger),
    Column("promise_days_to", SmallInteger),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    made_at(),
    moment("archived_at"),
    UniqueConstraint("workspace_id", "name"),
    belongs("workspaces"),
    key=("channel_id",),
)

channel_prices = tenant_table(
    "channel_prices",
    number_id("channel_price_id"),
    Column("channel_id", channels.c.channel_id.type, nullable=False),
    Column("country", CHAR(2), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("weight_from_g", Integer, nullable=False),
    Column("weight_to_g", Integer, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("per_parcel", Numeric(12, 4), nullable=False),
    Column("per_kg", Numeric(12, 4), nullable=False),
    belongs("channels", "channel_id"),
    key=("channel_price_id",),
)
