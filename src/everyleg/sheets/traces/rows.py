"""Rows of a forwarder's file as they are understood: of whom each speaks, what it is inside of, what happened."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.pipeline.consolidations.naming import Kind, container_of, flight_of, mawb_of
from everyleg.pipeline.traces import Inside, Step
from everyleg.sheets.cells import BLANKS, is_blank, shown, tidy
from everyleg.sheets.dates import DayMonth, day_month_of
from everyleg.sheets.delimited import text_rows
from everyleg.sheets.headings import field_of
from everyleg.sheets.incoming import check_size, opened
from everyleg.sheets.notes import Note, Refused, SheetError
from everyleg.sheets.numbering import numbers_of
from everyleg.sheets.rows import Layout, Numeric, RawRow, Row
from everyleg.sheets.traces.clocks import instant, wall, zone_of
from everyleg.sheets.xlsx import Workbook

STEPS = (
    *("received", "outbound", "handed_in", "departed", "arrived", "customs", "released", "collected"),
    "handed_over",
)
"""Columns of which each holds the time of one step."""

CARRIED: tuple[Kind, ...] = ("bag", "container", "mawb", "batch", "flight")
"""Columns that name a consolidation. Where a row names no parcel, it is about the first of them."""

_AROUND: Mapping[Kind, tuple[Kind, ...]] = {
    "bag": ("container", "mawb", "flight"),
    "container": ("mawb", "flight"),
    "mawb": ("flight",),
    "batch": (),
    "flight": (),
}
"""What a consolidation is inside of, when a row about it names that too."""

_LOOKED_AT = 30
_LONGEST = {"text": 2000, "place": 300, "code": 100, "status": 300}
_MOMENTS = frozenset({"time", "flight_date", "joined", "left", "eta", "estimated", *STEPS})


class Trace(Struct, frozen=True):
    """One row as understood."""

    row: Row
    """Its cells, and what is to say of it; its numbers are the parcels that it is about."""
    consolidation: str | None = None
    """Of what it speaks where it speaks of no parcel: `mawb:784-55501121`."""
    carrier: str | None = None
    """Whose number it is, as the file calls them."""
    inside: tuple[Inside, ...] = ()
    steps: tuple[Step, ...] = ()
    estimated: str | None = None
    """When the parcel, or the flight, is expected."""
    beside: Mapping[str, str] = {}
    """Cells of columns that nobody reads, by heading."""


def read(source: bytes | Path, detector: Detector | None = None) -> Iterator[Trace]:
    """The rows of a file that say anything, refused ones included: of all visible sheets with headings that name a
    number or a consolidation.

    Args:
        source: a file (XLSX, CSV), or its bytes, in any of the encodings that are read.
        detector: names carriers by their numbers.

    Raises:
        SheetError: it cannot be read as such a file; what is wrong, and what to do.
    """
    check_size(source)
    with opened(source) as book:
        found = [table for sheet in range(book.sheets if book else 1) if (table := _table(source, book, sheet))]
        if not found:
            raise SheetError("no_trace_columns")
        for table in found:
            reader = _Rows(table, detector)
            for at, cells in table.rows():
                if at > table.headed_at and not all(map(is_blank, cells.values())):
                    yield reader.trace(at, cells)


class _Table(Struct, frozen=True):
    """A table of a file, to be gone through as often as needed."""

    source: bytes | Path
    book: Workbook | None
    sheet: int
    headed_at: int
    layout: Layout

    def rows(self) -> Iterator[RawRow]:
        return text_rows(self.source, "traces") if self.book is None else self.book.rows(self.sheet)


def _table(source: bytes | Path, book: Workbook | None, sheet: int) -> _Table | None:
    """A table with its headings: the row, among the first, of which most are known; None where none names a subject."""
    bare = _Table(source, book, sheet, 0, Layout({}, {}))
    best: tuple[int, int, Layout] | None = None
    for at, cells in islice(bare.rows(), _LOOKED_AT):
        layout = _layout(cells)
        known = set(layout.fields.values())
        if len(known) > 1 and known & {"number", *CARRIED} and (best is None or len(known) > best[0]):
            best = (len(known), at, layout)
    return replace(bare, headed_at=best[1], layout=best[2]) if best else None


def _layout(cells: Mapping[int, str | Numeric]) -> Layout:
    headings = {column: name for column in sorted(cells) if (name := tidy(shown(cells[column]))[:100])}
    fields: dict[str, int] = {}
    for column, name in headings.items():
        if known := field_of(name, "traces"):
            fields.setdefault(known.field, column)
    return Layout(headings, {column: field for field, column in fields.items()})


class _Rows:
    """Reads the rows of one table."""

    def __init__(self, table: _Table, detector: Detector | None) -> None:
        self._table, self._detector = table, detector
        self._epoch = table.book.epoch_1904 if table.book else False
        self._orders: dict[int, DayMonth | None] = {}
        self._column = {field: column for column, field in table.layout.fields.items()}

    def trace(self, at: int, cells: Mapping[int, str | Numeric]) -> Trace:
        """A row as understood; what is wrong with it stands in its row's refusals."""
        repairs: list[Note] = []
        given = {field: cells[c] for field, c in self._column.items() if c in cells and not is_blank(cells[c])}
        row = Row(at=at, layout=self._table.layout, cells={column: shown(cell) for column, cell in cells.items()})
        try:
            trace = self._understood(row, given, repairs)
        except Refused as refused:
            return Trace(replace(row, repairs=tuple(repairs), refusals=(refused.note,)))
        return replace(trace, row=replace(trace.row, repairs=tuple(repairs)), beside=self._beside(cells))

    def _understood(self, row: Row, given: dict[str, str | Numeric], repairs: list[Note]) -> Trace:
        times = {field: self._wall(field, given[field], repairs) for field in _MOMENTS & given.keys()}
        zone = zone_of(shown(given["zone"])) if "zone" in given else None
        named = _named(given, times, repairs)
        numbers = self._numbers(given, named, repairs)
        subject = None if numbers else next((kind for kind in CARRIED if kind in named), None)
        if not numbers and subject is None:
            raise Refused("no_subject")
        around = CARRIED if subject is None else _AROUND[subject]
        stay = [instant(*_zoned(times[field], zone)) if field in times else None for field in ("joined", "left")]
        inside = tuple(
            Inside(kind, named[kind], *(stay if kind != "flight" else ())) for kind in around if kind in named
        )
        steps = (*_told(given, times, zone), *_stepped(self._table.layout, self._column, times, zone))
        expected = times.get("estimated") or (times.get("eta") if subject else None)
        if not steps and not inside and expected is None:
            raise Refused("nothing_told")
        return Trace(
            replace(row, numbers=numbers),
            f"{subject}:{named[subject]}" if subject else None,
            tidy(shown(given["carrier"])) if "carrier" in given else None,
            inside,
            steps,
            expected[0][:10] if expected else None,
        )

    def _numbers(self, given: dict[str, str | Numeric], named: dict[Kind, str], notes: list[Note]) -> tuple[Ref, ...]:
        """The parcels that a row is about. An air waybill as it is written stands in the column of numbers too."""
        cell = given.get("number")
        if cell is None:
            return ()
        said = shown(cell).strip()
        if "-" in said and (mawb := mawb_of(said)) is not None:
            named.setdefault("mawb", mawb)
            return ()
        return numbers_of(cell, self._detector, notes)

    def _wall(self, field: str, cell: str | Numeric, notes: list[Note]) -> tuple[str, str | None]:
        return wall(field, cell, self._epoch, partial(self._order, self._column[field]), notes)

    def _order(self, column: int) -> DayMonth | None:
        """Day or month first, by all values of the column; found once."""
        if column not in self._orders:
            texts = (cells.get(column) for _, cells in self._table.rows())
            self._orders[column] = day_month_of(text for text in texts if isinstance(text, str))
        return self._orders[column]

    def _beside(self, cells: Mapping[int, str | Numeric]) -> dict[str, str]:
        headings, fields = self._table.layout.headings, self._table.layout.fields
        found = {
            headings[c]: tidy(shown(cell), lines=True) for c, cell in cells.items() if c in headings.keys() - fields
        }
        return {name: value for name, value in found.items() if value and value not in BLANKS}


