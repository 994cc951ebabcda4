"""What is said of a sheet and of its rows, in the reader's language: one table of words, `words.csv`."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from everyleg.sheets.headings import heading_of

Lang = Literal["zh", "en"]


class Note(Struct, frozen=True):
    """One thing to say of a row: its kind (a line of `words.csv`) and what it is about."""

    kind: str
    about: dict[str, str] = {}
    """By the name it has in the words; under `column` and `columns` fields of the sheet (several: with `|` between),
    under `how` and `why` further kinds, said in the language of the rest."""

    def said(self, lang: Lang) -> str:
        """The note in words."""
        return say(self.kind, lang, **self.about)


class SheetError(Exception):
    """A sheet that cannot be read at all: its words say what is wrong and what to do."""

    def __init__(self, kind: str, **about: object) -> None:
        self.note = Note(kind, {name: str(value) for name, value in about.items()})
        super().__init__(self.note.said("en"))


class Refused(Exception):  # noqa: N818  (said of a cell, like the word in every sheet)
    """A cell that is not understood, and why."""

    def __init__(self, kind: str, **about: object) -> None:
        self.note = Note(kind, {name: str(value) for name, value in about.items()})
        super().__init__(kind)


def say(kind: str, lang: Lang, **about: str) -> str:
    """The words of a kind in a language, filled in."""
    words = _table()[lang].get(kind, kind)
    return words.format_map({name: _filled(name, value, lang, about) for name, value in about.items()})


def say_all(notes: Sequence[Note], lang: Lang) -> str:
    """Several notes as one text."""
    return ("；" if lang == "zh" else "; ").join(note.said(lang) for note in notes)


def _filled(name: str, value: str, lang: Lang, about: dict[str, str]) -> str:
    comma = "、" if lang == "zh" else ", "
    if name in ("column", "columns"):
        return comma.join(heading_of(field, lang) for field in value.split("|"))
    if name in ("how", "why"):
        return comma.join(_table()[lang].get(kind, kind).format_map(about) for kind in value.split("|"))
    return value


@cache
def _table() -> MappingProxyType[str, dict[str, str]]:
    text = resources.files("everyleg.sheets").joinpath("words.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return MappingProxyType({lang: {row["kind"]: row[lang] for row in rows} for lang in ("en", "zh")})
