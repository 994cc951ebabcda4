"""Times of a forwarder's file: the wall clock as it stands there, and the zone if one stands there too."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from everyleg.core.time.offsets import parse_offset, zone_name
from everyleg.sheets.cells import shown, tidy
from everyleg.sheets.dates import Calendar, DayMonth, moment
from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Numeric

HOME = ZoneInfo("Asia/Shanghai")
"""Where files that name no zone are mostly kept; as the manifest `forwarder-sheet` has it."""

_ZONE = re.compile(r"\d\s*(z|utc|gmt|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?)$", re.IGNORECASE)
_SAID = {"北京时间": "Asia/Shanghai", "中国时间": "Asia/Shanghai", "东八区": "+08:00"}
_NOWHERE = frozenset({"当地", "当地时间", "本地", "本地时间", "local", "local time"})


def wall(
    field: str, cell: str | Numeric, epoch_1904: bool, order: Callable[[], DayMonth | None], notes: list[Note]
) -> tuple[str, str | None]:
    """The wall clock of a cell in ISO 8601, a day alone where there is no clock; and its zone, if it names one.

    Args:
        field: the column's field.
        cell: what stands in it.
        epoch_1904: whether the workbook counts days from 1904.
        order: asked only when day and month can be taken for each other.
        notes: what had to be decided is added.

    Raises:
        Refused: it is no date, can be read in two ways, or lies far away.
    """
    text = cell if isinstance(cell, Numeric) else tidy(cell, narrow=True)
    at = moment(field, text, Calendar(UTC, epoch_1904=epoch_1904), order, notes)
    found = _ZONE.search(text) if isinstance(text, str) and _has_clock(text) else None
    if found is None:
        local = at.replace(tzinfo=None)
        day = local.time() == datetime.min.time() and not _has_clock(shown(cell))
        return (local.date().isoformat() if day else local.isoformat()), None
    minutes = parse_offset(found[1]) or 0
    return (at + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(), _offset(minutes)


def _has_clock(text: str) -> bool:
    return ":" in text or "时" in text or "点" in text


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def zone_of(text: str) -> str | None:
    """What a column of zones says, as an offset or a zone's name; None where it says *the place's own*."""
    said = tidy(text, narrow=True)
    if not said or said.casefold() in _NOWHERE:
        return None
    minutes = parse_offset(said)
    return _SAID.get(said, said) if minutes is None else _offset(minutes)


def instant(at: str, zone: str | None) -> datetime:
    """The instant of a wall clock, in its zone or, where that is not known, at home."""
    minutes = parse_offset(zone) if zone else None
    if minutes is not None:
        return datetime.fromisoformat(at).replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC)
    name = zone_name(zone) if zone else None
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(name) if name else HOME).astimezone(UTC)
