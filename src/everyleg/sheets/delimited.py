"""Text with delimiters (CSV, what is pasted): its encoding, its delimiter, its rows."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from everyleg.sheets.headings import Sheet, field_of
from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, RawRow

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t"
WHOLE = "\x1f"
"""A delimiter that stands in no text: each line is one cell."""
_SAMPLE = 1 << 16
_SNIFFED = 30
_SAID = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
_PAGE = re.compile(r"\s*<(!doctype|html|table|\?xml|head|meta)", re.IGNORECASE)
_DEFUSED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def text_rows(source: bytes | Path, sheet: Sheet = "daily") -> Iterator[RawRow]:
    """The rows of a text, cells without anything in them left out; a row's number counts records from 1.

    Args:
        source: of it.
        sheet: whose headings tell the delimiter.

    Raises:
        SheetError: it is no text in an encoding that we read, or no sheet.
    """
    encoding = encoding_of(source)
    with _opened(source) as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        sample = text.read(_SAMPLE)
        if _PAGE.match(sample):
            raise SheetError("page")
        said = _SAID.match(sample)
        delimiter = said[1] if said else delimiter_of(sample, sheet)
        text.seek(0)
        yield from _records(text, delimiter, skipped=1 if said else 0)


def encoding_of(source: bytes | Path) -> str:
    """UTF-8, GB18030 or UTF-16, by its mark or by being readable as such; in doubt UTF-8.

    Raises:
        SheetError: it is none of them.
    """
    with _opened(source) as raw:
        head = raw.read(_SAMPLE)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = _unmarked(head)
    for encoding in candidates:
        if _reads(source, encoding):
            return encoding
    raise SheetError("not_text")


def _unmarked(head: bytes) -> list[str]:
    zeros = head.count(0)
    if not zeros:
        return ["utf-8", "gb18030"]
    return ["utf-16-le"] if head[1::2].count(0) * 2 >= zeros else ["utf-16-be"]


def _reads(source: bytes | Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with _opened(source) as raw:
        try:
            while chunk := raw.read(_SAMPLE):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def delimiter_of(sample: str, sheet: Sheet = "daily") -> str:
    """The delimiter under which most headings are known; `WHOLE` where a line is one cell."""
    best, most = WHOLE, 1
    for delimiter in _DELIMITERS:
        known = max((_known(cells, sheet) for cells in _tried(sample, delimiter)), default=0)
        wide = max((len(cells) for cells in _tried(sample, delimiter) if _known(cells, sheet) == known), default=0)
        if known and wide > 1 and (known > most or best == WHOLE):
            best, most = delimiter, known
    return best


def _tried(sample: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        for _, cells in zip(range(_SNIFFED), reader, strict=False):
            yield cells
    except csv.Error:
        return


def _known(cells: list[str], sheet: Sheet) -> int:
    return sum(field_of(cell, sheet) is not None for cell in cells[:MOST_COLUMNS] if len(cell) <= 100)


def _records(text: io.TextIOWrapper, delimiter: str, skipped: int) -> Iterator[RawRow]:
    at = 0
    try:
        for at, cells in enumerate(csv.reader(text, delimiter=delimiter), 1):
            if at > MOST_ROWS:
                raise SheetError("too_many_rows", most=MOST_ROWS)
            if at > skipped:
                yield at, _cells(at, cells)
    except csv.Error as error:
        raise SheetError("cell_too_long", row=at + 1, most=LONGEST_CELL) from error


def _cells(at: int, cells: list[str]) -> dict[int, str]:
    found = {column: undefused(cell) for column, cell in enumerate(cells) if cell}
    if any(column >= MOST_COLUMNS for column in found):
        raise SheetError("too_many_columns", most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in found.values()):
        raise SheetError("cell_too_long", row=at, most=LONGEST_CELL)
    return found


def undefused(cell: str) -> str:
    """A cell without the quote that `defused` put before what a spreadsheet would take for a formula."""
    return cell[1:] if cell[0] == "'" and _DEFUSED.match(cell) else cell


def defused(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula; `undefused` gives it back."""
    return "'" + cell if cell and (cell[0] in "=+-@\t\r\n＝＋－＠" or _DEFUSED.match(cell)) else cell


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
