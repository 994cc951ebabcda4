"""Printed times by pattern, in the letters of Unicode CLDR: `dd.MM.yyyy HH:mm`, `MMMM d, yyyy h:mm a`.

| letters | read as |
|---|---|
| `yyyy`, `yy` | year; two digits are 2000…2099 |
| `M` `MM`, `MMM` `MMMM` | month as number, as name (nine languages, short or full) |
| `d` `H` `h` `m` `s` | day, hour of 24, hour of 12, minute, second: 1 or 2 digits; where fields touch, exactly 2 |
| `S…` | fraction of a second, 1 to 9 digits |
| `a` | AM, p.m. …, with or without a blank before it |
| `EEE` `EEEE` | a weekday: any word, not checked |
| `X` `x` `Z` `O` | an offset in any usual form, or `Z` |
| `z` `V` | an offset, a zone's name or abbreviation |
| `'text'` | that text; `''` is an apostrophe; signs and letters outside ASCII need no quotes |
| blank | one or more blanks |
| `[…]` | may be missing |
"""

import re
from collections.abc import Callable
from datetime import datetime

from everyleg.core.time.clock import FIRST_YEAR, LAST_YEAR, Clock, Precision
from everyleg.core.time.months import month_number
from everyleg.core.time.offsets import parse_offset

Reader = Callable[[str], Clock | None]
"""Reads a text, None when it does not fit."""

Fields = dict[str, str | None]
"""What a pattern found: `y M N d H m s S a o z`, by the letter of the field (`N`: a month's name, `o`: an offset)."""

_TOKEN = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<field>([A-Za-z])\3*)|(?P<blank>\s+)|(?P<bracket>[\[\]])|(?P<sign>.)", re.DOTALL
)
_MERIDIEM = r"\s*(?P<a>[ap])\.?\s?m\b\.?"
_OFFSET = r"(?P<o>(?:UTC|GMT|UT)?\s*[+\-\u2212]\s*[0-9]{1,2}(?::?[0-9]{2})?|Z|UTC|GMT|UT)"
_WORDS = {
    "a": _MERIDIEM,
    "E": r"[^\W\d_][\w\-]*\.?",
    "N": r"(?P<N>[^\W\d_]+)\.?",
    **dict.fromkeys("XxZO", _OFFSET),
    **dict.fromkeys("zVv", rf"(?:{_OFFSET}|(?P<z>[A-Za-z][A-Za-z0-9_/+\-]*))"),
}
_NUMBERS = frozenset("yMdHhmsS")
_ISO: dict[int, tuple[str, Precision]] = {
    3: ("{}-{}-{}", "date"),
    5: ("{}-{}-{}T{}:{}", "minute"),
    6: ("{}-{}-{}T{}:{}:{}", "second"),
}
"""How many fields of fixed width there are → the ISO form they make."""
_ORDER = ("yyyy", "MM", "dd", "HH", "mm", "ss")


def compile_pattern(pattern: str) -> Reader:
    """A reader of the times that a pattern describes.

    Raises:
        ValueError: when the pattern has a letter of no meaning here, names a field twice, or lacks year, month or day.
    """
    tokens = list(_TOKEN.finditer(pattern))
    letters = {_letter(token) for token in tokens}
    if not {"y", "d"} <= letters or not letters & {"M", "N"}:
        raise ValueError(f"layout {pattern!r} needs year, month and day (y, M, d)")
    if "h" in letters and "a" not in letters:
        raise ValueError(f"layout {pattern!r} has an hour of twelve (h) without a; use H")
    try:
        compiled = re.compile(_expression(tokens, letters), re.IGNORECASE)
    except (re.error, KeyError) as error:
        raise ValueError(f"layout {pattern!r}: {error}; text goes in quotes, a field may stand once") from error
    return _swift(pattern, _reader(compiled))


def _letter(token: re.Match[str]) -> str:
    """The letter of a token's field, `N` for a month's name, empty for text."""
    field = token["field"] or ""
    return "N" if field[:1] in {"M", "L"} and len(field) > 2 else field[:1]


def _expression(tokens: list[re.Match[str]], letters: set[str]) -> str:
    """The regular expression of a pattern, one group per field."""
    kinds = ["", *map(_letter, tokens), ""]
    parts: list[str] = []
    for place, token in enumerate(tokens, 1):
        if token["field"]:
            if kinds[place] == "a" and parts[-1:] == [r"\s+"]:
                parts.pop()
            touches = bool({kinds[place - 1], kinds[place + 1]} & _NUMBERS)
            parts.append(_field(kinds[place], len(token["field"]), touches=touches))
        elif token["blank"]:
            parts.append(r"\s+")
        elif token["bracket"]:
            parts.append("(?:" if token["bracket"] == "[" else ")?")
        else:
            parts.append(re.escape(token["sign"] or token["quoted"].replace("''", "'") or "'"))
    if "H" in letters and "a" not in letters:
        # Some carriers print a 24-hour clock and AM/PM behind it: "16:25 PM".
        parts.append(f"(?:{_MERIDIEM})?")
    return "".join(parts)


def _field(letter: str, width: int, *, touches: bool) -> str:
    """The group of one field. Where another number touches it, its width is what tells them apart."""
    if letter not in _NUMBERS:
        return _WORDS[letter]
    if letter == "y":
        digits = "[0-9]{4}" if width != 2 else "[0-9]{2}" if touches else "[0-9]{4}|[0-9]{2}"
    elif letter == "S":
        digits = f"[0-9]{{{width}}}" if touches else "[0-9]{1,9}"
    else:
        digits = "[0-9]{2}" if touches else "[0-9]{1,2}"
    return f"(?P<{'H' if letter == 'h' else letter}>{digits})"


