"""How a workbook's numbers are shown: which are dates, and which are filled up with zeros."""

import re

from msgspec import Struct

from everyleg.sheets.rows import LONGEST_CELL


class Look(Struct, frozen=True):
    """What a cell's style says of the number in it."""

    is_date: bool = False
    zeros: int = 0
    """Digits to which it is filled up with zeros in front."""


PLAIN = Look()
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""ECMA-376 part 1, 18.8.30."""
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile("[ymdhs年月日]", re.IGNORECASE)
_ZEROS = re.compile("0{2,60}")


def look_of(format_id: int, code: str | None) -> Look:
    """What a number format means: by its code where the workbook gives one, else by its number."""
    if code is None:
        return Look(is_date=format_id in _BUILT_IN_DATES)
    if len(code) > LONGEST_CELL:
        return PLAIN
    bare = _QUOTED.sub("", code)
    if bare.casefold() == "general":
        return PLAIN
    return Look(is_date=bool(_DATE_LETTERS.search(bare)), zeros=len(bare) if _ZEROS.fullmatch(bare) else 0)


class Styles:
    """Collects the looks by style number while `styles.xml` is parsed."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self._codes: dict[int, str] = {}
        self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        match name.rpartition(" ")[2]:
            case "numFmt":
                self._codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            case "cellXfs":
                self._inside = True
            case "xf" if self._inside:
                number = _number(attributes.get("numFmtId"))
                self.looks.append(look_of(number, self._codes.get(number)))

    def end(self, name: str) -> None:
        """A tag closes."""
        if name.rpartition(" ")[2] == "cellXfs":
            self._inside = False


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
