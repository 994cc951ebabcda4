"""Places that come as one text: `LOS ANGELES GATEWAY, CA - USA`, `DONGGUAN,CN`, `Puurs (BE)`, `LAX`.

Split only as far as a text is unmistakable. Two letters behind a city can be a country, a state of four countries or an
Italian province (`Recife, PE` is not in Peru): where they mean several, the one counts that has such a city, or none.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from everyleg.core.places.airports import site
from everyleg.core.places.cities import cities_named
from everyleg.core.places.countries import country_of
from everyleg.core.places.names import fold_city
from everyleg.core.places.regions import Region, region_of, regions_named
from everyleg.core.time.zones import zones_of


class Parts(NamedTuple):
    """What a text says of a place."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal_code: str | None = None
    code: str | None = None


_BRACKETED = re.compile(r"[\[【]([^\[\]【】\d]+)[\]】].*", re.DOTALL)
_PARENTHESISED = re.compile(r"([^()]+?)\s*\(([^()]+)\)")
_SLASHED = re.compile(r"(?:.* - )?([^/]+?)\s*/\s*([A-Z]{2})")
_CITY_LETTERS = re.compile(r"(.+?)\s+([A-Z]{2,3})")
_LETTERS_CITY = re.compile(r"([A-Z]{2})\s+(\D+)")
_POSTAL_CODE = re.compile(r"[0-9]{5}-[0-9]{3,4}|[0-9]{3} [0-9]{2}|[0-9]{4,6}")
_POSTAL_CODE_CITY = re.compile(rf"({_POSTAL_CODE.pattern})\s+(\D+)")
_STATE_ZIP = re.compile(r"([A-Z]{2})\s+([0-9]{5}(?:-[0-9]{4})?)")

_FACILITY = re.compile(
    r"(?:\s+(?:international|intl|network|air|mail|sort|sorting|distribution|service|delivery|processing|ops|logistics"
    r"|regional))*\s+(?:hub|gateway|airport|apt|depot|facility|center|centre|terminal|warehouse)",
    re.IGNORECASE,
)
"""What carriers add to a city's name: `CINCINNATI HUB`, `JERSEY CITY NETWORK DISTRIBUTION CENTER`."""

_ALSO_ITALIAN = frozenset(
    {
        "AL",
        "AR",
        "BA",
        "CA",
        "CE",
        "CO",
        "CT",
        "ES",
        "GO",
        "MA",
        "ME",
        "MI",
        "MN",
        "MO",
        "MS",
        "MT",
        "OR",
        "PA",
        "PB",
        "PE",
        "PI",
        "PR",
        "RI",
        "RN",
        "RO",
        "SP",
        "TN",
        "VA",
        "VT",
    }
)
"""Codes of states and provinces in `regions.csv` that are Italian provinces too."""

_NO_COUNTRY = frozenset({"BZ"})
"""Alpha-2 codes that stand for something else behind a place: `BZ` is a Briefzentrum, not Belize."""


@lru_cache(maxsize=16_384)
def split(raw: str, country: str | None = None) -> Parts:
    """The parts of a place's text.

    Args:
        raw: one line without blanks at its ends.
        country: ISO alpha-2 of its country, where the source gives that apart.
    """
    for shape in (_whole, _bracketed, _parenthesised, _slashed, _dashed, _listed, _blank_between):
        parts = shape(raw, country)
        if parts is not None:
            # A text that contradicts its own country field is not understood.
            return parts if country is None or parts.country in {None, country} else Parts()
    return Parts()


def _whole(raw: str, _: str | None) -> Parts | None:
    """A country or an airport, nothing else."""
    is_code = len(raw) == 3 and raw.isupper() and raw.isascii()
    hub, land = site(raw) if is_code else None, _country(raw)
    if hub is None:
        return Parts(country=land) if land else None
    if land is None:
        return Parts(code=raw)
    # CAN is Canada and Guangzhou; USA is an airstrip that no parcel sees.
    return Parts(country=land) if raw == "USA" else Parts()


def _bracketed(raw: str, _: str | None) -> Parts | None:
    """`[Shatian Town] …`."""
    match = _BRACKETED.fullmatch(raw)
    return Parts(city=match[1].strip()) if match else None


def _parenthesised(raw: str, _: str | None) -> Parts | None:
    """`Puurs (BE)`, `Frankfurt (FRA)`."""
    match = _PARENTHESISED.fullmatch(raw)
    if match is None:
        return None
    head, inner = match.groups()
    if len(inner) == 3 and inner.isupper():
        return Parts(city=_city(head), code=inner) if _is_hub(inner, head) else None
    land = _country(inner) or _upper_code(inner)
    return Parts(city=_city(head), country=land) if land else None


def _slashed(raw: str, country: str | None) -> Parts | None:
    """`CTCE FORTALEZA - Fortaleza / CE`."""
    match = _SLASHED.fullmatch(raw)
    return _before_letters(match[1], match[2], country, sure=True) if match else None


def _dashed(raw: str, country: str | None) -> Parts | None:
    """`LOS ANGELES GATEWAY, CA - USA`."""
    head, dash, tail = raw.rpartition(" - ")
    if _is_hub(tail, head):
        return Parts(city=_city(head), code=tail)
    land = (_country(tail) or _upper_code(tail)) if dash else None
    return _listed(f"{head}, {land}", land) or Parts(country=land) if land else None


