"""Pieces and what joins them: parcels, numbers, legs with their lives, links; tags and remarks.

A number (carrier and tracking number) is what is asked and what statements hang on; it identifies no parcel. A leg is
one *life* of a number within a parcel, so a recycled number has several legs, told apart by time.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables.base import belongs, made_at, moment, number_id, sealed, tenant_table

parcels = tenant_table(
    "parcels",
    number_id("parcel_id"),
    Column("shipment_id", BigInteger),
    Column("merged_into", BigInteger),
    Column("number_id", BigInteger),  # the number it was made for: where it stays when a join is taken back
    Column("pinned_carrier", Text),
    Column("link_token", Text),
    Column("version", Integer, nullable=False, server_default="1"),  # of what people wrote: the second editor is told
    made_at(),
    moment("stopped_at"),
    moment("archived_at"),
    moment("erased_at"),  # when what it told of a person was erased
    UniqueConstraint("workspace_id", "link_token"),
    belongs("workspaces"),
    belongs("shipments", "shipment_id", ondelete="NO ACTION"),
    Index(None, "workspace_id", "shipment_id"),
    Index(None, "workspace_id", "number_id"),
    key=("parcel_id",),
)

numbers = tenant_table(
    "numbers",
    number_id("number_id"),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("moved_to", BigInteger),  # the same number under the carrier that a person says it is of
    made_at(),
    UniqueConstraint("workspace_id", "tracking_number", "carrier"),
    belongs("workspaces"),
    belongs("numbers", "moved_to", key=("number_id",), ondelete="NO ACTION"),
    Index("numbers_moved_idx", "workspace_id", "moved_to", postgresql_where=text("moved_to IS NOT NULL")),
    key=("number_id",),
)

legs = tenant_table(
    "legs",
    number_id("leg_id"),
    Column("parcel_id", BigInteger, nullable=False),
    Column("number_id", BigInteger, nullable=False),
    moment("life_from"),
    moment("life_to"),
    made_at(),
    belongs("parcels", "parcel_id"),
    belongs("numbers", "number_id"),
    Index(None, "workspace_id", "parcel_id"),
    Index(None, "workspace_id", "number_id"),
    key=("leg_id",),
)

links = tenant_table(
    "links",
    number_id("link_id"),
    Column("kind", Text, nullable=False),
    Column("a_number_id", BigInteger, nullable=False),
    Column("b_number_id", BigInteger, nullable=False),
    Column("relation", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("evidence", Text),
    Column("author_id", BigInteger),
    moment("observed_at"),
    moment("withdrawn_at"),
    made_at(),
    CheckConstraint("kind IN ('same_parcel', 'in_consolidation', 'replaces')", name="kind"),
    belongs("numbers", "a_number_id", key=("number_id",)),
    belongs("numbers", "b_number_id", key=("number_id",)),
    Index(None, "workspace_id", "a_number_id"),
    Index(None, "workspace_id", "b_number_id"),
    Index(  # an answer tells a link once, however often it is read; people may link and unlink as they like
        "links_told_key",
        *("workspace_id", "a_number_id", "b_number_id", "kind", "relation", "source"),
        unique=True,
        postgresql_where=text("source <> 'person'"),
    ),
    key=("link_id",),
)

mentions = tenant_table(
    "mentions",
    Column("bare", Text, nullable=False),  # another number, without its carrier: it joins one that is known, or becomes
    Column("number_id", BigInteger, nullable=False),  # whose answer named it
    Column("relation", Text, nullable=False),
    Column("source", Text, nullable=False),
    belongs("numbers", "number_id"),
    Index(None, "workspace_id", "number_id"),
    key=("bare", "number_id", "relation", "source"),
)

tags = tenant_table(
    "tags",
    number_id("tag_id"),
    Column("name", Text, nullable=False),
    Column("colour", Text),
    UniqueConstraint("workspace_id", "name"),
    belongs("workspaces"),
    key=("tag_id",),
)

parcel_tags = tenant_table(
    "parcel_tags",
    Column("parcel_id", BigInteger, nullable=False),
    Column("tag_id", BigInteger, nullable=False),
    belongs("parcels", "parcel_id"),
    belongs("tags", "tag_id"),
    Index(None, "workspace_id", "tag_id", "parcel_id"),
    key=("parcel_id", "tag_id"),
)

remarks = tenant_table(
    "remarks",
    number_id("remark_id"),
    Column("parcel_id", BigInteger, nullable=False),
    Column("author_id", BigInteger),
    sealed("body", "free_text", nullable=False),
    made_at(),
    moment("withdrawn_at"),
    belongs("parcels", "parcel_id"),
    Index(None, "workspace_id", "parcel_id"),
    key=("remark_id",),
)

corrections = tenant_table(
    "corrections",
    number_id("correction_id"),
    Column("parcel_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effect", JSONB, nullable=False, server_default=text("'{}'")),  # keys of statements, ids of links it made
    sealed("reason", "free_text"),
    Column("author_id", BigInteger),
    made_at(),
    moment("undone_at"),
    Column("undone_by", BigInteger),
    belongs("parcels", "parcel_id"),
    Index(None, "workspace_id", "parcel_id"),
    key=("correction_id",),
)
