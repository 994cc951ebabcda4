"""A daily sheet as rows: from a file's bytes or from pasted text, in whatever shape people have it.

The only way in: `read`. It finds the headings, says of each cell what was repaired or why it is refused, and holds no
more than a few rows at a time; a sheet is looked through a second time only when a date cannot be read without the
others of its column.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from xlsxwriter.utility import xl_col_to_name

from everyleg.numbers.detector import Detector
from everyleg.sheets.cells import BLANKS, READERS, full_postcode, is_blank, shown, tidy
from everyleg.sheets.dates import Calendar, DayMonth, day_month_of, moment
from everyleg.sheets.delimited import text_rows
from everyleg.sheets.headings import field_of
from everyleg.sheets.notes import Note, Refused, SheetError
from everyleg.sheets.numbering import numbers_of
from everyleg.sheets.rows import MOST_BYTES, Layout, Numeric, RawRow, Row
from everyleg.sheets.xlsx import Workbook

_LOOKED_AT = 30
"""Rows among which the headings must stand: titles may stand above them."""
_ZIP = b"PK\x03\x04"
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DATES = ("shipped_at", "promised_by")
_LONGEST_HEADING = 100
_NO_NUMBER = frozenset({"no_number", "not_a_number", "example_row"})
_SEPARATED = re.compile("[,;\t]")
"""What makes columns of a text without headings; in one single line it stands between numbers."""


class Habits(Struct, frozen=True):
    """What a sheet leaves unsaid."""

    zone: tzinfo = UTC
    """Of its dates: the workspace's."""
    detector: Detector | None = None
    """Names carriers by their numbers."""


def read(source: bytes | Path, habits: Habits | None = None) -> Iterator[Row]:
    """The rows of a sheet that say anything, in order, refused ones included.

    Args:
        source: a file (XLSX, CSV), its bytes, or pasted text in any of the encodings that are read. What it is, is seen
            in its bytes and not in its name.
        habits: what it leaves unsaid.

    Raises:
        SheetError: it cannot be read as a sheet; what is wrong, and what to do.
    """
    check_size(source)
    habits = habits or Habits()
    with _table(source) as table:
        head, layout, after = _headed(table)
        rows = chain(head, after)
        sheet = _Sheet(source, table, layout, habits)
        found = False
        for at, cells in rows:
            if not all(map(is_blank, cells.values())):
                found = True
                yield from sheet.rows(at, cells)
        if not found and not layout.headings:
            raise SheetError("empty")


def read_numbers(numbers: list[str], detector: Detector | None = None) -> Iterator[Row]:
    """Rows of bare tracking numbers, each a shipment of its own."""
    layout = Layout({0: "number"}, {0: "number"})
    sheet = _Sheet(b"", _Table(b"", None, 0), layout, Habits(detector=detector))
    for at, number in enumerate(numbers, 1):
        yield sheet.row(at, {0: number})


