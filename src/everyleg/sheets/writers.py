"""Tables into files: XLSX and CSV, streamed; every text stays a text, and none becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import BinaryIO, Literal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from everyleg.sheets.delimited import defused
from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import MOST_ROWS

Kind = Literal["xlsx", "csv"]
Value = str | Decimal | None
_WIDTH = 18
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_table(
    out: BinaryIO, kind: Kind, title: str, headings: Sequence[str], rows: Iterable[Sequence[Value]]
) -> None:
    """One table with headings.

    Args:
        out: where to.
        kind: of file; CSV is UTF-8 with its mark, as spreadsheets expect it.
        title: of the sheet in a workbook.
        headings: of the columns.
        rows: texts, or quantities.

    Raises:
        SheetError: more rows than a workbook holds.
    """
    if kind == "csv":
        _write_csv(out, headings, rows)
        return
    with Book(out) as book:
        sheet = book.sheet(title, headings, [_WIDTH] * len(headings))
        for at, row in enumerate(rows, 1):
            book.write(sheet, at, row)


class Book:
    """A workbook being written, row after row. A context manager."""

    def __init__(self, out: BinaryIO) -> None:
        self._book = xlsxwriter.Workbook(out, _OPTIONS)
        self.bold = self._book.add_format({"bold": True, "num_format": "@", "bottom": 1})
        self._text = self._book.add_format({"num_format": "@"})
        self.wrapped = self._book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def sheet(self, title: str, headings: Sequence[str], widths: Sequence[int]) -> Worksheet:
        """A sheet with its headings, which stay in sight; whole columns are formatted as text."""
        sheet = self._book.add_worksheet(title[:31])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width, self._text)
        sheet.freeze_panes(1, 0)
        self.write(sheet, 0, headings, self.bold)
        return sheet

    def write(self, sheet: Worksheet, at: int, row: Sequence[Value], look: Format | None = None) -> None:
        """One row, from 0; rows come in order.

        Raises:
            SheetError: the sheet is full.
        """
        if at >= MOST_ROWS:
            raise SheetError("too_many_rows", most=MOST_ROWS)
        for column, value in enumerate(row):
            if isinstance(value, str) and value:
                sheet.write_string(at, column, value, look or self._text)
            elif isinstance(value, Decimal):
                sheet.write_number(at, column, value)


def _write_csv(out: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([defused(heading) for heading in headings])
    for row in rows:
        writer.writerow([defused(value) if isinstance(value, str) else value for value in row])
    text.flush()
    text.detach()
