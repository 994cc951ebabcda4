"""Rows of a forwarder's file as they are understood: of whom each speaks, what it is inside of, what happened."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.pipeline.consolidations.naming import Kind
from everyleg.pipeline.traces import Inside, Step
from everyleg.sheets.cells import BLANKS, is_blank, shown, tidy
from everyleg.sheets.dates import DayMonth, day_month_of, day_of_count
from everyleg.sheets.incoming import check_size, opened
from everyleg.sheets.notes import Note, Refused, SheetError
from everyleg.sheets.numbering import numbers_of
from everyleg.sheets.rows import Numeric, Row
from everyleg.sheets.traces.clocks import instant, wall, zone_of, zone_of_airport
from everyleg.sheets.traces.references import named, waybills_in
from everyleg.sheets.traces.spelling import Column, joined, said_of, years_in
from everyleg.sheets.traces.tables import CARRIED, Cells, Heads, Table

Given = Mapping[str, str | Numeric]
"""Cells by field."""
Times = Mapping[str, tuple[str, str | None]]
"""By field, a wall clock and its zone, as far as one is named."""

STEPS = (
    *("received", "outbound", "handed_in", "departed", "arrived", "customs", "released", "collected"),
    "handed_over",
)
"""Columns of which each holds the time of one step."""

_AROUND: Mapping[Kind, tuple[Kind, ...]] = {
    "bag": ("container", "mawb", "flight"),
    "container": ("mawb", "flight"),
    "mawb": ("flight",),
    "batch": (),
    "flight": (),
}
"""What a consolidation is inside of, when a row about it names that too."""

_WHERE = {
    **dict.fromkeys(("handed_in", "departed"), "origin"),
    **dict.fromkeys(("arrived", "customs", "released", "collected"), "destination"),
}
"""At which of its two airports or ports a step happens."""

_LONGEST = {"text": 2000, "place": 300, "code": 100, "status": 300}
_PLANNED = frozenset({"flight_date", "eta", "estimated"})
_MOMENTS = frozenset({"time", "joined", "left", *_PLANNED, *STEPS})
_CHINESE = re.compile("[\u4e00-\u9fff]")


class Trace(Struct, frozen=True):
    """One row as understood."""

    row: Row
    """Its cells, and what is to say of it; its numbers are the parcels that it is about."""
    consolidations: tuple[str, ...] = ()
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
        tables = [Table(source, book, sheet) for sheet in range(book.sheets if book else 1)]
        headed = [(table, at) for table in tables if (at := table.headed_at()) is not None]
        if not headed:
            raise SheetError("no_trace_columns")
        for table, headed_at in headed:
            readers: dict[int, _Rows] = {}
            for heads, (at, cells) in table.records(headed_at):
                reader = readers.get(id(heads)) or readers.setdefault(id(heads), _Rows(table, heads, detector))
                yield reader.trace(at, cells)


class _Rows:
    """Reads the rows below one row of headings."""

    def __init__(self, table: Table, heads: Heads, detector: Detector | None) -> None:
        self._table, self._heads, self._detector = table, heads, detector
        self._columns = heads.columns
        self._orders: dict[int, DayMonth | None] = {}
        self._years: frozenset[int] | None = None
        self._chinese = any(map(_CHINESE.search, heads.layout.headings.values()))

    def trace(self, at: int, cells: Cells) -> Trace:
        """A row as understood; what is wrong with it stands in its row's refusals."""
        repairs: list[Note] = []
        row = Row(at=at, layout=self._heads.layout, cells={column: shown(cell) for column, cell in cells.items()})
        try:
            trace = self._understood(row, self._given(cells, repairs), repairs)
        except Refused as refused:
            return Trace(replace(row, repairs=tuple(repairs), refusals=(refused.note,)))
        return replace(trace, row=replace(trace.row, repairs=tuple(repairs)), beside=self._beside(cells))

    def _given(self, cells: Cells, notes: list[Note]) -> Given:
        """Cells by field, with what titles say; times that are not there yet are left out."""
        found = {field: cells[c] for field, c in self._columns.items() if c in cells and not is_blank(cells[c])}
        if "time" in found and "clock" in found:
            found["time"] = joined(found["time"], found["clock"])
        for field in _MOMENTS & found.keys():
            said = said_of(found[field], planned=field in _PLANNED)
            if said is None:
                notes.append(Note("not_yet", {"column": field, "text": shown(found[field])[:40]}))
                del found[field]
            else:
                found[field] = said
        return {**self._heads.titles, **found}

    def _understood(self, row: Row, given: Given, repairs: list[Note]) -> Trace:
        times = {field: self._wall(field, given[field], repairs) for field in _MOMENTS & given.keys()}
        zone = zone_of(shown(given["zone"]), repairs) if "zone" in given else None
        times = {field: (at, own or self._zone(field, given, zone)) for field, (at, own) in times.items()}
        flown_on = next((times[field][0] for field in ("flight_date", "departed") if field in times), None)
        refs = named(given, flown_on, self._day, repairs)
        numbers = self._numbers(given, refs, repairs)
        subject = None if numbers else next((kind for kind in CARRIED if kind in refs), None)
        if not numbers and subject is None:
            raise Refused("no_subject")
        around = CARRIED if subject is None else _AROUND[subject]
        stay = [instant(*times[field]) if field in times else None for field in ("joined", "left")]
        inside = tuple(
            Inside(kind, reference, *(stay if kind != "flight" else ()))
            for kind in around
            for reference in refs.get(kind, ())
        )
        steps = (*_told(given, times), *self._stepped(given, times))
        expected = times.get("estimated") or (times.get("eta") if subject else None)
        if not steps and not inside and expected is None:
            raise Refused("nothing_told")
        return Trace(
            replace(row, numbers=numbers),
            tuple(f"{subject}:{one}" for one in refs[subject]) if subject else (),
            tidy(shown(given["carrier"])) if "carrier" in given else None,
            inside,
            steps,
            expected[0][:10] if expected else None,
        )

    def _numbers(self, given: Given, refs: dict[Kind, tuple[str, ...]], notes: list[Note]) -> tuple[Ref, ...]:
        """The parcels that a row is about. An air waybill as it is written stands in the column of numbers too."""
        cell = given.get("number")
        if cell is None:
            return ()
        if mawbs := waybills_in(shown(cell)):
            refs.setdefault("mawb", mawbs)
            return ()
        return numbers_of(cell, self._detector, notes)

    def _wall(self, field: str, cell: str | Numeric, notes: list[Note]) -> tuple[str, str | None]:
        order = partial(self._order, self._columns.get(field))
        column = Column(self._table.epoch_1904, order, self._named_years, self._chinese)
        return wall(field, cell, column, notes)

    def _day(self, text: str) -> str | None:
        """A day that stands beside a flight."""
        try:
            return self._wall("flight_date", text, [])[0][:10]
        except Refused:
            return None

    def _zone(self, field: str, given: Given, said: str | None) -> str | None:
        """The zone of a time that names none: that which a column of zones said, of its heading, of its airport."""
        if zone := said or self._heads.zones.get(field):
            return zone
        where = _WHERE.get(field, "airport" if field == "time" else "")
        return zone_of_airport(shown(given[where])) if where in given else None

    def _order(self, column: int | None) -> DayMonth | None:
        """Day or month first, by all values of the column; found once."""
        if column is None:
            return None
        if column not in self._orders:
            texts = (cells.get(column) for _, cells in self._table.rows())
            self._orders[column] = day_month_of(text for text in texts if isinstance(text, str))
        return self._orders[column]

    def _named_years(self) -> frozenset[int]:
        """The years that dates of the sheet name, and its titles; found once."""
        if self._years is None:
            dated = {column for field, column in self._columns.items() if field in _MOMENTS}
            every = (
                cells[column]
                for _, cells in self._table.rows()
                for column in cells
                if column in dated or len(cells) < 3
            )
            self._years = frozenset(year for cell in every for year in _years_of(cell, self._table.epoch_1904))
        return self._years

    def _stepped(self, given: Given, times: Times) -> Iterator[Step]:
        """The steps whose times have a column each."""
        for step in STEPS:
            if step in times:
                heading = self._heads.layout.headings[self._columns[step]]
                yield Step(*times[step], _text(_WHERE.get(step, ""), given), step.upper(), heading)

    def _beside(self, cells: Cells) -> dict[str, str]:
        headings, fields = self._heads.layout.headings, self._heads.layout.fields
        found = {
            headings[c]: tidy(shown(cell), lines=True) for c, cell in cells.items() if c in headings.keys() - fields
        }
        return {name: value for name, value in found.items() if value and value not in BLANKS}


def _years_of(cell: str | Numeric, epoch_1904: bool) -> Iterator[int]:
    if isinstance(cell, str):
        yield from years_in(cell)
    elif cell.is_date and (day := day_of_count(cell.text, epoch_1904)) is not None:
        yield day.year


def _text(field: str, given: Given) -> str | None:
    cell = given.get(field)
    return tidy(shown(cell))[: _LONGEST.get(field, _LONGEST["place"])] or None if cell is not None else None


def _told(given: Given, times: Times) -> Iterator[Step]:
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
    yield Step(*times["time"], _text("place", given) or _text("airport", given), code, text)
