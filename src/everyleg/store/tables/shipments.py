"""What a seller sent: shipments with their lines."""

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Column, Index, LargeBinary, Numeric, SmallInteger, Text, text

from everyleg.store.tables.base import belongs, made_at, moment, number_id, sealed, tenant_table

shipments = tenant_table(
    "shipments",
    number_id("shipment_id"),
    Column("shop_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("order_reference", Text),
    moment("shipped_at"),
    moment("ship_by"),
    moment("promised_by"),
    Column("origin_country", CHAR(2)),
    Column("destination_country", CHAR(2)),
    sealed("destination_postcode", "location"),
    sealed("buyer_email", "contact"),
    Column("buyer_email_digest", LargeBinary),  # keyed, of the folded address: what erasing a buyer looks up
    Column("buyer_language", Text),
    sealed("attributes", "free_text"),
    made_at(),
    made_at("updated_at"),
    CheckConstraint("buyer_email IS NULL OR buyer_email_digest IS NOT NULL", name="buyer_can_be_found"),
    belongs("workspaces"),
    belongs("shops", "shop_id", ondelete="NO ACTION"),
    belongs("channels", "channel_id", ondelete="NO ACTION"),
    Index(None, "workspace_id", "order_reference"),
    Index(
        "shipments_buyer_email_idx",
        "workspace_id",
        "buyer_email_digest",
        postgresql_where=text("buyer_email_digest IS NOT NULL"),
    ),
    key=("shipment_id",),
)

shipment_lines = tenant_table(
    "shipment_lines",
    Column("shipment_id", BigInteger, nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("tracking_number", Text),  # of the parcel that holds it, where a sheet told it with one number
    Column("title", Text),
    Column("quantity", Numeric(12, 3), nullable=False, server_default="1"),
    Column("value", Numeric(14, 4)),
    Column("currency", CHAR(3)),
    belongs("shipments", "shipment_id"),
    Index(None, "workspace_id", "sku"),
    key=("shipment_id", "line"),
)
