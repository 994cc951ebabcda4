"""What the store already knows of the numbers, orders and names in a batch of rows."""

from collections.abc import Collection, Container, Iterable, Sequence
from typing import Any

from psycopg import Connection

from everyleg.core.model import Ref
from everyleg.sheets.rows import Row
from everyleg.sheets.ships import Line, Piece, Ship
from everyleg.store.sealing import Keyring, about_column

_NUMBERS = """
SELECT number_id, tracking_number, carrier FROM numbers
WHERE workspace_id = %(workspace)s AND tracking_number = ANY(%(words)s)
"""

_PARCELS = """
SELECT l.number_id, p.parcel_id, p.shipment_id FROM legs l
JOIN parcels p ON p.workspace_id = l.workspace_id AND p.parcel_id = l.parcel_id
WHERE l.workspace_id = %(workspace)s AND l.number_id = ANY(%(ids)s)
  AND p.merged_into IS NULL AND p.shipment_id IS NOT NULL ORDER BY p.parcel_id
"""

_ORDERS = """
SELECT shipment_id FROM shipments WHERE workspace_id = %(workspace)s AND order_reference = ANY(%(words)s)
"""

_SHIPMENTS = """
SELECT shipment_id, order_reference, shop_id, channel_id, destination_country, shipped_at, promised_by,
       destination_postcode, buyer_email, attributes
FROM shipments WHERE workspace_id = %(workspace)s AND shipment_id = ANY(%(ids)s) ORDER BY shipment_id
"""

_LINES = """
SELECT shipment_id, line, sku, tracking_number, quantity FROM shipment_lines
WHERE workspace_id = %(workspace)s AND shipment_id = ANY(%(ids)s) ORDER BY shipment_id, line
"""

_TAGS = "SELECT parcel_id, tag_id FROM parcel_tags WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(ids)s)"

_REMARKS = """
SELECT parcel_id, body FROM remarks
WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(ids)s) AND withdrawn_at IS NULL
"""

_PLAIN = ("order", "shop", "channel", "country", "shipped_at", "promised_by")
SEALED = {"postcode": "shipments.destination_postcode", "email": "shipments.buyer_email"}
ATTRIBUTES = "shipments.attributes"
REMARK = "remarks.body"


class There:
    """Shipments by order and by number, as far as whoever adds may see them; rows told since stand in it too."""

    def __init__(self) -> None:
        self.by_order: dict[str, list[Ship]] = {}
        self.by_number: dict[str, list[Piece]] = {}
        """Oldest first."""
        self.carriers: dict[str, set[str]] = {}
        """By number: the carriers under which it is known."""
        self.ships: list[Ship] = []
        self.wanted: list[Piece] = []
        """Parcels to make sure of, in the order in which rows named them: by that order they are found again."""


class Looking:
    """Looks a batch up in the store."""

    def __init__(self, connection: Connection[Any], keys: Keyring, workspace: int) -> None:
        self._connection, self._keys, self._workspace = connection, keys, workspace

    def find(self, rows: Sequence[Row], shop_ids: Collection[int] | None, earlier: Container[int]) -> There:
        """What is there.

        Args:
            rows: of the batch, without refused ones.
            shop_ids: the shops that are seen; None for all.
            earlier: shipments of which rows of this sheet have spoken before.
        """
        there = There()
        refs = self._refs(rows, there)
        parcels = self._of(_PARCELS, refs)
        orders = self._by_words(_ORDERS, {row.order for row in rows if row.order})
        ships = self._ships({row[-1] for row in (*parcels, *orders)}, earlier)
        if shop_ids is not None:
            ships = {i: ship for i, ship in ships.items() if ship.values.get("shop") in shop_ids}
        there.ships = list(ships.values())
        for ship in there.ships:
            if order := ship.values.get("order"):
                there.by_order.setdefault(order, []).append(ship)
        pieces = [
            _piece(refs[number_id], ships[shipment_id], parcel_id, there)
            for number_id, parcel_id, shipment_id in parcels
            if shipment_id in ships
        ]
        self._marks(pieces, remarks=any(row.remark for row in rows))
        return there

    def _refs(self, rows: Sequence[Row], there: There) -> dict[int, Ref]:
        found: dict[int, Ref] = {}
        wanted = {ref.tracking_number for row in rows for ref in row.numbers}
        for number_id, number, carrier in self._by_words(_NUMBERS, wanted):
            there.carriers.setdefault(number, set()).add(carrier)
            found[number_id] = Ref(carrier, number)
        return found

    def _by_words(self, query: str, words: Iterable[str | None]) -> list[tuple[Any, ...]]:
        listed = sorted(filter(None, words))
        return (
            self._connection.execute(query, {"workspace": self._workspace, "words": listed}).fetchall()
            if listed
            else []
        )

    def _of(self, query: str, ids: Iterable[int]) -> list[tuple[Any, ...]]:
        listed = list(ids)
        if not listed:
            return []
        return self._connection.execute(query, {"workspace": self._workspace, "ids": listed}).fetchall()

    def _ships(self, ids: Collection[int], earlier: Container[int]) -> dict[int, Ship]:
        ships: dict[int, Ship] = {}
        for shipment_id, *values in self._of(_SHIPMENTS, ids):
            ship = ships[shipment_id] = Ship(shipment_id, earlier=shipment_id in earlier)
            ship.values.update(zip(_PLAIN, values[:6], strict=True))
            ship.values["postcode"] = self._open("postcode", values[6])
            ship.values["email"] = self._open("email", values[7])
            if values[8] is not None:
                about = about_column(self._workspace, ATTRIBUTES)
                ship.attributes = self._keys.open_json(values[8], about, dict[str, str])
        for shipment_id, place, sku, number, quantity in self._of(_LINES, ids):
            ships[shipment_id].lines[number, sku] = Line(place, quantity)
        return ships

    def _open(self, field: str, sealed: bytes | None) -> str | None:
        return self._keys.open_text(sealed, about_column(self._workspace, SEALED[field]))

    def _marks(self, pieces: list[Piece], *, remarks: bool) -> None:
        by_id: dict[int, list[Piece]] = {}
        for piece in pieces:
            if piece.parcel_id is not None:
                by_id.setdefault(piece.parcel_id, []).append(piece)
        for parcel_id, tag_id in self._of(_TAGS, by_id):
            for piece in by_id[parcel_id]:
                piece.tags.add(tag_id)
        about = about_column(self._workspace, REMARK)
        for parcel_id, body in self._of(_REMARKS, by_id) if remarks else ():
            for piece in by_id[parcel_id]:
                piece.remarks.add(self._keys.open(body, about).decode())


def _piece(ref: Ref, ship: Ship, parcel_id: int, there: There) -> Piece:
    piece = ship.pieces.setdefault(ref.tracking_number, Piece(ref, ship, parcel_id))
    there.by_number.setdefault(ref.tracking_number, []).append(piece)
    return piece
