"""What people and spreadsheets do to a tracking number, undone; each change is said, nothing is changed silently."""

import re
import unicodedata
from collections.abc import Callable

from msgspec import Struct

_CLEAN = re.compile(r"[0-9A-Z]+").fullmatch
_SCIENTIFIC = re.compile(r"[+-]?\d+[.,]\d*E\+?\d+|[+-]?\d+E\+\d+", re.IGNORECASE).fullmatch
_DECIMAL_ZERO = re.compile(r"(\d+)[.,]0+")

_LOOKALIKES = dict(zip("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX", strict=True))
"""Cyrillic and Greek capitals that look like Latin ones."""

_INVISIBLE = ("Cf", "Cc")
_QUOTES = "'\"`´‘’‚‛“”„‟«»‹›′″＇＂"


class Normalized(Struct, frozen=True):
    """A number as formats see it."""

    text: str | None
    """Digits and capital letters (and whatever else could not be explained away); nothing when it is refused."""
    changes: list[str]
    """What was changed, or why the number is refused, in words."""


def normalize(raw: str) -> Normalized:
    """Undo what copying, typing and spreadsheets do to a number.

    A number that a spreadsheet turned into scientific notation has lost its digits: it is refused, never guessed.
    """
    if _CLEAN(raw):
        return Normalized(raw, [])
    text, changes = raw, list[str]()
    for step, words in _STEPS:
        changed = step(text)
        if changed != text:
            changes.append(words)
            text = changed
        if _SCIENTIFIC(text):
            return Normalized(None, [*changes, _refusal(text)])
    return Normalized(text, changes)


def _refusal(text: str) -> str:
    kept = sum(char.isdigit() for char in text.upper().split("E")[0])
    return (
        f"refused: {text} is a number that a spreadsheet rounded to {kept} digits; the other digits are lost. "
        "Take it from the original again, with the column formatted as text"
    )


def _without(is_dropped: Callable[[str], bool]) -> Callable[[str], str]:
    return lambda text: "".join(char for char in text if not is_dropped(char))


def _narrow(char: str) -> str:
    return unicodedata.normalize("NFKC", char) if unicodedata.east_asian_width(char) == "F" else char


def _decimal(char: str) -> str:
    return str(unicodedata.decimal(char, char))


def _each(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(map(change, text))


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE and not char.isspace()


def _is_dash(char: str) -> bool:
    return unicodedata.category(char) == "Pd" or char in "−_"


def _without_decimal_zero(text: str) -> str:
    whole = _DECIMAL_ZERO.fullmatch(text.strip())
    return whole[1] if whole else text


_STEPS: tuple[tuple[Callable[[str], str], str], ...] = (
    (_without(_is_invisible), "invisible characters removed"),
    (_each(_narrow), "full-width characters made ordinary ones"),
    (str.upper, "lower case made upper case"),
    (_each(_decimal), "digits of another script read as 0-9"),
    (_each(lambda char: _LOOKALIKES.get(char, char)), "Cyrillic or Greek letters read as Latin ones"),
    (_without(_QUOTES.__contains__), "quotes removed"),
    (_without(str.isspace), "blanks removed"),
    (_without_decimal_zero, "decimal zero removed: a spreadsheet had taken the number for a quantity"),
    (_without(_is_dash), "dashes removed"),
    (_without(".·•".__contains__), "dots removed"),
    (_without("()[]*".__contains__), "brackets and asterisks removed"),
)
"""Steps in order, each with the words that say it was needed."""
