"""Merged cells of a worksheet: what stands in the first cell of a range counts in each of its rows.

`<mergeCells>` stands behind the rows, so it is looked for in the part's bytes, unpacked once more but not parsed; a
range takes eight bytes. Source: ECMA-376, part 1, 18.3.1.55 (`mergeCells` is written behind `sheetData`; ranges do not
overlap).
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping

from everyleg.sheets.cells import is_blank
from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import MOST_COLUMNS, MOST_ROWS, Numeric, RawRow
from everyleg.sheets.xlsx_sheet import column_of

MOST_MERGED = 1_000_000
"""Ranges of one sheet: five columns merged over pairs of rows, in the longest sheet that people keep."""

_RANGE = re.compile(
    rb"<(?:[\w.-]+:)?mergeCell\s[^<>]*?\bref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_TAG = b"mergeCell"
_LONGEST_TAG = 256


class Merges:
    """The merged ranges of a sheet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Look for them in a worksheet's bytes.

        Raises:
            SheetError: the part is damaged, or has more of them than a sheet may have.
        """
        found = array("Q")
        for reference in _references(chunks):
            if len(found) == MOST_MERGED:
                raise SheetError("too_many_merged", most=MOST_MERGED)
            found.append(_packed(*reference))
        self._ranges = array("Q", sorted(found))

    def __len__(self) -> int:
        return len(self._ranges)

    def down(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        """Rows in which the first column of each range has its value; a row that says nothing itself stays as it is."""
        return self._down(rows) if self._ranges else iter(rows)

    def across(self, at: int, cells: Mapping[int, str | Numeric]) -> Mapping[int, str | Numeric]:
        """A row, given as `down` gives it, in which each column of a range has its value: for headings."""
        spread = dict(cells)
        for packed in self._ranges:
            first, last, left, right = _unpacked(packed)
            if first > at:
                break
            if at <= last and left in cells:
                spread |= dict.fromkeys(range(left, right + 1), cells[left])
        return spread

    def _down(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        waiting = map(_unpacked, self._ranges)
        upcoming = next(waiting, None)
        standing: dict[int, tuple[int, str | Numeric]] = {}
        for at, cells in rows:
            standing = {column: one for column, one in standing.items() if one[0] >= at}
            said = {column: value for column, (_, value) in standing.items()}
            while upcoming is not None and upcoming[0] <= at:
                first, last, left, _ = upcoming
                if first == at < last and left in cells:
                    standing[left] = last, cells[left]
                upcoming = next(waiting, None)
            yield at, ({**cells, **said} if said and _says_more(cells, said) else cells)


def _says_more(cells: Mapping[int, str | Numeric], said: Mapping[int, str | Numeric]) -> bool:
    return any(column not in said and not is_blank(cell) for column, cell in cells.items())


def _references(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Corners of ranges, as they are written; a tag may be cut in two by the end of a chunk."""
    rest = b""
    for chunk in chunks:
        text, end = rest + chunk, 0
        if _TAG in text:
            for found in _RANGE.finditer(text):
                end = found.end()
                yield found.groups()
        rest = text[max(end, len(text) - _LONGEST_TAG) :]


def _packed(left: bytes, first: bytes, right: bytes, last: bytes) -> int:
    """A range in 62 bits, in the order of its first row; what lies beyond a sheet's end is cut off."""
    top, bottom = sorted(min(int(row), MOST_ROWS) for row in (first, last))
    from_, to = sorted(min(column_of(letters.decode()), MOST_COLUMNS) for letters in (left, right))
    return top << 41 | bottom << 20 | from_ << 10 | to


def _unpacked(packed: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column."""
    return packed >> 41, packed >> 20 & 0x1FFFFF, packed >> 10 & 0x3FF, packed & 0x3FF
