"""Dates of a sheet: a spreadsheet's day counts, ISO, Chinese and the usual spellings, in the workspace's time zone."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from everyleg.core.time.months import month_number
from everyleg.sheets.cells import tidy
from everyleg.sheets.notes import Note, Refused
from everyleg.sheets.rows import Numeric

DayMonth = Literal["day", "month"]
"""Which of the two comes first."""

_TIME = r"""
(?: [T\s,]* (?P<half>上午|下午|凌晨|中午|晚上|am|pm)? \s* (?P<hour>\d{1,2}) (?: [:时点] (?P<minute>\d{1,2})?
 (?: [:分] (?P<second>\d{1,2})? (?:[.,]\d{1,9})? )? 秒? )?
 \s* (?P<half_after>am|pm)? \s* (?P<zone>z|utc|gmt|[+-]\d\d:?\d\d)? )?
"""
_SHAPES = tuple(
    re.compile(shape + _TIME, re.IGNORECASE | re.VERBOSE)
    for shape in (
        r"(?P<year>\d{4}) [-/.年] \s*(?P<month>\d{1,2}) [-/.月] \s*(?P<day>\d{1,2}) 日?",
        r"(?P<year>\d{4}) (?P<month>\d\d) (?P<day>\d\d) (?=\D|$)",
        r"(?P<first>\d{1,2}) [-/] (?P<second_part>\d{1,2}) [-/] (?P<year>\d{4})",
        r"(?P<day>\d{1,2}) \. \s*(?P<month>\d{1,2}) \. \s*(?P<year>\d{4})",
        r"(?P<day>\d{1,2}) (?:st|nd|rd|th)? [-/\s]+ (?P<name>[^\W\d_]{3,12}\.?) [-/,\s]+ (?P<year>\d{4})",
        r"(?P<name>[^\W\d_]{3,12}\.?) \s* (?P<day>\d{1,2}) (?:st|nd|rd|th)? [,\s]+ (?P<year>\d{4})",
    )
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?")
_DOUBTFUL = re.compile(r"\s*(\d{1,2})[-/](\d{1,2})[-/]\d{4}(?:\D|$)")
_DAY_COUNT = re.compile(r"[45]\d{4}(?:\.\d+)?")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (a wall clock: the zone is added at the end)
_DAYS_1904 = 1462
_AFTERNOON = ("pm", "下午", "晚上")
_LAST_SECOND = time(23, 59, 59)


class Calendar(Struct, frozen=True):
    """How the dates of a column are to be read."""

    zone: tzinfo
    """Of dates that name none."""
    end_of_day: bool = False
    """Whether a day without a time means its last second."""
    epoch_1904: bool = False
    """Whether the workbook counts days from 1904."""


def day_month_of(values: Iterable[str]) -> DayMonth | None:
    """Which comes first in a column, as far as its values (`13/11/2026`) tell; None when they do not, or contradict."""
    day = month = False
    for value in values:
        if found := _DOUBTFUL.match(value):
            day, month = day or int(found[1]) > 12, month or int(found[2]) > 12
    return None if day == month else "day" if day else "month"


def moment(
    field: str, cell: str | Numeric, calendar: Calendar, order: Callable[[], DayMonth | None], notes: list[Note]
) -> datetime:
    """The instant that a cell names, in UTC.

    Args:
        field: the column's field.
        cell: what stands in it.
        calendar: how it is to be read.
        order: asked only when the cell can be read both ways.
        notes: what had to be decided is added.

    Raises:
        Refused: it is no date, can be read in two ways, or lies far away.
    """
    if isinstance(cell, Numeric):
        return _checked(field, cell.text, _counted(cell.text, calendar), calendar)
    text = tidy(cell, narrow=True)
    if _DAY_COUNT.fullmatch(text):
        notes.append(Note("read_as_day_count", {"column": field, "text": text}))
        return _checked(field, text, _counted(text, calendar), calendar)
    parts = _parts(text)
    if parts is None:
        raise Refused("bad_date", column=field, text=text[:60])
    if parts.doubtful and parts.day <= 12 and parts.month <= 12 and parts.day != parts.month:
        parts = _decided(field, text, parts, order(), notes)
    elif parts.doubtful and parts.month > 12:
        parts = parts.turned()
    return _checked(field, text, parts.local(calendar), calendar, parts.zone)


def _decided(field: str, text: str, parts: "_Parts", order: DayMonth | None, notes: list[Note]) -> "_Parts":
    if order is None:
        raise Refused("unsure_date", column=field, text=text)
    notes.append(Note(f"{order}_first", {"column": field, "text": text}))
    return parts if order == "day" else parts.turned()


class _Parts(Struct, frozen=True):
    """A date taken to pieces; `doubtful`: day and month may have to change places."""

    year: int
    month: int
    day: int
    clock: tuple[int, int, int] | None
    zone: tzinfo | None
    doubtful: bool = False

    def turned(self) -> "_Parts":
        return _Parts(self.year, self.day, self.month, self.clock, self.zone, self.doubtful)

    def local(self, calendar: Calendar) -> datetime | None:
        try:
            day = date(self.year, self.month, self.day)
            if self.clock is None:
                return datetime.combine(day, _LAST_SECOND if calendar.end_of_day else time())
            return datetime.combine(day, time(*self.clock))
        except ValueError:
            return None


@lru_cache(maxsize=4096)
def _parts(text: str) -> _Parts | None:
    if found := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return _Parts(year, month, day, (hour, minute, second), None)
    for shape in _SHAPES:
        if found := shape.fullmatch(text):
            return _taken(found.groupdict())
    return None


def _taken(found: dict[str, str | None]) -> _Parts | None:
    doubtful = bool(found.get("first"))
    day = int(found.get("first") or found.get("day") or 0)
    named = found.get("name")
    month = month_number(named) if named else int(found.get("second_part") or found.get("month") or 0)
    if month is None:
        return None
    return _Parts(int(found["year"] or 0), month, day, _clock(found), _zone(found["zone"]), doubtful)


def _clock(found: dict[str, str | None]) -> tuple[int, int, int] | None:
    if found["hour"] is None:
        return None
    hour, half = int(found["hour"]), (found["half"] or found["half_after"] or "").casefold()
    if half and 1 <= hour <= 12 and half not in ("中午", "凌晨"):
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    return hour, int(found["minute"] or 0), int(found["second"] or 0)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes < 1440 else UTC


def day_of_count(text: str, epoch_1904: bool = False) -> date | None:
    """The day of a spreadsheet's count of days; None for a clock alone, or what is no number."""
    local = _counted(text, Calendar(UTC, epoch_1904=epoch_1904))
    return local.date() if local is not None else None


def _counted(text: str, calendar: Calendar) -> datetime | None:
    """The wall clock of a spreadsheet's count of days, to the second."""
    try:
        days = float(text) + (_DAYS_1904 if calendar.epoch_1904 else 0)
    except ValueError:
        return None
    if not 1 <= days < 2_900_000:
        return None
    local = _EPOCH + timedelta(seconds=round(days * 86_400))
    return datetime.combine(local, _LAST_SECOND) if calendar.end_of_day and days == int(days) else local


def _checked(field: str, text: str, local: datetime | None, calendar: Calendar, zone: tzinfo | None = None) -> datetime:
    if local is None:
        raise Refused("bad_date", column=field, text=text[:60])
    if not 2000 <= local.year < 2100:
        raise Refused("far_date", column=field, text=text[:60])
    return local.replace(tzinfo=zone or calendar.zone).astimezone(UTC)
