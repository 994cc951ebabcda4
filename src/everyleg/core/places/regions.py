"""States and provinces of the large countries, and the zones of their clocks.

`regions.csv`: country, code, name, zones (`|` between several; hamlets that keep a neighbour's clock do not count).
"""

import csv
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

from everyleg.core.places.names import fold


class Region(Struct, frozen=True):
    """A state or province: its country (ISO alpha-2), code without the country, name, and zones."""

    country: str
    code: str
    name: str
    zones: tuple[str, ...]


@lru_cache(maxsize=4096)
def region_of(country: str, text: str) -> Region | None:
    """The region of a country that a text names by code (`CA`, `US-CA`) or name, None when it names none."""
    text = text.strip().removeprefix(f"{country}-")
    return _regions().get((country, text.upper())) or _regions().get((country, fold(text)))


@lru_cache(maxsize=4096)
def regions_named(text: str) -> tuple[Region, ...]:
    """All regions of any country that a code or name can mean: `WA` is Washington and Western Australia."""
    found = (region_of(country, text) for country in ("US", "CA", "AU", "BR"))
    return tuple(region for region in found if region is not None)


@cache
def _regions() -> MappingProxyType[tuple[str, str], Region]:
    table = resources.files("everyleg.core.places").joinpath("regions.csv").read_text("utf-8")
    regions: dict[tuple[str, str], Region] = {}
    for country, code, name, zones in csv.reader(table.splitlines()[1:]):
        region = Region(country, code, name, tuple(zones.split("|")))
        regions[country, code] = regions[country, fold(name)] = region
    return MappingProxyType(regions)