def _zoned(time: tuple[str, str | None], zone: str | None) -> tuple[str, str | None]:
    return time[0], time[1] or zone


def _text(field: str, given: Mapping[str, str | Numeric]) -> str | None:
    cell = given.get(field)
    return tidy(shown(cell))[: _LONGEST[field]] or None if cell is not None else None


def _told(
    given: Mapping[str, str | Numeric], times: Mapping[str, tuple[str, str | None]], zone: str | None
) -> Iterator[Step]:
    """What the row says happened.

    Raises:
        Refused: it does not say when.
    """
    status = _text("status", given)
    text, code = _text("text", given) or status, _text("code", given)
    if text is None and code is None:
        return
    if "time" not in times:
        if any(step in times for step in STEPS):
            return
        raise Refused("no_time")
    at, own = times["time"]
    yield Step(at, own or zone, _text("place", given), code, text)


def _stepped(
    layout: Layout, column: Mapping[str, int], times: Mapping[str, tuple[str, str | None]], zone: str | None
) -> Iterator[Step]:
    """The steps whose times have a column each."""
    for step in STEPS:
        if step in times:
            at, own = times[step]
            yield Step(at, own or zone, None, step.upper(), layout.headings[column[step]])


def _named(
    given: Mapping[str, str | Numeric], times: Mapping[str, tuple[str, str | None]], notes: list[Note]
) -> dict[Kind, str]:
    """The consolidations that a row names.

    Raises:
        Refused: an air waybill or a container whose check digit is wrong.
    """
    found: dict[Kind, str] = {}
    for kind in CARRIED:
        said = tidy(shown(given[kind]), narrow=True).upper() if kind in given else ""
        if said:
            reference = _reference(kind, said, times)
            if reference is not None:
                found[kind] = reference
            else:
                notes.append(Note("flight_without_day", {"text": said[:40]}))
    return found


def _reference(kind: Kind, said: str, times: Mapping[str, tuple[str, str | None]]) -> str | None:
    if kind == "flight":
        day = next((times[field][0] for field in ("flight_date", "departed") if field in times), None)
        return flight_of(said, day) if day else None
    bare = "".join(filter(str.isalnum, said))
    if kind == "mawb" and bare.isdecimal() and len(bare) == len("78455501121"):
        if (mawb := mawb_of(bare)) is None:
            raise Refused("bad_mawb", text=said[:40])
        return mawb
    if kind == "container" and len(bare) == len("MSKU1234565") and bare[:4].isalpha() and bare[4:].isdecimal():
        if (container := container_of(bare)) is None:
            raise Refused("bad_container", text=said[:40])
        return container
    return said
