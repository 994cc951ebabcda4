"""How a carrier says a step: its code, the word beside it, and where it has fixed words, those."""

from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import yaml

from everyleg.core.model import Statement


class Said(NamedTuple):
    """What a carrier prints of a step."""

    code: str
    category: str
    text: str | None
    """Fixed words; None where it says what the season says."""


@cache
def _table(name: str) -> Any:
    return yaml.load(resources.files(__package__).joinpath(name).read_bytes(), Loader=yaml.BaseLoader)  # noqa: S506


@cache
def words_of(slug: str) -> dict[str, Said]:
    """Sub-status → what the carrier prints; a sub-status that it has no code for is missing."""
    return {status: _said(row) for status, row in _table("codes.yaml").get(slug, {}).items()}


def _said(row: str | list[str]) -> Said:
    code, text = (row, None) if isinstance(row, str) else row
    plain, _, category = code.partition("|")
    return Said(plain, category, text)


def said(slug: str, event: Statement) -> tuple[str, str, str]:
    """Code, category and text with which a carrier tells a statement. A code that the season names is printed as is."""
    known = words_of(slug).get(event.sub_status)
    text = event.text or event.sub_status.replace("_", " ").capitalize()
    if event.code:
        return event.code, known.category if known and known.code == event.code else "", text
    if known is None:
        return "", "", text
    return known.code, known.category, known.text or text


def name_of(slug: str) -> str:
    """How forwarders write a carrier's name."""
    named: str = _table("names.yaml").get(slug) or slug.replace("-", " ").title()
    return named
