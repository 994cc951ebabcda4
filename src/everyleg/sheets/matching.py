"""Which shipment a row speaks of, and what it says that is new. Pure: what is there comes in, what is to be written
stands in the shipments afterwards.

A row belongs to the first shipment that has one of its numbers and is of its order, or of none yet; then to the first
of its order (and shop). "First" is what makes the same sheet find the same again: what rows add later is younger. A
number that stands in two orders is a parcel of each: sold twice, sent together, or used again by its carrier; that is
said.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from everyleg.core.model import Ref
from everyleg.sheets.fates import FateKind
from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Row
from everyleg.sheets.ships import Piece, Ship
from everyleg.sheets.there import There

_FIELDS = ("order", "country", "postcode", "email", "shipped_at", "promised_by")


class Names(Struct, frozen=True):
    """Ids by name."""

    shops: Mapping[str, int]
    channels: Mapping[str, int]
    tags: Mapping[str, int]


class Settled(Struct, frozen=True):
    """What a row came to."""

    row: Row
    kind: FateKind
    notes: tuple[Note, ...]
    pieces: tuple[Piece, ...]


class Matcher:
    """Settles the rows of a batch, one after the other."""

    def __init__(self, there: There, names: Names) -> None:
        self._there, self._names = there, names
        self._seen: dict[tuple[object, ...], int] = {}

    def settle(self, row: Row) -> Settled:
        """Tell a row to its shipment."""
        shop = self._names.shops.get(row.shop or "")
        ship = self._ship(row, shop)
        notes = list(row.repairs) + self._elsewhere(row, ship)
        self._seen.setdefault(_content(row), row.at)
        known = [self._held(row, ref.tracking_number, ship) for ref in row.numbers]
        pieces = tuple(self._piece(ref, ship, held) for ref, held in zip(row.numbers, known, strict=True))
        changed, kept = self._tell(row, ship, shop, pieces)
        notes += [Note("kept_first", {"column": column}) for column in kept]
        if not all(known):
            return Settled(row, "added", tuple(notes), pieces)
        if changed:
            return Settled(row, "updated", (*notes, Note("changed", {"columns": "|".join(changed)})), pieces)
        twin = self._seen[_content(row)]
        notes += [Note("same_as", {"row": str(twin)})] if twin != row.at else []
        return Settled(row, "unchanged", tuple(notes), pieces)

    def _ship(self, row: Row, shop: int | None) -> Ship:
        """The first of the row's order, or of none yet, that has a number of it; else the order's first; else new."""
        held = [piece.ship for ref in row.numbers for piece in self._there.by_number.get(ref.tracking_number, ())]
        ordered = self._there.by_order.get(row.order, []) if row.order else []
        found = [ship for ship in held if not row.order or ship.values.get("order") in (None, row.order)]
        found += [ship for ship in ordered if _of_shop(ship, shop)]
        ship = found[0] if found else self._new()
        if row.order and not ship.values.get("order"):
            self._there.by_order.setdefault(row.order, []).append(ship)
        return ship

    def _new(self) -> Ship:
        ship = Ship()
        self._there.ships.append(ship)
        return ship

    def _elsewhere(self, row: Row, ship: Ship) -> list[Note]:
        """What to say of numbers that another order has too."""
        others = [
            (ref.tracking_number, order)
            for ref in row.numbers
            for piece in self._there.by_number.get(ref.tracking_number, ())
            if piece.ship is not ship and (order := piece.ship.values.get("order"))
        ]
        return [Note("other_order", {"number": number, "order": order}) for number, order in dict.fromkeys(others)]

    def _held(self, row: Row, number: str, ship: Ship) -> Piece | None:
        """The parcel of a number that is there already; without an order the first that had it."""
        return ship.pieces.get(number) if row.order else next(iter(self._there.by_number.get(number, ())), None)

    def _piece(self, ref: Ref, ship: Ship, piece: Piece | None) -> Piece:
        known = self._there.carriers.get(ref.tracking_number, set())
        if piece is None:
            # a number that is known under another carrier keeps that: whoever named it knew more than its shape tells
            carrier = ref.carrier if not known - {"", ref.carrier} else ""
            piece = ship.pieces[ref.tracking_number] = Piece(Ref(carrier, ref.tracking_number), ship)
            self._there.by_number.setdefault(ref.tracking_number, []).append(piece)
            self._there.wanted.append(piece)
        elif ref.carrier and known == {""} and piece.ref.carrier == "":
            piece.ref = ref  # made sure of anew, under the carrier that is now known
            self._there.wanted.append(piece)
        return piece

    def _tell(self, row: Row, ship: Ship, shop: int | None, pieces: tuple[Piece, ...]) -> tuple[list[str], list[str]]:
        """What the row changed, and what it said in vain."""
        told: dict[str, bool | None] = {}
        values = {field: getattr(row, field) for field in _FIELDS}
        values |= {"shop": shop, "channel": self._names.channels.get(row.channel or "")}
        for field, value in values.items():
            if value is not None:
                told[field] = ship.tell(field, value)
        told.update(ship.tell_attributes(row.attributes))
        if row.sku:
            alone = pieces[0].ref.tracking_number if len(pieces) == 1 else None
            told["sku"] = ship.tell_line(alone, row.sku, row.quantity)
        tags = {self._names.tags[name] for name in row.tags}
        told["tags"] = _for_all(piece.tag(tags) for piece in pieces)
        if row.remark:
            told["remark"] = _for_all(piece.remark(row.remark) for piece in pieces)
        return [what for what, new in told.items() if new], [what for what, new in told.items() if new is None]


def _content(row: Row) -> tuple[object, ...]:
    """All that a row says, wherever it stands."""
    return (
        *(row.numbers, row.channel, row.shop, row.platform, row.sku, row.quantity, row.tags, row.remark),
        *(getattr(row, field) for field in _FIELDS),
        *row.attributes.items(),
    )


def _for_all(done: Iterable[bool]) -> bool:
    """Whether one of them changed something; unlike `any`, after all are done."""
    return sum(done) > 0


def _of_shop(ship: Ship, shop: int | None) -> bool:
    """Whether an order's shipment may be the one meant: two shops may have orders of one name."""
    return shop is None or ship.values.get("shop") in (None, shop)


def without_sku(row: Row) -> list[Note]:
    """What to say of a quantity of nothing."""
    return [Note("no_sku")] if not row.sku and row.quantity not in (None, Decimal(1)) else []
