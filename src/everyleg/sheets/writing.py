"""What a batch of rows came to, into the store: a few statements for the whole batch."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from everyleg.accounts.addresses import digest
from everyleg.pipeline.bulk import Target, insert
from everyleg.pipeline.parcels import NewParcel, ensure_parcels, fold_soon
from everyleg.sheets.ships import Piece, Ship
from everyleg.sheets.there import ATTRIBUTES, REMARK, SEALED
from everyleg.store.sealing import Keyring, about_column

_VALUES = (
    ("order_reference", "text"),
    ("shop_id", "int8"),
    ("channel_id", "int8"),
    ("destination_country", "text"),
    ("shipped_at", "timestamptz"),
    ("promised_by", "timestamptz"),
    ("destination_postcode", "bytea"),
    ("buyer_email", "bytea"),
    ("buyer_email_digest", "bytea"),
    ("attributes", "bytea"),
    ("updated_at", "timestamptz"),
)
_WORKSPACE = ("workspace_id", "int4")
_SHIPMENTS = Target("shipments", (_WORKSPACE, *_VALUES), returning="shipment_id")
_LINES = Target(
    "shipment_lines",
    (
        _WORKSPACE,
        *(("shipment_id", "int8"), ("line", "int2"), ("sku", "text"), ("tracking_number", "text")),
        ("quantity", "numeric"),
    ),
    "ON CONFLICT (workspace_id, shipment_id, line) DO UPDATE SET quantity = excluded.quantity",
)
_TAGS = Target("parcel_tags", (_WORKSPACE, ("parcel_id", "int8"), ("tag_id", "int8")), "ON CONFLICT DO NOTHING")
_REMARKS = Target(
    "remarks",
    (_WORKSPACE, ("parcel_id", "int8"), ("author_id", "int8"), ("body", "bytea"), ("created_at", "timestamptz")),
)

_CHANGE = f"""
UPDATE shipments SET {", ".join(f"{name} = %s::{kind}" for name, kind in _VALUES)}
WHERE workspace_id = %s AND shipment_id = %s
"""  # noqa: S608 (fixed text)

_NUMBERS = """
SELECT DISTINCT l.number_id FROM parcels p
JOIN legs l ON l.workspace_id = p.workspace_id AND l.parcel_id = p.parcel_id
WHERE p.workspace_id = %s AND p.shipment_id = ANY(%s)
"""


class Writer:
    """Writes one batch, in one transaction."""

    def __init__(
        self, connection: Connection[Any], keys: Keyring, workspace: int, author: int | None, now: datetime
    ) -> None:
        self._connection, self._keys, self._workspace = connection, keys, workspace
        self._author, self._now = author, now

    def write(self, ships: Sequence[Ship], wanted: Sequence[Piece]) -> None:
        """Write what is new in shipments and in all that hangs on them; afterwards each has its id, and each parcel.

        Args:
            ships: all that rows spoke of.
            wanted: parcels to make sure of, in order.
        """
        self._add([ship for ship in ships if ship.shipment_id is None])
        self._change([ship for ship in ships if ship.dirty])
        self._ensure(wanted)
        pieces = [piece for ship in ships for piece in ship.pieces.values()]
        insert(self._connection, _LINES, [line for ship in ships for line in self._lines(ship)])
        tags = {(self._workspace, piece.parcel_id, tag) for piece in pieces for tag in piece.new_tags}
        insert(self._connection, _TAGS, sorted(tags))
        insert(self._connection, _REMARKS, [remark for piece in pieces for remark in self._remarks(piece)])

    def _add(self, ships: Sequence[Ship]) -> None:
        rows = [(self._workspace, *self._values(ship)) for ship in ships]
        # ids are given out in the order of the rows
        for ship, (shipment_id,) in zip(ships, sorted(insert(self._connection, _SHIPMENTS, rows)), strict=True):
            ship.shipment_id, ship.dirty = shipment_id, False

    def _change(self, ships: Sequence[Ship]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_CHANGE, [(*self._values(ship), self._workspace, ship.shipment_id) for ship in ships])
        moved = [ship.shipment_id for ship in ships if ship.moved]
        if moved:
            numbers = self._connection.execute(_NUMBERS, (self._workspace, moved))
            fold_soon(self._connection, self._workspace, [row[0] for row in numbers])

    def _values(self, ship: Ship) -> tuple[Any, ...]:
        get, email = ship.values.get, ship.values.get("email")
        about = about_column(self._workspace, ATTRIBUTES)
        return (
            *(get("order"), get("shop"), get("channel"), get("country"), get("shipped_at"), get("promised_by")),
            self._sealed("postcode", get("postcode")),
            self._sealed("email", email),
            digest(self._keys, email) if email else None,
            self._keys.seal_json(ship.attributes, about) if ship.attributes else None,
            self._now,
        )

    def _sealed(self, field: str, value: str | None) -> bytes | None:
        return self._keys.seal_text(value, about_column(self._workspace, SEALED[field]))

    def _ensure(self, pieces: Sequence[Piece]) -> None:
        wanted = [NewParcel(p.ref.carrier, p.ref.tracking_number, p.ship.shipment_id) for p in pieces]
        if wanted:
            for piece, ensured in zip(pieces, ensure_parcels(self._connection, self._workspace, wanted), strict=True):
                piece.parcel_id = ensured.parcel_id

    def _lines(self, ship: Ship) -> Iterator[tuple[Any, ...]]:
        for (number, sku), line in ship.lines.items():
            if line.dirty:
                yield self._workspace, ship.shipment_id, line.place, sku, number, line.quantity

    def _remarks(self, piece: Piece) -> Iterator[tuple[Any, ...]]:
        about = about_column(self._workspace, REMARK)
        for text in piece.new_remarks:
            sealed = self._keys.seal(text.encode(), about)
            yield self._workspace, piece.parcel_id, self._author, sealed, self._now
