"""Countries by any name: codes of two and three letters, English, official and local names.

`countries.csv` holds ISO 3166-1 codes, the ISO and English names, the names in forty languages (Unicode CLDR) and the
forms that carriers print (`KOREA, REPUBLIC OF (SOUTH K.)`). A name that means two countries is in it for neither.
"""

import csv
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType

from everyleg.core.places.names import fold


@lru_cache(maxsize=8192)
def country_of(text: str) -> str | None:
    """ISO 3166-1 alpha-2 code of the country that a text names, None when it names none.

    Understood: `DE`, `DEU`, `Germany`, `Deutschland`, `德国`, `KOREA, REPUBLIC OF`, `Netherlands, The`, `USA`.
    """
    text = text.strip()
    codes, alpha3 = _codes()
    if (code := text.upper()) in codes:
        return code
    if code in alpha3:
        return alpha3[code]
    names = _names()
    head, comma, tail = text.partition(",")
    return names.get(fold(text)) or (names.get(fold(f"{tail} {head}")) if comma else None)


@cache
def _rows() -> tuple[tuple[str, str, str], ...]:
    table = resources.files("everyleg.core.places").joinpath("countries.csv").read_text("utf-8")
    return tuple((row[0], row[1], row[2]) for row in csv.reader(table.splitlines()[1:]))


@cache
def _codes() -> tuple[frozenset[str], MappingProxyType[str, str]]:
    rows = _rows()
    return frozenset(row[0] for row in rows), MappingProxyType({row[1]: row[0] for row in rows})


@cache
def _names() -> MappingProxyType[str, str]:
    return MappingProxyType({fold(name): code for code, _, names in _rows() for name in names.split("|")})
