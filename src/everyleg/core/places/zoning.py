"""The time zone of a place."""

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from everyleg.core.model import Place
from everyleg.core.places.airports import site
from everyleg.core.places.cities import Town, aliases_named, cities_named, towns_named
from everyleg.core.places.regions import Region, region_of
from everyleg.core.time.zones import clock_of, zones_of


@lru_cache(maxsize=65_536)
def zone_of(place: Place) -> str | None:
    """The IANA zone whose clock hangs at a place, None where that is not certain.

    What decides, cheapest first: a country with one clock; the place's code; its state or province; its coordinates;
    its city, where all cities of that name (in that region) share a clock.
    """
    country = place.country
    if country is not None and len(zones := zones_of(country)) == 1:
        return zones[0]
    region = region_of(country, place.region) if country and place.region else None
    return (
        _of_code(place.code, country)
        or (_one_clock(region.zones) if region else None)
        or _of_point(place.lat, place.lon)
        or (_of_city(country, place.city, region) if country and place.city else None)
    )


def _of_code(code: str | None, country: str | None) -> str | None:
    found = site(code) if code else None
    return found.zone if found is not None and country in {None, found.country} else None


def _of_point(lat: float | None, lon: float | None) -> str | None:
    if lat is None or lon is None:
        return None
    name: str = _tzfpy().get_tz(lon, lat)
    return None if name.startswith("Etc/") or not name else name


@cache
def _tzfpy() -> Any:
    # Loading the world's polygons takes longer than most commands.
    return import_module("tzfpy")


def _of_city(country: str, city: str, region: Region | None) -> str | None:
    if region is None:
        # A small namesake of a city is forgotten, one with that nickname is not: Washington, Utah is not the capital.
        towns = cities_named(country, city) + aliases_named(country, city)
        return _one_clock(zone for _, zone in towns or towns_named(country, city))
    for named in (cities_named, towns_named, aliases_named):
        if zones := _zones_in(named(country, city), region):
            return _one_clock(zones)
    return None


def _zones_in(towns: Iterable[Town], region: Region) -> list[str]:
    """Zones of the towns that can lie in the region."""
    if region.country == "US":
        return [zone for state, zone in towns if state == region.code]
    # Elsewhere GeoNames has region codes of its own, but a region has few clocks.
    clocks = {clock_of(zone) for zone in region.zones}
    return [zone for _, zone in towns if clock_of(zone) in clocks]


def _one_clock(zones: Iterable[str]) -> str | None:
    names = sorted(set(zones))
    return names[0] if names and len({clock_of(name) for name in names}) == 1 else None
