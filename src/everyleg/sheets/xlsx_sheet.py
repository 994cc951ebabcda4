"""Rows of a worksheet and shared strings, streamed: a parser's events in, rows out, nothing kept.

Readers of whole workbooks take 1.3 KB a row (200,000 rows: 267 MB) and give numbers as floats, after their digits are
gone; here memory stays flat and a number is the text that stands in the file.
"""

import re
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from xml.parsers import expat

from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Numeric, RawRow
from everyleg.sheets.xlsx_parts import mended
from everyleg.sheets.xlsx_styles import PLAIN, Look

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_REMEMBERED = 1 << 14


def local(name: str) -> str:
    """An element's name without its namespace."""
    return name.rpartition(" ")[2]


def pull(chunks: Iterable[bytes], start: Callable[..., None], end: Callable[[str], None]) -> Iterator[None]:
    """Feed chunks to a parser that calls `start` (name, attributes) and `end`; yields after each chunk."""
    yield from _fed(_parser(start, end), chunks)


def _parser(start: Callable[..., None], end: Callable[[str], None]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _fed(parser: expat.XMLParserType, chunks: Iterable[bytes]) -> Iterator[None]:
    with mended():
        for chunk in chunks:
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)
        yield


def _refuse_doctype(*_: object) -> None:
    raise SheetError("damaged", detail="XML: DOCTYPE")


class _Text:
    """Text between two tags, as far as a cell may be long."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.wanted = False
        self._length = 0

    def clear(self) -> None:
        self.parts.clear()
        self._length = 0

    def take(self, data: str) -> None:
        if self.wanted:
            self._length += len(data)
            if self._length > LONGEST_CELL * 8:
                raise SheetError("damaged", detail="a cell without end")
            self.parts.append(data)

    def __str__(self) -> str:
        return "".join(self.parts)


class SharedStrings:
    """A workbook's texts, which cells name by number; they lie in a temporary file, not in memory."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Read the part `sharedStrings.xml`.

        Raises:
            SheetError: it is damaged.
        """
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed with the workbook)
        self._ends = array("Q", [0])
        self._pending: list[bytes] = []
        self._text = _Text()
        self._skipped = 0
        parser = _parser(self._start, self._end)
        parser.CharacterDataHandler = self._text.take
        for _ in _fed(parser, chunks):
            self._file.write(b"".join(self._pending))
            self._pending.clear()
        self.get = lru_cache(maxsize=_REMEMBERED)(self._get)

    def close(self) -> None:
        """Let the temporary file go."""
        self._file.close()

    def _get(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise SheetError("damaged", detail=f"no text {index}")
        self._file.seek(self._ends[index])
        return self._file.read(self._ends[index + 1] - self._ends[index]).decode("utf-8", "replace")

    def _start(self, name: str, _: dict[str, str]) -> None:
        match local(name):
            case "si":
                self._text.clear()
            case "rPh":  # how the text is pronounced
                self._skipped += 1
            case "t":
                self._text.wanted = not self._skipped

    def _end(self, name: str) -> None:
        match local(name):
            case "si":
                packed = unescaped(str(self._text)).encode("utf-8", "replace")
                self._pending.append(packed)
                self._ends.append(self._ends[-1] + len(packed))
            case "rPh":
                self._skipped -= 1
            case "t":
                self._text.wanted = False


class SheetReader:
    """Turns a worksheet's XML into rows."""

    def __init__(self, strings: SharedStrings | None, looks: list[Look]) -> None:
        self._strings, self._looks = strings, looks
        self._rows: list[RawRow] = []
        self._row: dict[int, str | Numeric] = {}
        self._at = self._column = 0
        self._kind = "n"
        self._look = PLAIN
        self._text = _Text()
        self._skipped = False

    def rows(self, chunks: Iterable[bytes]) -> Iterator[RawRow]:
        """Rows in order; cells without anything in them are left out.

        Raises:
            SheetError: the part is damaged, or wider or longer than a sheet may be.
        """
        parser = _parser(self._start, self._end)
        parser.CharacterDataHandler = self._text.take
        for _ in _fed(parser, chunks):
            yield from self._rows
            self._rows.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c":
            self._open_cell(attributes)
        elif tag in ("v", "t"):
            self._text.wanted = not self._skipped
        elif tag == "row":
            given = attributes.get("r", "")
            self._at = int(given) if given.isdecimal() and given.isascii() else self._at + 1
            self._row, self._column = {}, -1
            if self._at > MOST_ROWS:
                raise SheetError("too_many_rows", most=MOST_ROWS)
        elif tag == "rPh":
            self._skipped = True

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c":
            if (text := str(self._text)) and (value := self._value(text)):
                self._row[self._column] = value
        elif tag in ("v", "t"):
            self._text.wanted = False
        elif tag == "row":
            self._rows.append((self._at, self._row))
        elif tag == "rPh":
            self._skipped = False

    def _open_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._column = column_of(reference.rstrip("0123456789")) if reference else self._column + 1
        self._column = min(MOST_COLUMNS, self._column)  # one beyond: reported if there is anything in it
        self._kind = attributes.get("t", "n")
        style = attributes.get("s", "")
        known = style.isdecimal() and int(style) < len(self._looks)
        self._look = self._looks[int(style)] if known else PLAIN
        self._text.clear()

    def _value(self, text: str) -> str | Numeric | None:
        if self._column >= MOST_COLUMNS:
            raise SheetError("too_many_columns", most=MOST_COLUMNS)
        match self._kind:
            case "s":
                value = self._strings.get(int(text)) if self._strings and text.strip().isdecimal() else None
            case "n":
                return Numeric(text.strip(), self._look.is_date, self._look.zeros) if text.strip() else None
            case "b":
                value = "TRUE" if text.strip() == "1" else "FALSE"
            case "e" | "d":
                value = text.strip()
            case _:
                value = unescaped(text)
        if value and len(value) > LONGEST_CELL:
            raise SheetError("cell_too_long", row=self._at, most=LONGEST_CELL)
        return value


def unescaped(text: str) -> str:
    """A workbook's text with `_x000D_` and the like as the characters they stand for; halves of pairs are dropped."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


@lru_cache(maxsize=1024)
def column_of(letters: str) -> int:
    """Column from 0 of a reference's letters (`A`, `AB`)."""
    column = 0
    for letter in letters[:4]:
        column = column * 26 + ord(letter) - 64
    return max(column - 1, 0)
