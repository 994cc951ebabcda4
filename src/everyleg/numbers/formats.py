"""The schema of a carrier's `numbers.yaml`: its number formats, their check digits and what their parts mean."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from everyleg.numbers.checks import RULES, Weighted
from everyleg.numbers.patterns import parse

Confidence = Literal["read", "recalled"]
"""Whether a format was read in the source that it names, or is recalled from general knowledge or a list of hearsay."""


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """Which check digit a format carries. It is the pattern's group `check`, or the last character; what it checks
    is the group `body`, or all characters before."""

    rule: str | Weighted
    """A name in `checks.RULES`, or weights of its own."""
    prepend: str = ""
    """Characters put before the body that the number itself does not show."""
    sure: float = 0.99
    """The share of real numbers that keep the rule."""

    def __post_init__(self) -> None:
        if isinstance(self.rule, str) and self.rule not in RULES:
            raise ValueError(f"check rule {self.rule} is unknown; known are {', '.join(RULES)}")

    @property
    def expected(self) -> Callable[[str], str]:
        """The rule as a function of the body."""
        return RULES[self.rule] if isinstance(self.rule, str) else self.rule


class Format(Struct, frozen=True, forbid_unknown_fields=True):
    """One shape of a carrier's numbers."""

    name: str
    pattern: str
    """On the normalized number, anchored at both ends, in the language of `patterns`."""
    source: str
    """Where the format is known from."""
    confidence: Confidence
    check: Check | None = None
    weight: float = 1.0
    """How common numbers of this format are beside other carriers' numbers: 5 world-wide, 1 usual, 0.3 rare."""
    tables: dict[str, dict[str, str]] = {}
    """By named group of the pattern: what its values mean (service, country, airline), for people."""
    written: str | None = None
    """Pattern of how people write it, with separators: `9999 9999` where each 9 stands for a digit."""
    note: str | None = None
    """What else people should know of a number that fits."""

    def __post_init__(self) -> None:
        parse(self.pattern)


class S10(Struct, frozen=True, forbid_unknown_fields=True):
    """That a post issues item identifiers of the Universal Postal Union with its country's letters."""

    country: str
    """The last two letters, ISO 3166-1 alpha-2 (or letters that a carrier uses as if they were)."""
    services: list[str] = []
    """First letters, one or two, that belong to this carrier; all when empty."""
    weight: float = 3.0


class CarrierNumbers(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole `numbers.yaml`."""

    carrier: str
    """Slug."""
    source: str = ""
    """Source of the formats that name none of their own."""
    confidence: Confidence = "read"
    """Confidence of the formats that state none of their own."""
    formats: list[dict[str, object]] = []
    """Entries as in `Format`."""
    s10: list[S10] = []