def _listed(raw: str, country: str | None) -> Parts | None:
    """`New York, NY`, `FRANKFURT, HE, DE`, `Houston, TX 77001`, `El Cajon, California, 92019, USA, United States`."""
    items, postal_code = _without_postal_code([item for part in raw.split(",") if (item := part.strip())])
    if len(items) == 1 and postal_code:
        return (_blank_between(items[0], country) or Parts())._replace(postal_code=postal_code)
    if len(items) < 2:
        return None
    if len(items) == 2 and _is_hub(items[1], items[0]):
        return Parts(city=_city(items[0]), code=items[1])
    items, land = _without_country(items, country)
    return _of_items(items, land or country)._replace(postal_code=postal_code)


def _of_items(items: list[str], land: str | None) -> Parts:
    """A city, a region, or a city and its region; three items and more are an address, which only tells the country."""
    if len(items) == 2:
        return _before_letters(items[0], items[1], land, sure=True) or Parts(country=land)
    if len(items) > 2:
        return Parts(country=land)
    region = region_of(land, items[0]) if land else None
    if region is not None and region.code == items[0]:
        return Parts(region=items[0], country=land)
    return Parts(city=_city(items[0]), country=land)


def _blank_between(raw: str, country: str | None) -> Parts | None:
    """`BRISBANE QLD`, `DONGGUAN CN`, `DE Berlin`, `212 16 Malmö`: only with cities known, for words look like codes."""
    if match := _POSTAL_CODE_CITY.fullmatch(raw):
        return Parts(city=_city(match[2]), postal_code=match[1])
    if match := _CITY_LETTERS.fullmatch(_FACILITY.sub("", raw)):
        sure = len(match[2]) == 3 and region_of("AU", match[2]) is not None
        return _before_letters(match[1], match[2], country, sure=sure)
    if (match := _LETTERS_CITY.fullmatch(raw)) and cities_named(match[1], match[2]):
        return Parts(city=match[2], country=match[1])
    return None


def _without_postal_code(items: list[str]) -> tuple[list[str], str | None]:
    found = next((item for item in items[1:] if _POSTAL_CODE.fullmatch(item)), None)
    if found:
        return [item for item in items if item != found], found
    if items and (match := _STATE_ZIP.fullmatch(items[-1])):
        return [*items[:-1], match[1]], match[2]
    return items, None


def _without_country(items: list[str], country: str | None) -> tuple[list[str], str | None]:
    """Takes the country off the end, also where it stands twice or in two parts (`KOREA, REPUBLIC OF`)."""
    land: str | None = None
    while len(items) > 1:
        pair = _country(", ".join(items[-2:])) if len(items) > 2 else None
        last = pair or _country(items[-1])
        if last is None and (country or len(items) > 2) and items[-1].isupper():
            # Two letters that are a state elsewhere: a country when known to be this one, or behind another code.
            code = _upper_code(items[-1])
            last = code if code == country or (not country and len(items[-2]) <= 3) else None
        if last is None or (land and last != land):
            break
        items, land = items[: -2 if pair else -1], last
    return items, land


def _before_letters(city: str, letters: str, country: str | None, *, sure: bool) -> Parts | None:
    """A city before a state or country, None where the letters mean nothing, or too much.

    Args:
        city: what stands before; a facility's name is cut to its city.
        letters: a code or a region's name.
        country: ISO alpha-2, where it is known already.
        sure: whether the letters are set off by a sign, so that one meaning is enough.
    """
    name = _city(city)
    if country is not None:
        region = region_of(country, letters)
        known = region is not None or (sure and letters.isupper() and len(letters) <= 3)
        return Parts(city=name, region=letters, country=country) if known else None
    meanings: list[Region | str] = list(regions_named(letters))
    if land := country_of(letters) if len(letters) > 3 else _upper_code(letters):
        meanings.append(land)
    unmistakable = sure and len(meanings) == 1 and (letters not in _ALSO_ITALIAN or meanings == [land])
    if not unmistakable:
        meanings = [meaning for meaning in meanings if name and _known(name, meaning)]
    if len(meanings) != 1:
        return None
    meaning = meanings[0]
    if isinstance(meaning, Region):
        return Parts(city=name, region=letters, country=meaning.country)
    return Parts(city=name, country=meaning)


def _known(city: str, where: Region | str) -> bool:
    """Whether a country, or a state of the US, has a city of that name."""
    if isinstance(where, str):
        return bool(cities_named(where, city))
    towns = cities_named(where.country, city)
    return bool(towns) and (where.country != "US" or any(state == where.code for state, _ in towns))


def _country(text: str) -> str | None:
    """The country that a text means and nothing else: `Georgia` and `CA` are states as well."""
    land = country_of(text)
    if land is None or (len(text) == 2 and not text.isupper()):
        return None
    # Puerto Rico and Guam are both country and state, and the same place.
    elsewhere = any(region.zones != zones_of(land) for region in regions_named(text))
    return None if elsewhere or text in _NO_COUNTRY else land


def _upper_code(text: str) -> str | None:
    """The country of a code in capitals, even if it means a state as well."""
    return country_of(text) if 2 <= len(text) <= 3 and text.isupper() and text not in _NO_COUNTRY else None


def _is_hub(letters: str, city: str) -> bool:
    """Whether three capitals are the airport of the city before them: `FRA` behind Frankfurt is not France."""
    found = site(letters) if len(letters) == 3 and letters.isupper() else None
    if found is None or not found.city:
        return False
    own, said = fold_city(found.city), fold_city(_FACILITY.sub("", city))
    return bool(said) and (own.startswith(said) or said.startswith(own))


def _city(text: str) -> str | None:
    """A city without its facility; None for what may be an address or several places."""
    name = _FACILITY.sub("", text).strip()
    return name if name and len(name) <= 40 and not re.search(r"[\d/,]", name) else None
