"""The tables of a forwarder's file: where their headings are, and what is said above them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from everyleg.pipeline.consolidations.naming import Kind
from everyleg.sheets.cells import is_blank, shown, tidy
from everyleg.sheets.delimited import text_rows
from everyleg.sheets.headings import field_of, folded
from everyleg.sheets.rows import Layout, Numeric, RawRow
from everyleg.sheets.traces.clocks import zone_in
from everyleg.sheets.xlsx import Workbook

CARRIED: Final[tuple[Kind, ...]] = ("bag", "container", "mawb", "batch", "flight")
"""Columns that name a consolidation. Where a row names no parcel, it is about the first of them."""

_LOOKED_AT = 30
_LONGEST_HEADING = 100
_PAIR = re.compile(r"([^\s:：,，;；]{1,20})\s*[:：]\s*([^\s,，;；]+)")
_ASIDE = re.compile(
    r"(合计|总计|小计|总数|备注|说明|注意|注|total|subtotal|sum|remarks?|notes?)\s*([:：(（].*)?",
    re.IGNORECASE | re.DOTALL,
)
"""What a row begins with that is none: a total, a remark."""
_TITLED = frozenset({*CARRIED, "flight_date", "time", "zone", "carrier"})

Cells = Mapping[int, str | Numeric]


class Heads(Struct, frozen=True):
    """A row of headings, and what is said around it."""

    layout: Layout
    zones: Mapping[str, str | None]
    """By field, the zone that its heading names; None where that says: the place's own."""
    titles: Mapping[str, str] = {}
    """By field, what a title above says of all rows, where there is no such column."""

    @property
    def columns(self) -> dict[str, int]:
        """By field, its column."""
        return {field: column for column, field in self.layout.fields.items()}


class Table(Struct, frozen=True):
    """A table of a file, to be gone through as often as needed."""

    source: bytes | Path
    book: Workbook | None
    sheet: int

    @property
    def epoch_1904(self) -> bool:
        """Whether its workbook counts days from 1904."""
        return self.book is not None and self.book.epoch_1904

    def rows(self) -> Iterator[RawRow]:
        """Its rows, titles and headings too."""
        return text_rows(self.source, "traces") if self.book is None else self.book.rows(self.sheet)

    def headed_at(self) -> int | None:
        """The first row of headings; None where none, among the first rows, names a subject and something of it."""
        return next((row[0] for row in islice(self.rows(), _LOOKED_AT) if _is_headed(_layout(self._named(row)))), None)

    def records(self, headed_at: int) -> Iterator[tuple[Heads, RawRow]]:
        """Each row that is one, with the headings that it stands under: a sheet may have several tables one below the
        other, with titles between them. Totals and remarks are no rows.
        """
        heads = Heads(Layout({}, {}), {})
        titles: dict[str, str] = {}
        titled = False
        for row in self.rows():
            if all(map(is_blank, row[1].values())):
                continue
            if row[0] == headed_at or (row[0] > headed_at and self._heads_again(row)):
                heads = _heads(_layout(self._named(row)), titles if titled else {})
            elif (said := _title(row[1])) or row[0] < headed_at:
                titles = {**titles, **said} if row[0] < headed_at else said
                titled = bool(titles)
                heads = replace(heads, titles=_beside(heads.layout, titles))
                continue
            elif not _is_aside(row[1]):
                yield heads, row
            titled = row[0] < headed_at and titled

    def _heads_again(self, row: RawRow) -> bool:
        """Whether headings come once more; they begin without digits, unlike nearly every other row."""
        begins = islice((row[1][column] for column in sorted(row[1])), 2)
        plain = all(isinstance(cell, str) and not any(map(str.isdigit, cell)) for cell in begins)
        return plain and _is_headed(_layout(self._named(row)))

    def _named(self, row: RawRow) -> Cells:
        return row[1] if self.book is None else self.book.heading(self.sheet, row)


def _is_headed(layout: Layout) -> bool:
    known = set(layout.fields.values())
    return len(known) > 1 and bool(known & {"number", *CARRIED})


def _layout(cells: Cells) -> Layout:
    headings = {column: name for column in sorted(cells) if (name := tidy(shown(cells[column]))[:_LONGEST_HEADING])}
    fields: dict[str, int] = {}
    for column, name in headings.items():
        field = _field(name)
        if field is None:
            continue
        first = fields.setdefault(field, column)
        if field == "time" and first != column and "clock" not in fields:
            days = [one for one in (first, column) if _is_day(headings[one])]
            if len(days) == 1:  # a column of days and one of clocks are one time
                fields["time"], fields["clock"] = days[0], first + column - days[0]
    return Layout(headings, {column: field for field, column in fields.items()})


def _field(heading: str) -> str | None:
    """What a heading names; a flight and its day may share a column (`Flt/Date`)."""
    parts = [known.field for part in heading.split("/") if (known := field_of(part, "traces"))]
    if len(parts) == 2 and parts[0] == "flight" and parts[1] in ("flight_date", "time"):
        return "flight"
    known = field_of(heading, "traces")
    return known.field if known is not None else None


def _is_day(heading: str) -> bool:
    name = folded(heading)
    return ("日期" in name or "date" in name) and not ("时间" in name or "time" in name)


def _heads(layout: Layout, titles: Mapping[str, str]) -> Heads:
    said = {field: zone_in(layout.headings[column]) for column, field in layout.fields.items()}
    zones = {field: zone or None for field, zone in said.items() if zone is not None}
    return Heads(layout, zones, _beside(layout, titles))


def _beside(layout: Layout, titles: Mapping[str, str]) -> dict[str, str]:
    """What titles say of what has no column."""
    fields = set(layout.fields.values())
    return {field: said for field, said in titles.items() if field not in fields and field != "time"}


def _title(cells: Cells) -> dict[str, str]:
    """What a title says (`提单号：784-55501121 航班：CZ3099 日期：2026-11-19`); empty for a row that is none."""
    first = _first(cells)
    if ":" not in first and "：" not in first:
        return {}
    text = " ".join(tidy(shown(cells[column])) for column in sorted(cells))
    pairs = list(_PAIR.finditer(unicodedata.normalize("NFKC", text)))
    found: dict[str, str] = {}
    for pair in pairs:
        known = field_of(pair[1], "traces")
        if known is not None and known.field in _TITLED:
            found.setdefault(known.field, pair[2])
    begins = bool(pairs) and pairs[0].start() == 0 and field_of(pairs[0][1], "traces") is not None
    if not begins or not found.keys() & set(CARRIED):
        return {}
    if "flight" in found and "time" in found:
        found.setdefault("flight_date", found["time"])
    return found


def _is_aside(cells: Cells) -> bool:
    return _ASIDE.fullmatch(_first(cells)) is not None


def _first(cells: Cells) -> str:
    return next(shown(cells[column]) for column in sorted(cells) if not is_blank(cells[column])).strip()
