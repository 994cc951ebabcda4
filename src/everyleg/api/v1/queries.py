"""The SQL of reading parcels. It runs as the app, in the key's workspace, within the shops that the caller sees."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.api.v1.shapes import GoodsLine, Summary
from everyleg.core.fold import Number

_OF_SHIPMENT = """
LEFT JOIN shipments sh ON sh.workspace_id = p.workspace_id AND sh.shipment_id = p.shipment_id
LEFT JOIN shops ON shops.workspace_id = p.workspace_id AND shops.shop_id = sh.shop_id
LEFT JOIN channels ON channels.workspace_id = p.workspace_id AND channels.channel_id = sh.channel_id
"""
_SEEN = "(%(shop_ids)s::bigint[] IS NULL OR sh.shop_id = ANY(%(shop_ids)s))"

_HEAD = f"""
SELECT p.parcel_id, p.merged_into, p.created_at, p.stopped_at, p.archived_at, sh.order_reference, shops.name,
    channels.name, sh.destination_country, sh.shipped_at, sh.promised_by, sh.destination_postcode, sh.buyer_email,
    ARRAY(SELECT t.name FROM parcel_tags pt JOIN tags t ON t.workspace_id = pt.workspace_id AND t.tag_id = pt.tag_id
          WHERE pt.workspace_id = p.workspace_id AND pt.parcel_id = p.parcel_id ORDER BY t.name)
FROM parcels p {_OF_SHIPMENT}
WHERE p.workspace_id = %(workspace)s AND p.parcel_id = %(parcel)s AND {_SEEN}
"""  # noqa: S608 (fixed texts)

_LINES = """
SELECT l.sku, l.quantity FROM parcels p
JOIN shipment_lines l ON l.workspace_id = p.workspace_id AND l.shipment_id = p.shipment_id
WHERE p.workspace_id = %(workspace)s AND p.parcel_id = %(parcel)s ORDER BY l.line
"""

_LIST = f"""
SELECT p.parcel_id, coalesce(s.version, 1), sh.order_reference, shops.name, channels.name, sh.destination_country,
    coalesce(s.milestone, 'pending'), coalesce(s.sub_status, 'registered'), coalesce(s.stage, 'any'),
    coalesce(s.exception, false), s.since, s.last_event_at, s.delivered_at, sh.promised_by, p.created_at
FROM parcels p LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id {_OF_SHIPMENT}
WHERE p.workspace_id = %(workspace)s AND p.merged_into IS NULL AND p.parcel_id > %(after)s AND {_SEEN}
  AND (%(found)s::bigint[] IS NULL OR p.parcel_id = ANY(%(found)s))
ORDER BY p.parcel_id LIMIT %(most)s
"""  # noqa: S608 (fixed texts)

_FIND = """
SELECT l.parcel_id FROM numbers n JOIN legs l ON l.workspace_id = n.workspace_id AND l.number_id = n.number_id
WHERE n.workspace_id = %(workspace)s AND n.tracking_number = ANY(%(numbers)s)
UNION
SELECT p.parcel_id FROM shipments sh
JOIN parcels p ON p.workspace_id = sh.workspace_id AND p.shipment_id = sh.shipment_id
WHERE sh.workspace_id = %(workspace)s AND sh.order_reference = ANY(%(orders)s)
"""

_NUMBERS = """
SELECT l.parcel_id, n.number_id, n.carrier, n.tracking_number FROM legs l
JOIN numbers n ON n.workspace_id = l.workspace_id AND n.number_id = l.number_id
WHERE l.workspace_id = %s AND l.parcel_id = ANY(%s) ORDER BY l.leg_id
"""


class Head(Struct, frozen=True):
    """What is known of a parcel apart from its journey."""

    parcel_id: int
    merged_into: int | None
    created_at: datetime
    stopped_at: datetime | None
    archived_at: datetime | None
    order: str | None
    shop: str | None
    channel: str | None
    country: str | None
    shipped_at: datetime | None
    promised_by: datetime | None
    postcode: bytes | None
    email: bytes | None
    tags: list[str]


def head(connection: Connection[Any], actor: Actor, parcel: int) -> Head | None:
    """A parcel; None when there is none that the caller sees."""
    row = connection.execute(_HEAD, {**_asked(actor), "parcel": parcel}).fetchone()
    return Head(*row) if row else None


def lines(connection: Connection[Any], actor: Actor, parcel: int) -> list[GoodsLine]:
    """What its shipment holds."""
    rows = connection.execute(_LINES, {"workspace": actor.workspace, "parcel": parcel})
    return [GoodsLine(sku, float(quantity)) for sku, quantity in rows]


def find(connection: Connection[Any], actor: Actor, numbers: Sequence[str], orders: Sequence[str]) -> list[int]:
    """Parcels of these numbers or orders."""
    asked = {"workspace": actor.workspace, "numbers": list(numbers), "orders": list(orders)}
    return [row[0] for row in connection.execute(_FIND, asked)]


def page(
    connection: Connection[Any], actor: Actor, after: int, most: int, found: Sequence[int] | None
) -> list[Summary]:
    """Parcels by id from after one, of those found or of all."""
    asked = {**_asked(actor), "after": after, "most": most, "found": None if found is None else list(found)}
    rows = connection.execute(_LIST, asked).fetchall()
    numbers: dict[int, list[Number]] = {}
    for parcel, _, carrier, number in connection.execute(_NUMBERS, (actor.workspace, [row[0] for row in rows])):
        known = numbers.setdefault(parcel, [])
        if (carrier, number) not in [(one.carrier, one.tracking_number) for one in known]:
            known.append(Number(carrier, number, len(known)))
    return [Summary(row[0], row[1], numbers.get(row[0], []), *row[2:]) for row in rows]


def number_ids(connection: Connection[Any], workspace: int, parcel: int) -> list[int]:
    """Ids of a parcel's numbers, leg by leg."""
    rows = connection.execute(_NUMBERS, (workspace, [parcel]))
    return list(dict.fromkeys(row[1] for row in rows))


def _asked(actor: Actor) -> dict[str, Any]:
    return {"workspace": actor.workspace, "shop_ids": None if actor.shop_ids is None else list(actor.shop_ids)}
