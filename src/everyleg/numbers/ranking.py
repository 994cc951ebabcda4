"""From the formats that fit a number to ranked candidates: how likely is each carrier, and why.

Each format that fits is weighed by how common it is and by how much it narrows: a number with digits and letters in
these places would satisfy the pattern by chance once in so many, and its check digit once in ten. Beside them stands
the possibility that the number is none of the formats known, so a shape that says little never yields certainty.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from everyleg.numbers.formats import Format
from everyleg.numbers.patterns import masks, parse, prefix, shares

UNKNOWN_DIGITS = 10.0
"""Weight of "none of these" for a number of digits only: most carriers of the world number that way."""
UNKNOWN_LETTERS = 1.0
"""The same for a number with letters in it."""
TRUST = {"read": 0.98, "recalled": 0.7}
"""How far a format is believed, by how it is known."""
FAILED = 0.3
"""What is left of a candidate's confidence when its check digit does not fit."""
AS_WRITTEN = 20.0
"""How much more likely a format is when the number was written in its own grouping."""
TIED = 0.8
"""Candidates within this ratio of the first are equally likely."""
NEGLIGIBLE = 0.005
"""Candidates below this ratio of the first are left out."""
EXACT = 15
"""Digits that a spreadsheet keeps of a number; it makes all after them 0."""


class Candidate(Struct, frozen=True):
    """A carrier whose number this may be."""

    carrier: str
    format: str
    confidence: float
    """0…1, in the light of all that is known of other carriers' numbers."""
    reasons: list[str]


class Entry:
    """A carrier's format, prepared for weighing. All costly work is done once, here."""

    def __init__(self, carrier: str, form: Format) -> None:
        self.carrier, self.format = carrier, form
        self._branches = parse(form.pattern)
        self.trust = TRUST[form.confidence]

    @cached_property
    def odds(self) -> dict[int, float]:
        """By length: how much likelier a fitting number is under this format than under none."""
        by_length = shares(self._branches)
        return {n: self.format.weight * self.trust / share / len(by_length) for n, share in by_length.items()}

    @cached_property
    def masks(self) -> frozenset[str]:
        """What kind of character stands where, for formats that a check digit can confirm."""
        return masks(self._branches) if self.format.check else frozenset()

    @cached_property
    def prefix(self) -> str:
        """What all numbers of the format begin with."""
        return prefix(self._branches)

    @cached_property
    def parts(self) -> re.Pattern[str]:
        """The pattern as a splitter into its named groups."""
        return re.compile(self.format.pattern)


class Hit:
    """An entry whose pattern fits a number, weighed."""

    def __init__(self, entry: Entry, text: str, written: str) -> None:
        self.entry, self.text = entry, text
        form = entry.format
        split = entry.parts.fullmatch(text) if entry.parts.groupindex else None
        self.groups = split.groupdict() if split else {}
        self.digit = self.groups.get("check") or text[-1]
        self.expected = self._expected()
        self.as_written = bool(form.written) and form.written == written
        self.weight = entry.odds[len(text)] * self._check_odds() * (AS_WRITTEN if self.as_written else 1)

    @property
    def fits(self) -> bool | None:
        """Whether the check digit fits; nothing when the format has none."""
        return None if self.expected is None else self.expected == self.digit

    def _expected(self) -> str | None:
        check = self.entry.format.check
        if check is None:
            return None
        return check.expected(check.prepend + (self.groups.get("body") or self.text[:-1]))

    def _check_odds(self) -> float:
        check = self.entry.format.check
        if check is None:
            return 1.0
        by_chance = 0.1 if self.digit.isdigit() else 1 / 26
        return check.sure / by_chance if self.fits else (1 - check.sure) / (1 - by_chance)


def rank(hits: Iterable[Hit]) -> list[Candidate]:
    """Candidates, best first: one for each carrier, without the negligible."""
    best: dict[str, Hit] = {}
    for hit in hits:
        rival = best.setdefault(hit.entry.carrier, hit)
        best[hit.entry.carrier] = max(hit, rival, key=lambda one: (one.weight, one.entry.format.name))
    if not best:
        return []
    digits_only = next(iter(best.values())).text.isdigit()
    total = (UNKNOWN_DIGITS if digits_only else UNKNOWN_LETTERS) + sum(hit.weight for hit in best.values())
    scored = sorted(((_confidence(hit, total), hit) for hit in best.values()), key=_order)
    kept = [(score, hit) for score, hit in scored if score >= scored[0][0] * NEGLIGIBLE]
    return [
        Candidate(hit.entry.carrier, hit.entry.format.name, round(score, 3), _reasons(hit, kept, alone=len(best) == 1))
        for score, hit in kept
    ]


def tied(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that are as likely as the first, with it."""
    return [one for one in candidates if one.confidence >= candidates[0].confidence * TIED]


def _confidence(hit: Hit, total: float) -> float:
    return hit.weight / total * hit.entry.trust * (FAILED if hit.fits is False else 1)


def _order(scored: tuple[float, Hit]) -> tuple[float, float, str]:
    score, hit = scored
    return -score, -hit.entry.trust, hit.entry.carrier


def _reasons(hit: Hit, kept: Sequence[tuple[float, Hit]], *, alone: bool) -> list[str]:
    form, others = hit.entry.format, [other.entry.carrier for _, other in kept if other is not hit]
    found = [_shape(hit.text, hit.entry.prefix, alone=alone)]
    if hit.fits is not None:
        found.append(_check_words(hit))
    if hit.as_written:
        found.append(f"written as {form.written}, in this format's own groups")
    found += _meanings(hit)
    if form.confidence == "recalled":
        found.append("this format comes from hearsay, not from the carrier's documents")
    if form.note:
        found.append(form.note)
    if others:
        found.append(f"also possible: {', '.join(others)}")
    return found


def _shape(text: str, start: str, *, alone: bool) -> str:
    kind = "digits" if text.isdigit() else "characters"
    shape = f"begins with {start}, {len(text)} {kind}" if start else f"{len(text)} {kind}"
    return f"{shape}; no other known carrier's numbers look so" if alone else shape


def _check_words(hit: Hit) -> str:
    if hit.fits:
        return f"check digit fits ({hit.digit})"
    rounded = hit.text.isdigit() and not hit.text[EXACT:].strip("0") and len(hit.text) > EXACT
    cause = "a spreadsheet has rounded it" if rounded else "mistyped, or another carrier's number"
    return f"check digit is wrong: it should be {hit.expected}, not {hit.digit}; {cause}"


def _meanings(hit: Hit) -> list[str]:
    return [
        f"{group} {hit.groups[group]}: {words}"
        for group, table in hit.entry.format.tables.items()
        if (words := _meaning(table, hit.groups[group]))
    ]


def _meaning(table: dict[str, str], value: str | None) -> str | None:
    starts = (value[:end] for end in range(len(value or ""), 0, -1)) if value else iter(())
    return next((table[start] for start in starts if start in table), None)
