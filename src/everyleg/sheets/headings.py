"""What a column may be called: `headings.csv`, each field's name in Chinese and English and what others call it.

The daily sheet has one such table, the files of forwarders another (`traces/headings.csv`).
"""

import csv
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from msgspec import Struct


class Heading(Struct, frozen=True):
    """A column of a sheet."""

    field: str
    use: Literal["in", "out"]
    """*in*: read and written; *out*: only written, passed over when it comes back."""
    zh: str
    en: str
    aliases: tuple[str, ...]
    example: str
    about: dict[str, str]
    """What people should know of it, by language."""


_ASIDE = re.compile(r"必填|选填|required|optional", re.IGNORECASE)
_JOINT = re.compile(r"[/|｜\n()（）\[\]【】]+")


Sheet = Literal["daily", "traces"]
"""Which sheet: of parcels to follow, or of a forwarder's traces."""

_FILES = {"daily": "headings.csv", "traces": "traces/headings.csv"}


@cache
def headings(sheet: Sheet = "daily") -> tuple[Heading, ...]:
    """All columns of a sheet, in the order of the template."""
    text = resources.files("everyleg.sheets").joinpath(_FILES[sheet]).read_text("utf-8")
    return tuple(map(_heading, csv.DictReader(text.splitlines())))


def _heading(row: dict[str, str]) -> Heading:
    return Heading(
        field=row["field"],
        use="in" if row["use"] == "in" else "out",
        zh=row["zh"],
        en=row["en"],
        aliases=tuple(filter(None, row["aliases"].split("|"))),
        example=row["example"],
        about={"en": row["about_en"], "zh": row["about_zh"]},
    )


@lru_cache(maxsize=4096)
def field_of(heading: str, sheet: Sheet = "daily") -> Heading | None:
    """The column that a heading names, in either language, by any alias or in both (`国家/Country`); else None."""
    known = _known(sheet)
    plain = _ASIDE.sub("", heading)
    if found := known.get(folded(plain)):
        return found
    named = {found.field: found for part in _JOINT.split(plain) if (found := known.get(folded(part)))}
    return next(iter(named.values())) if len(named) == 1 else None


def heading_of(field: str, lang: str) -> str:
    """What a field's column is called; the name of a column that is none of ours stays."""
    heading = _by_field().get(field)
    return field if heading is None else heading.zh if lang == "zh" else heading.en


def folded(heading: str) -> str:
    """A heading without case, width, blanks and marks: what two ways of writing it share."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", heading).casefold()))


@cache
def _by_field() -> MappingProxyType[str, Heading]:
    return MappingProxyType({heading.field: heading for heading in (*headings("traces"), *headings())})


@cache
def _known(sheet: Sheet) -> MappingProxyType[str, Heading]:
    return MappingProxyType(
        {folded(name): heading for heading in headings(sheet) for name in (heading.zh, heading.en, *heading.aliases)}
    )
