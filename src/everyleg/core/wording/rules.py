"""From the concepts of a sentence to a sub-status: one table of rules, the first that holds wins.

`data/wording/rules.csv`: `sub_status,all,none,short,confidence`. A rule holds when every concept of `all` is spoken of
(`a|b`: either) and none of `none`. With `short` it holds only where little else is said: a lone word such as "arrived"
means something as a whole text, and nothing inside a long one. The order is the order of precedence: what ends or
interrupts a journey before what happens on the way, the particular before the general.
"""

import csv
from functools import cache, lru_cache
from importlib import resources

from msgspec import Struct

from everyleg.core.wording.lexicon import lexicon

DOUBT = ("not", "notyet", "future", "expect", "fail")
"""What keeps a fact from being one; `doubt` in the column `none` stands for all of them."""


class Rule(Struct, frozen=True):
    """One row of the table, in names."""

    sub_status: str
    needs: tuple[tuple[str, ...], ...]
    """All of these, each given by its alternatives."""
    none: tuple[str, ...]
    short: bool
    confidence: float


class Verdict(Struct, frozen=True):
    """What the rules make of a set of concepts."""

    sub_status: str
    confidence: float
    rank: int
    """Place of the rule in the table; lower takes precedence."""


UNSURE = Verdict("other", 0.0, 1 << 30)
"""No rule holds."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in order of precedence."""
    table = resources.files("everyleg.core").joinpath("data", "wording", "rules.csv").read_text(encoding="utf-8")
    return tuple(
        Rule(
            sub_status=row["sub_status"],
            needs=tuple(tuple(need.split("|")) for need in row["all"].split()),
            none=tuple(c for word in row["none"].split() for c in (DOUBT if word == "doubt" else (word,))),
            short=row["short"] == "yes",
            confidence=float(row["confidence"]),
        )
        for row in csv.DictReader(line for line in table.splitlines() if not line.startswith("#"))
    )


@cache
def _compiled() -> tuple[tuple[tuple[int, ...], int, bool, Verdict], ...]:
    """Rules as bits: (one of each needed, forbidden, short, verdict)."""
    bit = lexicon().bit
    return tuple(
        (
            tuple(sum(bit[c] for c in set(need)) for need in rule.needs),
            sum(bit[c] for c in set(rule.none)),
            rule.short,
            Verdict(rule.sub_status, rule.confidence, rank),
        )
        for rank, rule in enumerate(rules())
    )


@lru_cache(maxsize=1 << 14)
def judge(concepts: int, short: bool) -> Verdict:
    """Judge a set of concepts (bits of the lexicon)."""
    for needs, forbidden, only_short, verdict in _compiled():
        if not concepts & needs[0] or concepts & forbidden or (only_short and not short):
            continue
        if all(concepts & need for need in needs):
            return verdict
    return UNSURE
