"""From a parcel that was sent to rows as the daily sheet has them, and from a row's fate back to an answer.

One way in for sheets, pages and API: the same cleaning, the same refusals, the same words.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from everyleg.api.v1.shapes import Became, NewParcel, Note, Taken
from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.sheets.cells import READERS, full_postcode, text_of, tidy
from everyleg.sheets.fates import Fate
from everyleg.sheets.notes import Lang, Refused
from everyleg.sheets.notes import Note as Said
from everyleg.sheets.numbering import numbers_of
from everyleg.sheets.rows import Layout, Row

NAMES = {"number": "tracking_number", "order": "order_reference", "email": "buyer_email", "sku": "lines"}
"""Fields that the sheet calls otherwise."""
_FIELDS = {"order": "order_reference", "shop": "shop", "platform": "platform", "channel": "channel"} | {
    "country": "country",
    "postcode": "postcode",
    "email": "buyer_email",
    "remark": "remark",
}
_MOMENTS = ("shipped_at", "promised_by")
_YEARS = range(2000, 2100)
_LAYOUT = Layout({}, {})
_RANK: tuple[Became, ...] = ("refused", "added", "updated", "unchanged")
T = TypeVar("T")


class Reading(Struct, frozen=True):
    """What is needed to read a parcel that was sent."""

    detector: Detector | None
    slug_of: Callable[[str], str | None]
    """Slug of a carrier by any of its names."""


def rows_of(parcels: Sequence[NewParcel], reading: Reading) -> list[Row]:
    """The rows of each parcel, one for each of its lines; `at` is its place, from 1."""
    return [row for at, parcel in enumerate(parcels, 1) for row in _Item(parcel, reading).rows(at)]


class _Item:
    """Reads one parcel; what is wrong with it is gathered, not raised."""

    def __init__(self, parcel: NewParcel, reading: Reading) -> None:
        self._parcel, self._reading = parcel, reading
        self._repairs: list[Said] = []
        self._refusals: list[Said] = []

    def rows(self, at: int) -> list[Row]:
        parcel, numbers = self._parcel, self._numbers()
        values: dict[str, Any] = {field: self._value(field, getattr(parcel, name)) for field, name in _FIELDS.items()}
        values |= {field: self._moment(field, getattr(parcel, field)) for field in _MOMENTS}
        if values["postcode"]:
            values["postcode"] = full_postcode(values["postcode"], values["country"], self._repairs)
        goods = [self._goods(line.sku, line.quantity) for line in parcel.lines]
        values |= {"tags": tuple(dict.fromkeys(filter(None, (self._value("tags", tag) for tag in parcel.tags))))}
        values |= {"attributes": self._attributes()}
        first = Row(at=at, layout=_LAYOUT, cells={}, numbers=numbers, **{f: v for f, v in values.items() if v != ""})
        told = replace(first, repairs=tuple(self._repairs), refusals=tuple(self._refusals))
        if not goods:
            return [told]
        further = Row(at=at, layout=_LAYOUT, cells={}, numbers=numbers, order=first.order, shop=first.shop)
        others = [replace(further, refusals=told.refusals, sku=sku, quantity=n) for sku, n in goods[1:]]
        return [replace(told, sku=goods[0][0], quantity=goods[0][1]), *others]

    def _numbers(self) -> tuple[Ref, ...]:
        sent, detector = self._parcel.tracking_number, self._reading.detector
        found: tuple[Ref, ...] = self._tried(lambda: numbers_of(sent, detector, self._repairs)) or ()
        if len(found) > 1:
            self._refusals.append(Said("one_number", {"column": "number"}))
        if self._parcel.carrier is None:
            return found
        slug = self._reading.slug_of(self._parcel.carrier.strip())
        if slug is None:
            self._refusals.append(Said("unknown_carrier", {"name": tidy(self._parcel.carrier)[:60]}))
        return tuple(Ref(slug or "", ref.tracking_number) for ref in found)

    def _value(self, field: str, value: str | None) -> Any:
        if value is None:
            return None
        read = READERS[field] if field in ("country", "email") else None
        return self._tried(lambda: read(value, self._repairs) if read else text_of(field, value, self._repairs))

    def _moment(self, field: str, value: datetime | None) -> datetime | None:
        if value is not None and value.year not in _YEARS:
            self._refusals.append(Said("far_date", {"column": field, "text": value.isoformat()}))
        return value

    def _goods(self, sku: str, quantity: float) -> tuple[str | None, Any]:
        return self._value("sku", sku), self._tried(lambda: READERS["quantity"](str(quantity), self._repairs))

    def _attributes(self) -> dict[str, str]:
        told = {tidy(name): tidy(value, lines=True) for name, value in self._parcel.attributes.items()}
        return {name: value for name, value in told.items() if name and value}

    def _tried(self, read: Callable[[], T]) -> T | None:
        """What is read; None, and a refusal noted, where it is not understood."""
        try:
            return read()
        except Refused as refused:
            self._refusals.append(refused.note)
            return None


def taken(parcels: Sequence[NewParcel], fates: Sequence[Fate], lang: Lang) -> list[Taken]:
    """What became of each parcel, from the fates of its rows."""
    by_parcel: dict[int, list[Fate]] = {}
    for fate in fates:
        by_parcel.setdefault(fate.row.at - 1, []).append(fate)
    return [_taken(index, parcel, by_parcel[index], lang) for index, parcel in enumerate(parcels)]


def _taken(index: int, parcel: NewParcel, fates: list[Fate], lang: Lang) -> Taken:
    kind = min((fate.kind for fate in fates), key=_RANK.index)
    ref = next((ref for fate in fates for ref in fate.row.numbers), None)
    said = dict.fromkeys(_said(note, lang) for fate in fates for note in fate.notes)
    number = ref.tracking_number if ref else parcel.tracking_number
    parcel_id = next((found for fate in fates for found in fate.parcels), None)
    return Taken(index, number, kind, parcel_id, list(said))


def _said(note: Said, lang: Lang) -> Note:
    column = note.about.get("column", "")
    shown = Said(note.kind, {**note.about, "text": "…"}) if column == "email" else note
    return Note(note.kind, shown.said(lang), NAMES.get(column, column) or _about(note.about))


def _about(about: Mapping[str, str]) -> str | None:
    """The field of a note that names several, where it is one."""
    columns = [NAMES.get(name, name) for name in about.get("columns", "").split("|") if name]
    return columns[0] if len(columns) == 1 else None
