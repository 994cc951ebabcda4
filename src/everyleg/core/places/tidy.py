"""Places as sources give them, made tidy: blanks, words for nothing, countries in any form, codes, composite texts."""

import re
from functools import lru_cache

from msgspec import structs

from everyleg.core.model import NOWHERE, Place
from everyleg.core.places.airports import site
from everyleg.core.places.composite import split
from everyleg.core.places.countries import country_of

_NOTHING = re.compile(r"[\W_]*|null|none|nil|n/a|undefined|unknown|string", re.IGNORECASE)
"""What sources write for nothing (`string` is the example value of generated documentation)."""


@lru_cache(maxsize=65_536)
def place(  # noqa: PLR0913, PLR0917 - the parts that sources give, by name
    raw: str | None = None,
    city: str | None = None,
    region: str | None = None,
    country: str | None = None,
    postal_code: str | None = None,
    code: str | None = None,
    lat: float | str | None = None,
    lon: float | str | None = None,
) -> Place:
    """The place that a source describes, as far as it said or named it unmistakably; the rest is None.

    Args:
        raw: what the source said; split into parts when neither city nor code is given.
        city: as the source has it; never respelled.
        region: state or province, by code or name; never respelled.
        country: in any form that `country_of` knows.
        postal_code: as the source has it.
        code: IATA or UN/LOCODE. It gives city, country and coordinates where they are missing; dropped when it is
            neither, or lies in another country than the one given.
        lat: degrees north, number or text.
        lon: degrees east, number or text.
    """
    raw, city, region = _tidy(raw), _tidy(city), _tidy(region)
    postal_code, code = _tidy(postal_code), _tidy(code)
    land = country_of(country) if (country := _tidy(country)) else None
    if raw is not None and city is None and code is None:
        parts = split(raw, land)
        land = land or parts.country
        city, code = parts.city, parts.code
        region, postal_code = region or parts.region, postal_code or parts.postal_code
    built = Place(raw, city, region, land, postal_code, None, *_point(lat, lon))
    if code is not None:
        built = _with_code(built, code)
    return NOWHERE if built == NOWHERE else built


def _tidy(text: str | None) -> str | None:
    if text is None:
        return None
    text = " ".join(text.split())
    return None if _NOTHING.fullmatch(text) else text


def _with_code(built: Place, code: str) -> Place:
    """The place with what its code tells."""
    found = site(code.upper())
    if found is None or built.country not in {None, found.country}:
        return structs.replace(built, raw=built.raw or code)
    located = built.lat is not None
    return structs.replace(
        built,
        city=built.city or found.city,
        country=found.country,
        code=code.upper(),
        lat=built.lat if located else found.lat,
        lon=built.lon if located else found.lon,
    )


def _point(lat: float | str | None, lon: float | str | None) -> tuple[float | None, float | None]:
    """Coordinates that can be meant: on the globe, and not the zero point where missing ones end up."""
    try:
        north, east = float(lat or 0), float(lon or 0)
    except ValueError:
        return None, None
    if (north, east) == (0, 0) or not (-90 <= north <= 90 and -180 <= east <= 180):
        return None, None
    return north, east
