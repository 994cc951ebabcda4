"""Layouts: the styles in which carriers print their times, compiled once to fast readers.

| layout | reads |
|---|---|
| `iso` | ISO 8601: a date, or date and clock with `T` or blank between; fraction of 1–9 digits, any usual offset |
| `date` | the day of an ISO date; a clock behind it is dropped (for sources whose clock is padding) |
| `epoch_s` `epoch_ms` `epoch_us` | seconds, milliseconds, microseconds since 1970, as number or text |
| `epoch` | the same, told apart by their size |
| `dotnet` | `/Date(1445371200000)/`, `/Date(1445371200000+0200)/` |
| anything else | a pattern in the letters of `patterns`: `dd.MM.yyyy HH:mm`, `yyyyMMdd[ HHmmss]` |

A layout may end in `|midnight_is_date`: a clock of exactly 00:00 then means that only the day is known. An answer whose
date and clock stand in two fields is read by joining them with a blank.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from msgspec import structs

from everyleg.core.time.clock import FIRST_YEAR, LAST_YEAR, Clock, LayoutError, Precision
from everyleg.core.time.offsets import MAX_OFFSET, MIN_OFFSET, parse_offset
from everyleg.core.time.patterns import Reader, compile_pattern

__all__ = ["Clock", "LayoutError", "Precision", "Reader", "compile_layout", "compile_layouts", "reader_of"]

_LONGEST = 80
"""No printed time is longer; a sentence that holds one has to be cut first."""

_DATED = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?:[Tt]|\s+)([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?))?\s*(\S.*)?"
)
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")
_DOTNET = re.compile(r"\\?/Date\((-?[0-9]{1,20})([+-][0-9]{4})?\)\\?/")
_MINUTE = timedelta(minutes=1)


def compile_layouts(layouts: Sequence[str]) -> Callable[[object], Clock]:
    """A reader that tries layouts in the order given.

    The reader takes a text or a number and raises `LayoutError`, which names value and layouts, when none fits.

    Raises:
        ValueError: when a layout makes no sense.
    """
    try_each = reader_of(layouts)

    def read(value: object) -> Clock:
        text = value.strip() if isinstance(value, str) else _text(value)
        clock = try_each(text)
        if clock is None:
            raise LayoutError(f"{text[:_LONGEST]!r} is not a time in the layout {' or '.join(layouts)}")
        return clock

    return read


def reader_of(layouts: Sequence[str]) -> Reader:
    """The same for a text without blanks around it; None when none fits.

    Raises:
        ValueError: when a layout makes no sense.
    """
    readers = [_reader(layout) for layout in layouts]
    only = readers[0] if len(readers) == 1 else None
    if only is not None:
        return lambda text: only(text) if len(text) <= _LONGEST else None

    def read(text: str) -> Clock | None:
        if len(text) <= _LONGEST:
            for reader in readers:
                clock = reader(text)
                if clock is not None:
                    return clock
        return None

    return read


def compile_layout(layout: str) -> Callable[[object], Clock]:
    """A reader of one layout; see `compile_layouts`."""
    return compile_layouts((layout,))


def _text(value: object) -> str:
    # Cut before printing: Python refuses to print integers of thousands of digits.
    known = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**20)
    return str(value) if known else f"a {type(value).__name__}"


@lru_cache(maxsize=512)
def _reader(layout: str) -> Reader:
    name, _, option = layout.partition("|")
    if option not in {"", "midnight_is_date"}:
        raise ValueError(f"layout {layout!r}: unknown option {option!r}; there is midnight_is_date")
    reader = _NAMED.get(name) or compile_pattern(name)
    return _midnight_is_date(reader) if option else reader


def _midnight_is_date(reader: Reader) -> Reader:
    def read(text: str) -> Clock | None:
        clock = reader(text)
        if clock is None or clock.local is None or clock.local.time() != time.min:
            return clock
        return structs.replace(clock, precision="date")

    return read


def _iso(text: str) -> Clock | None:
    """The usual form, date and clock to the second, by slices; anything else carefully."""
    if len(text) < 19 or text[16] != ":" or text[10] not in "T t":
        return _shorter_iso(text)
    tail = text[19:]
    offset = parse_offset(tail) if tail else None
    if tail and offset is None:
        return _shorter_iso(text)
    try:
        local = datetime.fromisoformat(text[:19])
    except ValueError:
        return _loose_iso(text)
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return None
    return Clock(local, offset, None, "second")


def _shorter_iso(text: str) -> Clock | None:
    """Without seconds, or with a fraction of them."""
    if len(text) < 16 or text[10] not in "T t" or text[13] != ":" or text[4] != "-" or text[7] != "-":
        return _loose_iso(text)
    offset = None
    try:
        if text[-1] in "Zz":
            local, offset = datetime.fromisoformat(text[:-1]), 0
        elif text[-6] in "+-" and text[-3] == ":" and (offset := parse_offset(text[-6:])) is not None:
            local = datetime.fromisoformat(text[:-6])
        else:
            local = datetime.fromisoformat(text)
        if (east := local.utcoffset()) is not None:
            offset, rest = divmod(east, _MINUTE)
            if rest or not MIN_OFFSET <= offset <= MAX_OFFSET:
                return None
            local = local.replace(tzinfo=None)
    except ValueError:
        return _loose_iso(text)
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return None
    return Clock(local, offset, None, "second" if text[16:17] == ":" else "minute")


def _loose_iso(text: str) -> Clock | None:
    """Dates without a clock, and what people put behind a time: `UTC`, ` GMT-04:00`."""
    match = _DATED.fullmatch(text)
    if match is None:
        return None
    day, clock, tail = match.groups()
    offset = parse_offset(tail) if tail else None
    if tail and offset is None:
        return None
    try:
        local = datetime.fromisoformat(f"{day}T{clock.zfill(5) if clock[1] == ':' else clock}" if clock else day)
    except ValueError:
        return None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return None
    precision: Precision = "date" if not clock else "second" if clock.count(":") == 2 else "minute"
    return Clock(local, offset, None, precision)


def _date(text: str) -> Clock | None:
    clock = _iso(text)
    if clock is None or clock.local is None:
        return None
    return Clock(clock.local.replace(hour=0, minute=0, second=0, microsecond=0), None, None, "date")


def _instant(seconds: float, offset: int | None = None) -> Clock | None:
    try:
        instant = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Clock(None, offset, instant, "second") if FIRST_YEAR <= instant.year <= LAST_YEAR else None


def _epoch(per_second: int) -> Reader:
    def read(text: str) -> Clock | None:
        return _instant(float(text) / per_second) if _NUMBER.fullmatch(text) else None

    return read


def _any_epoch(text: str) -> Clock | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    # Years 1971…2199 in seconds are below 1e10, in milliseconds between 3e10 and 1e13, and so on: they never meet.
    return _instant(number if number < 1e10 else number / 1e3 if number < 1e13 else number / 1e6)


def _dotnet(text: str) -> Clock | None:
    match = _DOTNET.fullmatch(text)
    if match is None:
        return None
    return _instant(int(match[1]) / 1e3, parse_offset(match[2]) if match[2] else None)


_NAMED: dict[str, Reader] = {
    "iso": _iso,
    "date": _date,
    "epoch": _any_epoch,
    "epoch_s": _epoch(1),
    "epoch_ms": _epoch(1000),
    "epoch_us": _epoch(1_000_000),
    "dotnet": _dotnet,
}