def _reader(compiled: re.Pattern[str]) -> Reader:
    match = compiled.fullmatch

    def read(text: str) -> Clock | None:
        found = match(text)
        return None if found is None else _clock(found.groupdict())

    return read


def _swift(pattern: str, thorough: Reader) -> Reader:
    """The same reader, faster where every field has a fixed place: slices put in ISO order.

    What does not lie exactly in its place (a missing zero, a second blank, an AM) is left to the thorough reader.
    """
    exact = exact_reader(pattern)
    if exact is None:
        return thorough
    return lambda text: exact(text) or thorough(text)


def exact_reader(pattern: str) -> Reader | None:
    """A reader of the texts in which each field of a pattern stands exactly in its place; None where fields have none.
    What stands in brackets may be missing.
    """
    if "'" in pattern or pattern.count("[") > 1:
        return None
    opened, closed = pattern.find("["), pattern.find("]")
    bare = pattern[:opened] + pattern[closed + 1 :] if opened >= 0 else pattern
    forms = (pattern.replace("[", "").replace("]", ""), bare)
    by_length = {len(form): one for form in forms if (one := _exact(form)) is not None}
    reader_for = by_length.get

    def read(text: str) -> Clock | None:
        reader = reader_for(len(text))
        try:
            return reader(text) if reader is not None else None
        except ValueError:
            return None

    return read if by_length else None


def exact_source(pattern: str, text: str) -> tuple[str, str] | None:
    """For a pattern with a clock, in Python: whether `text` has its signs, and its fields in ISO order. Of
    `dd.MM.yyyy[ HH:mm]` and `t`:

        len(t) == 16 and t[2] == '.' and t[5] == '.' and t[10] == ' ' and t[13] == ':'
        f'{t[6:10]}-{t[3:5]}-{t[0:2]}T{t[11:13]}:{t[14:16]}'

    None where the fields have no place of their own. A text of which both go well, and whose wall clock is naive, has
    no other character than the pattern's and digits.
    """
    filled = pattern.replace("[", "").replace("]", "")
    parts = _in_order(filled, text)
    if parts is None or exact_reader(pattern) is None or parts[2] == "date":
        return None
    if _IN_ISO_ORDER.fullmatch(filled):  # but not a date by its week
        return f"{parts[0]} and {text}[4] not in 'W-'" if filled[4] == "M" else parts[0], text
    return parts[:2]


_IN_ISO_ORDER = re.compile(r"(yyyyMMdd|yyyy-MM-dd).(HHmmss|HH:mm:ss|HH:mm|HHmm)")
"""Patterns whose texts `fromisoformat` reads as they stand."""


def _in_order(pattern: str, text: str) -> tuple[str, str, Precision] | None:
    tokens = list(_TOKEN.finditer(pattern))
    starts = {token["field"]: token.start() for token in tokens if token["field"]}
    order = [field for field in _ORDER if field in starts]
    if len(order) < len(starts) or len(order) not in _ISO:
        return None
    form, precision = _ISO[len(order)]
    fields = (f"{{{text}[{starts[field]}:{starts[field] + len(field)}]}}" for field in order)
    signs = [f"{text}[{token.start()}] == {token[0]!r}" for token in tokens if not token["field"]]
    return " and ".join([f"len({text}) == {len(pattern)}", *signs]), f"f'{form.format(*fields)}'", precision


def _exact(pattern: str) -> Reader | None:
    """The same for a pattern without brackets; it raises ValueError when the fields tell no time."""
    parts = _in_order(pattern, "t")
    if parts is None:
        return None
    shape, clock, precision = parts
    # The source holds nothing of the pattern but its signs, each written as a Python string.
    source = f"lambda t: clock(iso({clock}), {precision!r}) if {shape} else None"
    reader: Reader = eval(source, {"clock": _local, "iso": datetime.fromisoformat})  # noqa: S307
    return reader


def _local(local: datetime, precision: Precision) -> Clock | None:
    return Clock(local, None, None, precision) if FIRST_YEAR <= local.year <= LAST_YEAR else None


def _clock(fields: Fields) -> Clock | None:
    """The clock that the fields of a time tell; None where they tell no time that there is."""
    get = fields.get
    year = get("y") or ""
    month = month_number(get("N") or "") if get("N") else int(get("M") or 0)
    hour, second = get("H"), get("s")
    offset = parse_offset(stated) if (stated := get("o")) else None
    try:
        local = datetime(  # noqa: DTZ001 - a wall clock
            int(year) + (2000 if len(year) == 2 else 0),
            month or 0,
            int(get("d") or 0),
            _hour(int(hour or 0), get("a")),
            int(get("m") or 0),
            int(second or 0),
            int(((get("S") or "") + "000000")[:6]),
        )
    except ValueError:
        return None
    if not FIRST_YEAR <= local.year <= LAST_YEAR or (stated and offset is None):
        return None
    return Clock(local, offset, None, "second" if second else "minute" if hour else "date", get("z"))


def _hour(hour: int, meridiem: str | None) -> int:
    """Hour of the day. "12 AM" is midnight; a PM behind an hour past noon says nothing new."""
    if meridiem is None or hour > 12:
        return hour
    return hour % 12 + (12 if meridiem in "pP" else 0)
