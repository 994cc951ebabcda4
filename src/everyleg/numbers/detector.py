"""Which carriers a number may belong to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

import re2
from msgspec import Struct

from everyleg.numbers.formats import Format
from everyleg.numbers.lookalikes import Repair, repairs
from everyleg.numbers.normalize import normalize
from everyleg.numbers.ranking import Candidate, Entry, Hit, rank

SETTLED = 0.5
"""A first candidate of this confidence is not doubted: no character is read otherwise."""

MEMORY = 256 << 20
"""What the automaton over all patterns may use at most, in bytes; it grows with what it sees."""


class Detection(Struct, frozen=True):
    """What is known of one number, as command line and API show it."""

    input: str
    normalized: str | None
    """Nothing when the number is refused; then the last of the changes says why."""
    changes: list[str]
    candidates: list[Candidate]
    """Best first."""


class Detector:
    """Finds carriers by number. Built once from all carriers' formats; matching does not slow down with their count."""

    def __init__(self, formats_by_carrier: Mapping[str, Sequence[Format]]) -> None:
        by_pattern: dict[str, list[Entry]] = {}
        for carrier, formats in formats_by_carrier.items():
            for form in formats:
                by_pattern.setdefault(form.pattern, []).append(Entry(carrier, form))
        self._entries = list(by_pattern.values())
        options = re2.Options()
        options.max_mem, options.never_capture = MEMORY, True
        self._set = re2.Set.FullMatchSet(options)
        for pattern in by_pattern:
            self._set.Add(pattern)
        self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """Which of the different patterns accept a normalized number, as indexes in no order."""
        found: list[int] | None = self._set.Match(text)
        return found or []

    def detect(self, text: str) -> Detection:
        """Clean a number up and rank the carriers it may belong to; ambiguity shows as low confidence."""
        clean = normalize(text)
        if clean.text is None:
            return Detection(text, None, clean.changes, [])
        written = re.sub(r"\d", "9", text.strip())
        plain = Repair(clean.text, []), rank(self._hits(clean.text, written))
        if plain[1] and plain[1][0].confidence >= SETTLED:
            repair, candidates = plain
        else:
            repair, candidates = max([plain, *self._repaired(clean.text)], key=_confidence)
        return Detection(text, repair.text, clean.changes + repair.changes, candidates)

    def _hits(self, text: str, written: str = "") -> list[Hit]:
        if not (text.isascii() and any(map(str.isdigit, text))):
            return []
        return [Hit(entry, text, written) for index in self.matching(text) for entry in self._entries[index]]

    def _repaired(self, text: str) -> Iterator[tuple[Repair, list[Candidate]]]:
        for repair in repairs(text, self._masks.get(len(text), ())):
            yield repair, rank(hit for hit in self._hits(repair.text) if hit.fits)

    @cached_property
    def _masks(self) -> dict[int, list[str]]:
        """By length: the shapes that a check digit can confirm."""
        found: dict[int, set[str]] = {}
        for entry in chain.from_iterable(self._entries):
            for mask in entry.masks:
                found.setdefault(len(mask), set()).add(mask)
        return {length: sorted(masks) for length, masks in found.items()}


def _confidence(found: tuple[Repair, list[Candidate]]) -> float:
    return found[1][0].confidence if found[1] else 0.0
