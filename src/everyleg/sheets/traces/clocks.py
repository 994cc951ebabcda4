"""Times of a forwarder's file: the wall clock as it stands there, and the zone if one stands there too."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from everyleg.core.places.airports import site
from everyleg.core.time.offsets import parse_offset, zone_name
from everyleg.sheets.cells import shown, tidy
from everyleg.sheets.dates import Calendar, moment
from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Numeric
from everyleg.sheets.traces.spelling import Column, has_clock, spelled

HOME = ZoneInfo("Asia/Shanghai")
"""Where files that name no zone are mostly kept; as the manifest `forwarder-sheet` has it."""

_ZONE = re.compile(r"\d\s*(z|utc|gmt|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?)$", re.IGNORECASE)
_SAID = {
    **dict.fromkeys(("北京时间", "中国时间"), "Asia/Shanghai"),
    "东八区": "+08:00",
    **dict.fromkeys(("美西时间", "洛杉矶时间", "太平洋时间"), "America/Los_Angeles"),
    **dict.fromkeys(("美东时间", "纽约时间"), "America/New_York"),
    **dict.fromkeys(("美中时间", "芝加哥时间"), "America/Chicago"),
    **dict.fromkeys(("英国时间", "伦敦时间"), "Europe/London"),
    **dict.fromkeys(("德国时间", "欧洲中部时间"), "Europe/Berlin"),
    "日本时间": "Asia/Tokyo",
}
_OFFSET_IN = re.compile(r"\b(?:utc|gmt)\s*(?:[+-]\s*\d{1,2}(?::?\d\d)?)?|[+-]\d\d:?\d\d", re.IGNORECASE)
_LOCAL_IN = re.compile(r"当地|本地|local|\blt\b", re.IGNORECASE)
_ABBREVIATIONS = "america"
"""Whose `PST` and `EST` are meant; as the manifest `forwarder-sheet` has it."""
_NOWHERE = frozenset({"当地", "当地时间", "本地", "本地时间", "local", "local time"})


def wall(field: str, cell: str | Numeric, column: Column, notes: list[Note]) -> tuple[str, str | None]:
    """The wall clock of a cell in ISO 8601, a day alone where there is no clock; and its zone, if it names one.

    Args:
        field: the column's field.
        cell: what stands in it.
        column: what it leaves unsaid.
        notes: what had to be decided is added.

    Raises:
        Refused: it is no date, can be read in two ways, lacks its year, or lies far away.
    """
    text = cell if isinstance(cell, Numeric) else spelled(field, tidy(cell, narrow=True), column, notes)
    at = moment(field, text, Calendar(UTC, epoch_1904=column.epoch_1904), column.order, notes)
    found = _ZONE.search(text) if isinstance(text, str) and has_clock(text) else None
    if found is None:
        local = at.replace(tzinfo=None)
        day = local.time() == datetime.min.time() and not has_clock(text if isinstance(text, str) else shown(cell))
        return (local.date().isoformat() if day else local.isoformat()), None
    minutes = parse_offset(found[1]) or 0
    return (at + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(), _offset(minutes)


def zone_in(heading: str) -> str | None:
    """The zone that a heading names (`起飞时间（北京时间）`); "" where it says *the place's own*, None for neither."""
    for said, zone in _SAID.items():
        if said in heading:
            return zone
    if found := _OFFSET_IN.search(heading):
        return _offset(parse_offset(found[0].replace(" ", "")) or 0)
    return "" if _LOCAL_IN.search(heading) else None


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def zone_of(text: str, notes: list[Note]) -> str | None:
    """What a column of zones says, as an offset or a zone's name; None where it says *the place's own*, or nothing that
    is known, which is noted.
    """
    said = tidy(text, narrow=True)
    if not said or said.casefold() in _NOWHERE:
        return None
    minutes = parse_offset(said)
    if minutes is not None:
        return _offset(minutes)
    known = _SAID.get(said) or (said if zone_name(said, _ABBREVIATIONS) else zone_of_airport(said))
    if known is None:
        notes.append(Note("unknown_zone", {"text": said[:40]}))
    return known


def zone_of_airport(text: str) -> str | None:
    """The zone of an airport or a port by its code (`LAX`, `USLAX`); None for anything else."""
    found = site(tidy(text, narrow=True).upper())
    return found.zone if found is not None else None


def instant(at: str, zone: str | None) -> datetime:
    """The instant of a wall clock, in its zone or, where that is not known, at home."""
    minutes = parse_offset(zone) if zone else None
    if minutes is not None:
        return datetime.fromisoformat(at).replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC)
    name = zone_name(zone) if zone else None
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(name) if name else HOME).astimezone(UTC)
