"""Writes the demo's orders: shops, channels, shipments with their line, and the parcels to follow."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from everyleg.accounts import addresses
from everyleg.lab.demo.selling import Channel, Sale, Shop
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.store.sealing import Keyring, about_column

_SHOP = """
INSERT INTO shops (workspace_id, name, platform, site) VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name RETURNING shop_id
"""

_CHANNEL = """
INSERT INTO channels (workspace_id, name, carriers, promise_days_to) VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name RETURNING channel_id
"""

_SHIPMENT = """
INSERT INTO shipments (workspace_id, shop_id, channel_id, order_reference, shipped_at, ship_by, promised_by,
    origin_country, destination_country, destination_postcode, buyer_email, buyer_email_digest, buyer_language)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING shipment_id
"""

_LINE = """
INSERT INTO shipment_lines (workspace_id, shipment_id, line, sku, quantity, value, currency)
VALUES (%s, %s, 1, %s, 1, %s, 'USD')
"""

_TAG = """
INSERT INTO tags (workspace_id, name) VALUES (%s, %s)
ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name RETURNING tag_id
"""

_TAGGED = "INSERT INTO parcel_tags (workspace_id, parcel_id, tag_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class Orders:
    """The orders of one workspace, written in the caller's transaction."""

    def __init__(self, connection: Connection[Any], keys: Keyring, workspace: int) -> None:
        """`connection`: a worker's, in a transaction."""
        self._connection, self._keys, self._workspace = connection, keys, workspace
        self._shops: dict[Shop, int] = {}
        self._channels: dict[str, int] = {}

    def add(self, sales: Sequence[Sale]) -> None:
        """Write orders and the parcels that carry them."""
        parcels = [NewParcel(one.carrier, one.tracking_number, self._shipment(one)) for one in sales]
        ensure_parcels(self._connection, self._workspace, parcels)

    def _shipment(self, one: Sale) -> int:
        workspace = self._workspace
        shop, channel = self._shop(one.shop), self._channel(one.channel)
        row = (
            *(workspace, shop, channel, one.order_reference, one.shipped_at, one.ship_by, one.promised_by),
            *(one.origin, one.destination),
            self._keys.seal_text(one.postcode, about_column(workspace, "shipments.destination_postcode")),
            self._keys.seal_text(one.buyer_email, about_column(workspace, "shipments.buyer_email")),
            addresses.digest(self._keys, one.buyer_email),
            one.buyer_language,
        )
        shipment = self._id(_SHIPMENT, row)
        self._connection.execute(_LINE, (workspace, shipment, one.sku, one.value))
        return shipment

    def _shop(self, shop: Shop) -> int:
        if shop not in self._shops:
            self._shops[shop] = self._id(_SHOP, (self._workspace, shop.name, shop.platform, shop.site))
        return self._shops[shop]

    def _channel(self, one: Channel) -> int:
        if one.name not in self._channels:
            row = (self._workspace, one.name, list(one.carriers), one.promise_days)
            self._channels[one.name] = self._id(_CHANNEL, row)
        return self._channels[one.name]

    def tag(self, parcel_id: int, name: str) -> None:
        """Give a parcel a tag."""
        self._connection.execute(_TAGGED, (self._workspace, parcel_id, self._id(_TAG, (self._workspace, name))))

    def parcel_of(self, carrier: str, number: str) -> int | None:
        """The newest parcel that has a number; None when none has."""
        row = self._connection.execute(
            "SELECT coalesce(p.merged_into, p.parcel_id) FROM numbers n"
            " JOIN legs l ON (l.workspace_id, l.number_id) = (n.workspace_id, n.number_id)"
            " JOIN parcels p ON (p.workspace_id, p.parcel_id) = (l.workspace_id, l.parcel_id)"
            " WHERE n.workspace_id = %s AND n.carrier = %s AND n.tracking_number = %s"
            " ORDER BY p.parcel_id DESC LIMIT 1",
            (self._workspace, carrier, number),
        ).fetchone()
        return None if row is None else int(row[0])

    def _id(self, query: str, row: tuple[Any, ...]) -> int:
        made = self._connection.execute(query, row).fetchone()
        assert made is not None  # noqa: S101 - an INSERT … RETURNING gives a row
        return int(made[0])
