"""The pattern language of number formats: what a pattern accepts, how rare that is, and examples of it.

Patterns are a subset of RE2 (and of Python's `re`) over normalized numbers, digits and capital letters: literals,
`\\d`, classes such as `[0-9A-Z]`, groups (plain, `(?:…)`, `(?P<name>…)`), `|`, `?`, `{m}` and `{m,n}`. The subset is
what lets a pattern be weighed before any number is seen.
"""

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from random import Random

from msgspec import Struct

MIXED = 0.9
"""How likely a place that takes digits and letters shows the kind (digit or letter) that it shows: such a place says a
little less than one that takes only one kind, however few letters it takes."""

MASKS_AT_MOST = 64
"""Patterns with more shapes than this are too loose to say what stands at which place."""

_TOKEN = re.compile(r"\\d|\[[0-9A-Z-]+\]|\(\?P<[a-z_]+>|\(\?:|[()|?]|\{\d+(?:,\d+)?\}|[0-9A-Z]")
_DIGITS = "0123456789"


class PatternError(ValueError):
    """A pattern that is outside the language."""


class Run(Struct, frozen=True):
    """The same characters accepted in `low` to `high` places."""

    accepted: str
    low: int = 1
    high: int = 1

    @property
    def kind(self) -> str:
        """`d` digits, `a` letters, `x` both."""
        numeric = sum(char in _DIGITS for char in self.accepted)
        return "d" if numeric == len(self.accepted) else "x" if numeric else "a"

    @property
    def share(self) -> float:
        """The share of all characters of the same kind that one place accepts."""
        return 1 / MIXED if self.kind == "x" else len(self.accepted) / (10 if self.kind == "d" else 26)


Branch = tuple[Run, ...]
"""One way through a pattern, without choices other than lengths."""


@lru_cache(maxsize=4096)
def parse(pattern: str) -> tuple[Branch, ...]:
    """All ways through a pattern.

    Raises:
        PatternError: when the pattern uses anything outside the language.
    """
    tokens = deque(_TOKEN.findall(pattern))
    if "".join(tokens) != pattern:
        raise PatternError(f"{pattern}: only literals 0-9A-Z, \\d, classes, groups, |, ? and counts are known")
    branches = _choice(tokens)
    if tokens:
        raise PatternError(f"{pattern}: a bracket is closed that was not opened")
    return tuple(branches)


def _choice(tokens: deque[str]) -> list[Branch]:
    branches = _series(tokens)
    while tokens and tokens[0] == "|":
        tokens.popleft()
        branches += _series(tokens)
    return branches


def _series(tokens: deque[str]) -> list[Branch]:
    branches: list[Branch] = [()]
    while tokens and tokens[0] not in "|)":
        atom = _atom(tokens)
        tails = _repeated(atom, *_count(tokens))
        branches = [head + tail for head, tail in product(branches, tails)]
    return branches


def _atom(tokens: deque[str]) -> list[Branch]:
    part = tokens.popleft()
    if part.startswith("("):
        branches = _choice(tokens)
        if not tokens or tokens.popleft() != ")":
            raise PatternError(f"{part}: a bracket is not closed")
        return branches
    if part[0] in "?{":
        raise PatternError(f"{part}: nothing to repeat")
    return [(Run(_DIGITS if part == "\\d" else _members(part.strip("[]"))),)]


def _members(inside: str) -> str:
    ranged = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), inside)
    return "".join(sorted(set(ranged)))


def _count(tokens: deque[str]) -> tuple[int, int]:
    if tokens and tokens[0] == "?":
        tokens.popleft()
        return 0, 1
    if tokens and tokens[0].startswith("{"):
        bounds = [int(bound) for bound in tokens.popleft()[1:-1].split(",")]
        return bounds[0], bounds[-1]
    return 1, 1


def _repeated(branches: list[Branch], low: int, high: int) -> list[Branch]:
    match branches:
        case [(Run(low=1, high=1) as place,)]:
            return [(Run(place.accepted, low, high),)]
    return [sum(parts, ()) for times in range(low, high + 1) for parts in product(branches, repeat=times)]


def shares(branches: Iterable[Branch]) -> dict[int, float]:
    """By length: the share of all texts of the same shape (kinds in the same places) that is accepted."""
    found: dict[int, float] = {}
    for branch in branches:
        for length, share in _branch_shares(branch).items():
            found[length] = found.get(length, 0.0) + share
    return found


def _branch_shares(branch: Branch) -> dict[int, float]:
    found = {0: 1.0}
    for run in branch:
        longer: dict[int, float] = {}
        for length, share in found.items():
            for times in range(run.low, run.high + 1):
                longer[length + times] = longer.get(length + times, 0.0) + share * run.share**times
        found = longer
    return found


def masks(branches: Iterable[Branch]) -> frozenset[str]:
    """The shapes accepted: `d`, `a` or `x` for each place; empty when the pattern is too loose to say."""
    found: set[str] = set()
    for branch in branches:
        shapes = [[run.kind * times for times in range(run.low, run.high + 1)] for run in branch]
        found.update("".join(parts) for parts in product(*shapes))
        if len(found) > MASKS_AT_MOST:
            return frozenset()
    return frozenset(found)


def prefix(branches: Iterable[Branch]) -> str:
    """What every accepted text begins with."""
    starts = [_start(branch) for branch in branches]
    first, last = min(starts), max(starts)
    return next((first[:at] for at, char in enumerate(first) if not last.startswith(first[: at + 1])), first)


def _start(branch: Branch) -> str:
    found = ""
    for run in branch:
        if len(run.accepted) > 1:
            break
        found += run.accepted * run.low
        if run.low != run.high:
            break
    return found


def sample(branches: tuple[Branch, ...], rng: Random) -> str:
    """A text that the pattern accepts."""
    return "".join("".join(rng.choices(run.accepted, k=rng.randint(run.low, run.high))) for run in rng.choice(branches))
