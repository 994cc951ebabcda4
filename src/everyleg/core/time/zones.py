"""The time zones of the world: one per name, and those that a country's clocks follow.

Everything comes from the `tzdata` package, never from the host, so that the same answer reads the same on every
machine. A zone is loaded when it is first asked for.
"""

from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from zoneinfo import ZoneInfo

_OFFICIAL = MappingProxyType(
    {
        # Xinjiang's second clock (Asia/Urumqi) is not official: posts and couriers print Beijing time.
        "CN": ("Asia/Shanghai",),
        # Crimea's clock is Moscow's; parcels that Ukraine's carriers scan are on Kyiv time.
        "UA": ("Europe/Kyiv",),
        # Not in ISO 3166, so not in zone.tab.
        "XK": ("Europe/Belgrade",),
    }
)
"""Where the clock on a parcel's scan is not what `zone.tab` lists."""

_WEEK = timedelta(days=7)
_SAMPLES = tuple(datetime(2018, 1, 3, 12) + _WEEK * n for n in range(52 * 13))  # noqa: DTZ001 - wall clocks
"""Wall clocks at which two zones are compared: Wednesday noons, when no zone changes its clock."""


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name.

    Raises:
        ValueError: when there is no such zone.
    """
    if name not in zone_names():
        raise ValueError(f"{name!r} is no IANA time zone; give a name such as Europe/Paris")
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def zone_names() -> frozenset[str]:
    """All IANA names, links included."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(maxsize=1024)
def clock_of(name: str) -> tuple[timedelta | None, ...]:
    """What two zones have in common when their clocks have agreed since 2018: the offsets at sample times.

    Raises:
        ValueError: when there is no such zone.
    """
    utcoffset = zone(name).utcoffset
    return tuple(map(utcoffset, _SAMPLES))


@lru_cache(maxsize=512)
def zones_of(country: str) -> tuple[str, ...]:
    """The zones of a country (ISO alpha-2) whose clocks differ, in the order of `zone.tab`; empty for no country.

    Zones that have agreed since 2018 count once, so a country with one entry has one clock: Germany and Argentina are
    such, Spain (Canary Islands) and Portugal (Azores) are not.
    """
    listed = listed_zones().get(country, ())
    if len(listed) < 2:
        return listed
    clocks: dict[tuple[timedelta | None, ...], str] = {}
    for name in listed:
        clocks.setdefault(clock_of(name), name)
    return tuple(clocks.values())


@cache
def listed_zones() -> MappingProxyType[str, tuple[str, ...]]:
    """Country → the zones that `zone.tab` lists for it."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            zones[country] = (*zones.get(country, ()), name)
    return MappingProxyType(zones | _OFFICIAL)
