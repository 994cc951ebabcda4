"""Shipments while a batch of rows is being told to them: what is there, what is new, what contradicts.

The first row of a sheet that says something of a shipment stands against later rows of the same sheet; so the same
sheet twice changes nothing, whatever its rows say of each other.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from everyleg.core.model import Ref

Told = str
"""What a row says something about: a field, or an attribute by its heading."""


class Piece:
    """A parcel of a shipment, under the number that the sheet gives."""

    def __init__(self, ref: Ref, ship: "Ship", parcel_id: int | None = None) -> None:
        self.ref, self.ship, self.parcel_id = ref, ship, parcel_id
        self.tags: set[int] = set()
        self.remarks: set[str] = set()
        self.new_tags: set[int] = set()
        self.new_remarks: list[str] = []

    def tag(self, tags: set[int]) -> bool:
        """Give it tags; whether one is new."""
        fresh = tags - self.tags
        self.tags |= fresh
        self.new_tags |= fresh
        return bool(fresh)

    def remark(self, text: str) -> bool:
        """Give it a remark; whether it had none of these words."""
        if text in self.remarks:
            return False
        self.remarks.add(text)
        self.new_remarks.append(text)
        return True


class Line:
    """So many of a SKU, in the parcel of a number where that is known."""

    def __init__(self, place: int, quantity: Decimal, *, new: bool = False) -> None:
        self.place, self.quantity = place, quantity
        self.new = self.dirty = new


class Ship:
    """A shipment with its parcels and lines."""

    def __init__(self, shipment_id: int | None = None, *, earlier: bool = False) -> None:
        """`earlier`: rows of this sheet have spoken of it in batches before this one."""
        self.shipment_id = shipment_id
        self.values: dict[str, Any] = {}
        self.attributes: dict[str, str] = {}
        self.pieces: dict[str, Piece] = {}
        self.lines: dict[tuple[str | None, str], Line] = {}
        self.dirty = shipment_id is None
        self.moved = False
        """Whether something changed that the fold goes by."""
        self._earlier = earlier
        self._told: set[Told] = set()

    def tell(self, field: str, value: Any) -> bool | None:
        """Say what a field is: True if that is new, False if it was so, None if an earlier row said otherwise."""
        was = self.values.get(field)
        new = self._tell(field, was, value)
        if new:
            self.values[field] = value
            self.dirty = True
            self.moved = self.moved or field == "country"
        return new

    def tell_attributes(self, attributes: Mapping[str, str]) -> Iterator[tuple[str, bool | None]]:
        """The same for each attribute, by its heading."""
        for name, value in attributes.items():
            new = self._tell("=" + name, self.attributes.get(name), value)
            if new:
                self.attributes[name] = value
                self.dirty = True
            yield name, new

    def tell_line(self, number: str | None, sku: str, quantity: Decimal | None) -> bool | None:
        """The same for a line; a quantity left open is 1 in a new line and what it was in an old one."""
        key = (number, sku) if (number, sku) in self.lines or (None, sku) not in self.lines else (None, sku)
        line = self.lines.get(key)
        if line is None:
            place = max((one.place for one in self.lines.values()), default=0) + 1
            self.lines[key] = Line(place, quantity if quantity is not None else Decimal(1), new=True)
            if quantity is not None:
                self._told.add(f"#{key}")
            return True
        if quantity is None:
            return False
        new = self._tell(f"#{key}", line.quantity, quantity)
        if new:
            line.quantity, line.dirty = quantity, True
        return new

    def _tell(self, what: Told, was: Any, value: Any) -> bool | None:
        if was == value:
            self._told.add(what)
            return False
        if was is not None and (self._earlier or what in self._told):
            return None
        self._told.add(what)
        return True