def check_size(source: bytes | Path) -> None:
    """Refuse what is too big before anything of it is read.

    Raises:
        SheetError: it is.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MOST_BYTES:
        raise SheetError("too_big", size=-(-size // (1 << 20)), most=MOST_BYTES >> 20)


class _Table(Struct, frozen=True):
    """The table of a source, to be gone through as often as needed."""

    source: bytes | Path
    book: Workbook | None
    sheet: int

    def rows(self) -> Iterator[RawRow]:
        return text_rows(self.source) if self.book is None else self.book.rows(self.sheet)

    def heading(self, row: RawRow) -> Mapping[int, str | Numeric]:
        """The cells of a row, a name over several columns in each of them."""
        return row[1] if self.book is None else self.book.heading(self.sheet, row)


@contextmanager
def _table(source: bytes | Path) -> Iterator[_Table]:
    with opened(source) as book:
        yield _Table(source, book, _daily(book) if book else 0)


@contextmanager
def opened(source: bytes | Path) -> Iterator[Workbook | None]:
    """The workbook that a file is, by its bytes; None where it may be text.

    Raises:
        SheetError: it is protected, damaged, or of another kind.
    """
    head = source[:8] if isinstance(source, bytes) else _head(source)
    if head == _COMPOUND:
        raise SheetError("encrypted" if _mentions(source, _ENCRYPTED) else "old_xls")
    if not head.startswith(_ZIP):
        yield None
        return
    with Workbook(source) as book:
        yield book


def _head(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(8)


def _mentions(source: bytes | Path, word: bytes) -> bool:
    return word in (source if isinstance(source, bytes) else source.read_bytes())


def _daily(book: Workbook) -> int:
    """The first visible sheet with headings that name a tracking number, else the first with anything in it."""
    filled = []
    for sheet in range(book.sheets):
        head = list(islice(_filled(book.rows(sheet)), _LOOKED_AT))
        if any("number" in _fields(cells).values() for _, cells in head):
            return sheet
        filled += [sheet] if head else []
    if not filled:
        raise SheetError("empty")
    return filled[0]


def _filled(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    return ((at, cells) for at, cells in rows if not all(map(is_blank, cells.values())))


def _headed(table: _Table) -> tuple[list[RawRow], Layout, Iterator[RawRow]]:
    """The rows after the headings (those already taken, and the rest), and what the columns are.

    Raises:
        SheetError: nothing is in it, or it has headings without a tracking number, or columns without headings.
    """
    rows = table.rows()
    head = list(islice(_filled(rows), _LOOKED_AT))
    if not head:
        raise SheetError("empty")
    best = max(range(len(head)), key=lambda i: (_worth(head[i][1]), -i))
    at, cells = head[best][0], table.heading(head[best])
    fields = _fields(cells)
    if "number" in fields.values():
        return head[best + 1 :], _layout(cells, fields), rows
    if len(fields) > 1:
        raise SheetError("no_number_column", row=at)
    return _bare(head), Layout({}, {_only_column(head): "number"}), rows


def _worth(cells: Mapping[int, str | Numeric]) -> tuple[bool, int]:
    fields = _fields(cells)
    return "number" in fields.values(), len(fields)


def _bare(head: list[RawRow]) -> list[RawRow]:
    """Rows of a sheet without headings; a first row without any digit is a title."""
    title = all(not any(map(str.isdigit, shown(cell))) for cell in head[0][1].values())
    return head[1:] if title and len(head) > 1 else head


def _only_column(head: list[RawRow]) -> int:
    several = [
        (at, cells) for at, cells in head if len(cells) > 1 or _SEPARATED.search(shown(next(iter(cells.values()))))
    ]
    for at, cells in several:
        if len(cells) > 1 or len(several) > 1:
            raise SheetError("no_headings", row=at)
    columns = {column for _, cells in head for column in cells}
    if len(columns) > 1:
        raise SheetError("no_headings", row=head[0][0])
    return columns.pop()


def _fields(cells: Mapping[int, str | Numeric]) -> dict[int, str]:
    """Columns by what their heading names; of two with one name the first."""
    found: dict[str, int] = {}
    for column in sorted(cells):
        named = field_of(_heading(cells[column]))
        if named and named.use == "in":
            found.setdefault(named.field, column)
    return {column: field for field, column in found.items()}


def _layout(cells: Mapping[int, str | Numeric], fields: dict[int, str]) -> Layout:
    headings = {column: name for column in sorted(cells) if (name := _heading(cells[column]))}
    ours = frozenset(column for column, name in headings.items() if (known := field_of(name)) and known.use == "out")
    return Layout(headings, fields, ours)


def _heading(cell: str | Numeric) -> str:
    return tidy(shown(cell))[:_LONGEST_HEADING]


def _of_number(note: Note) -> bool:
    return note.about.get("column") == "number" or note.kind in _NO_NUMBER


def _named_apart(headings: Mapping[int, str]) -> dict[int, str]:
    """Headings by column, those that stand there twice numbered."""
    seen: dict[str, int] = {}
    found: dict[int, str] = {}
    for column, name in headings.items():
        seen[name] = seen.get(name, 0) + 1
        found[column] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return found


class _Sheet:
    """Reads rows of one layout."""

    def __init__(self, source: bytes | Path, table: _Table, layout: Layout, habits: Habits) -> None:
        self._table, self._layout, self._habits = table, layout, habits
        self._orders: dict[int, DayMonth | None] = {}
        epoch = table.book.epoch_1904 if table.book else False
        self._calendars = {field: Calendar(habits.zone, field == "promised_by", epoch) for field in _DATES}
        self._others = _named_apart(
            {
                column: name
                for column, name in layout.headings.items()
                if column not in layout.fields and column not in layout.passed_over
            }
        )

    def rows(self, at: int, cells: Mapping[int, str | Numeric]) -> Iterator[Row]:
        """A row as understood; without headings each number in it stands for itself."""
        row = self.row(at, cells)
        if self._layout.headings or len(row.numbers) < 2:
            yield row
            return
        repairs = tuple(note for note in row.repairs if note.kind != "several_numbers")
        for number in row.numbers:
            yield replace(row, numbers=(number,), repairs=repairs)

    def row(self, at: int, cells: Mapping[int, str | Numeric]) -> Row:
        """A row as understood."""
        repairs: list[Note] = []
        refusals: list[Note] = []
        values: dict[str, Any] = {}
        for column, field in self._layout.fields.items():
            cell = cells.get(column)
            if cell is not None and not is_blank(cell):
                try:
                    values[field] = self._value(column, field, cell, repairs)
                except Refused as refused:
                    refusals.append(refused.note)
        if "number" not in values and not any(_of_number(note) for note in refusals):
            refusals.insert(0, Note("no_number"))
        refusals += self._extra(cells)
        return self._made(at, cells, values, repairs, refusals)

    def _made(
        self,
        at: int,
        cells: Mapping[int, str | Numeric],
        values: dict[str, Any],
        repairs: list[Note],
        refusals: list[Note],
    ) -> Row:
        given = {column: shown(cell) for column, cell in cells.items()}
        if isinstance(postcode := values.get("postcode"), str):
            country = values.get("country")
            values["postcode"] = full_postcode(postcode, country if isinstance(country, str) else None, repairs)
        numbers = values.pop("number", ())
        fixed: dict[str, Any] = {"at": at, "layout": self._layout, "cells": given, "numbers": numbers}
        said: dict[str, Any] = {
            "attributes": self._attributes(given),
            "repairs": tuple(repairs),
            "refusals": tuple(refusals),
        }
        return Row(**fixed, **said, **{field: value for field, value in values.items() if value != ""})

    def _value(self, column: int, field: str, cell: str | Numeric, notes: list[Note]) -> object:
        if field == "number":
            return numbers_of(cell, self._habits.detector, notes)
        if field in _DATES:
            return moment(field, cell, self._calendars[field], partial(self._order, column), notes)
        return READERS[field](cell, notes)

    def _order(self, column: int) -> DayMonth | None:
        """Day or month first, by all values of the column; found once."""
        if column not in self._orders:
            texts = (cells.get(column) for _, cells in self._table.rows())
            self._orders[column] = day_month_of(text for text in texts if isinstance(text, str))
        return self._orders[column]

    def _attributes(self, given: Mapping[int, str]) -> dict[str, str]:
        return {
            name: value
            for column, cell in given.items()
            if (name := self._attribute(column)) and (value := tidy(cell, lines=True)) and value not in BLANKS
        }

    def _attribute(self, column: int) -> str | None:
        """What a cell of a column that is none of ours is called: its heading, else the column's letters."""
        if column in self._layout.fields or column in self._layout.passed_over or not self._layout.headings:
            return None
        return self._others.get(column) or xl_col_to_name(column)

    def _extra(self, cells: Mapping[int, str | Numeric]) -> list[Note]:
        if not self._layout.headings:
            beyond = [shown(cell) for column, cell in cells.items() if column not in self._layout.fields]
        else:
            last = max(self._layout.headings)
            beyond = [shown(cell) for column, cell in cells.items() if column > last and not is_blank(cell)]
        return [Note("extra_cells", {"text": ", ".join(beyond)[:80]})] if beyond else []
