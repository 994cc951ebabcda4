"""What a source says of the zone beside or behind a time: `+8`, `UTC+02:00`, `America/Toronto`, `EST`."""

import re
from datetime import UTC
from functools import lru_cache
from types import MappingProxyType

from msgspec import structs

from everyleg.core.time.clock import Clock
from everyleg.core.time.zones import zone_names

MIN_OFFSET, MAX_OFFSET = -12 * 60, 14 * 60
"""Minutes east of UTC between which an offset is sane."""

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?\s*([+\-\u2212])\s*([0-9]{1,2})(?::?([0-5][0-9]))?|Z|UTC|GMT|UT", re.IGNORECASE)

ABBREVIATIONS: MappingProxyType[str, MappingProxyType[str, str]] = MappingProxyType(
    {
        "america": MappingProxyType(
            {
                "NST": "America/St_Johns",
                "NDT": "America/St_Johns",
                "AST": "America/Halifax",
                "ADT": "America/Halifax",
                "EST": "America/New_York",
                "EDT": "America/New_York",
                "ET": "America/New_York",
                "CST": "America/Chicago",
                "CDT": "America/Chicago",
                "CT": "America/Chicago",
                "CSTNO": "America/Regina",
                "MST": "America/Denver",
                "MDT": "America/Denver",
                "MT": "America/Denver",
                "PST": "America/Los_Angeles",
                "PDT": "America/Los_Angeles",
                "PT": "America/Los_Angeles",
                "AKST": "America/Anchorage",
                "AKDT": "America/Anchorage",
                "HST": "Pacific/Honolulu",
                "BRT": "America/Sao_Paulo",
            }
        ),
        "europe": MappingProxyType(
            {
                "WET": "Europe/Lisbon",
                "WEST": "Europe/Lisbon",
                "BST": "Europe/London",
                "CET": "Europe/Brussels",
                "CEST": "Europe/Brussels",
                "MEZ": "Europe/Berlin",
                "MESZ": "Europe/Berlin",
                "EET": "Europe/Athens",
                "EEST": "Europe/Athens",
                "MSK": "Europe/Moscow",
                "TRT": "Europe/Istanbul",
            }
        ),
        "asia": MappingProxyType(
            {
                "CST": "Asia/Shanghai",
                "HKT": "Asia/Hong_Kong",
                "JST": "Asia/Tokyo",
                "KST": "Asia/Seoul",
                "SGT": "Asia/Singapore",
                "MYT": "Asia/Kuala_Lumpur",
                "ICT": "Asia/Bangkok",
                "WIB": "Asia/Jakarta",
                "PHT": "Asia/Manila",
                "IST": "Asia/Kolkata",
                "PKT": "Asia/Karachi",
                "GST": "Asia/Dubai",
            }
        ),
        "oceania": MappingProxyType(
            {
                "AEST": "Australia/Sydney",
                "AEDT": "Australia/Sydney",
                "ACST": "Australia/Adelaide",
                "ACDT": "Australia/Adelaide",
                "AWST": "Australia/Perth",
                "NZST": "Pacific/Auckland",
                "NZDT": "Pacific/Auckland",
            }
        ),
    }
)
"""Part of the world → abbreviation → the zone whose clock it names.

Zones, not offsets: carriers print `EST` in September (Canada Post, UPS), when the clock on the wall is EDT. The same
letters mean other clocks elsewhere (`CST`), so a carrier has to say which part of the world it prints them in.
`CSTNO` is Canada Post's central time without daylight saving (Saskatchewan).
"""


@lru_cache(maxsize=1024)
def parse_offset(text: str) -> int | None:
    """Minutes east of UTC that a text states, None when it states none or no sane one.

    Understood: `+8`, `+08`, `+0530`, `-7:00`, `UTC+08:00`, `GMT-5`, `Z`, `UTC`, `GMT`. A number without a sign is not.
    """
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    if sign is None:
        return 0
    east = int(hours) * 60 + int(minutes or 0)
    offset = east if sign == "+" else -east
    return offset if MIN_OFFSET <= offset <= MAX_OFFSET else None


@lru_cache(maxsize=1024)
def zone_name(text: str, abbreviations: str | None = None) -> str | None:
    """The IANA zone that a text names, None when it names none.

    Args:
        text: `America/Toronto`, or an abbreviation such as `EST` where `abbreviations` is given.
        abbreviations: the part of the world of `ABBREVIATIONS` whose letters the source uses.
    """
    text = text.strip()
    if abbreviations is not None and (name := ABBREVIATIONS[abbreviations].get(text.upper())):
        return name
    # Bare names (EST, MST7MDT) are old links of the database that say less than they seem to.
    return text if "/" in text and text in zone_names() else None


def with_zone(clock: Clock, text: str) -> Clock:
    """A clock with the offset or zone that the source gives in a field beside it.

    A value in UTC (an epoch, a `Z`) stays the instant it is and gets the offset of its place; any other offset that the
    value has itself stands. A text that is no offset is kept as the clock's `zone`, for `resolve` to understand or not.
    """
    offset = parse_offset(text)
    if offset is None:
        return structs.replace(clock, zone=text.strip() or None)
    if clock.offset:
        return clock
    if clock.offset == 0 and clock.local is not None and clock.precision != "date":
        return Clock(None, offset, clock.local.replace(tzinfo=UTC), clock.precision)
    return Clock(clock.local, offset, clock.instant, clock.precision, clock.zone)
