"""Places by code: IATA airports and cities, and the UN/LOCODEs that are built on them."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

from everyleg.core.places.countries import country_of


class Site(Struct, frozen=True):
    """What a code says of its place."""

    city: str | None
    country: str
    """ISO alpha-2."""
    lat: float | None
    lon: float | None
    zone: str | None
    """IANA name; None where the airports of a city do not share one, or the code is of a place without an airport."""


def site(code: str) -> Site | None:
    """The place of an IATA code (`CVG`, `LON`) or a UN/LOCODE (`DEHAM`), None for any other code.

    A UN/LOCODE gives more than its country only where its last three letters are an IATA code of that country, from
    which it was then made (UN/ECE Recommendation 16).
    """
    if len(code) == 3:
        return _airports().get(code) or _cities().get(code)
    if len(code) != 5 or not code.isalnum() or not code.isascii() or country_of(code[:2]) != code[:2]:
        return None
    found = site(code[2:])
    return found if found is not None and found.country == code[:2] else Site(None, code[:2], None, None, None)


def _rows(name: str) -> Iterator[list[str]]:
    table = resources.files("airportsdata").joinpath(name).read_text("utf-8")
    return csv.reader(table.splitlines())


@cache
def _airports() -> MappingProxyType[str, Site]:
    # The table's own loader makes a dictionary of each of 28,000 landing strips: twice the time, for nothing.
    rows = _rows("airports.csv")
    header = next(rows)
    iata, city, country, lat, lon, zone = map(header.index, ("iata", "city", "country", "lat", "lon", "tz"))
    return MappingProxyType(
        {
            row[iata]: Site(row[city] or None, row[country], float(row[lat]), float(row[lon]), row[zone] or None)
            for row in rows
            if row[iata]
        }
    )


@cache
def _cities() -> MappingProxyType[str, Site]:
    """Cities with several airports, under the code that means all of them."""
    airports = _airports()
    rows = _rows("iata_macs.csv")
    header = next(rows)
    country, code, name, airport = map(header.index, ("Country", "City Code", "City Name", "Airport Code"))
    zones: dict[str, set[str | None]] = {}
    names: dict[str, tuple[str, str]] = {}
    for row in rows:
        names[row[code]] = (row[name], row[country])
        if row[airport] in airports:
            zones.setdefault(row[code], set()).add(airports[row[airport]].zone)
    return MappingProxyType(
        {
            code: Site(
                name, country, None, None, next(iter(found)) if len(found := zones.get(code, set())) == 1 else None
            )
            for code, (name, country) in names.items()
        }
    )
