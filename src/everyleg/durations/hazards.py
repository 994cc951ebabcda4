"""How soon is news to be expected? Rates by kind of news, age of the latest event, hour, weekday and minute.

For each state and kind the rate is a product: by age × by hour of the day × by day of the week × by five minutes of
the hour. A state is known to some depth (general → what happened → by whom → bound for where → by which channel); each
depth starts from the one above and is corrected by what it has seen itself, against pseudo-counts. So a carrier nobody
has seen yet behaves like any carrier in that state, and one with a hundred parcels like itself. What is known
beforehand (`prior`) of a state stands in place of what is above it, firmly, until own data outweigh it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from everyleg.durations.gaps import AGES, FIVES, LEVELS, Floats, Ints, State, Sums, age_bin, day_of
from everyleg.durations.kinds import KINDS

FACTORS: Final = (AGES, 24, 7, FIVES)
"""Age, hour of the day, day of the week, five minutes of the hour."""

_PSEUDO: Final = (5.0, 2.5, 3.75, 30.0)
"""News expected from above that stands against what was seen, at each place of a factor; of the five minutes in all."""

_FIRM: Final = 8.0
"""Times so many where a state was known beforehand: cases of a few weeks depend on each other."""

_FIRST_GUESS: Final = 1e-3
"""News of each kind in an hour, before anything is known."""

Factors = tuple[Floats, Floats, Floats, Floats]
"""Each [states, kinds, places], in the order of `FACTORS`."""


class Hazards(NamedTuple):
    """Rates of all states that were learned, at all depths."""

    index_of: dict[State, int]
    """State (to some depth) → its place in the factors."""
    factors: Factors

    def places(self, states: Iterable[State]) -> Ints:
        """For each state the place of the deepest one known that it falls under."""
        return np.array([self._place(state) for state in states], dtype=np.int64)

    def _place(self, state: State) -> int:
        for depth in range(LEVELS - 1, -1, -1):
            place = self.index_of.get(state.level(depth))
            if place is not None:
                return place
        raise AssertionError("the general case is always known")

    def rates(self, places: Ints, ages_s: Floats, local_s: Floats, weights: Floats) -> Floats:
        """Weighted news in an hour, [parcels, moments].

        Args:
            places: of each parcel's state.
            ages_s: [parcels, moments] seconds since the latest event.
            local_s: [parcels, moments] seconds since the epoch on the local clock.
            weights: [kinds] what news of each kind counts.
        """
        at = (age_bin(ages_s), *clock(local_s))
        product: Floats = np.ones((1, 1, 1))
        for factor, where in zip(self.factors, at, strict=True):
            product = product * np.moveaxis(factor, 1, 2)[places[:, None], where]
        rates: Floats = product @ weights
        return rates


def clock(local_s: Floats) -> tuple[Ints, Ints, Ints]:
    """Hour of the day, day of the week (Monday 0), five minutes of the hour."""
    fives = np.floor(local_s / 300).astype(np.int64)
    hour = fives // FIVES
    return hour % 24, day_of(hour), fives % FIVES


def learn(sums: Sums, prior: Hazards | None = None) -> Hazards:
    """The hazards that these sums speak for, standing on a prior.

    Without a prior there is one general case that knows nothing; it is then seen by the sums alone.
    """
    base = prior or _blank()
    index: dict[State, int] = {}
    done: list[Factors] = []
    for depth in range(LEVELS):
        wanted = {s.level(depth) for s in sums.states} | {s for s in base.index_of if _depth(s) == depth}
        level = sorted(state for state in wanted if _depth(state) == depth)
        if not level:
            continue
        begin = _begin(level, base, Hazards(index, _joined(done)) if done else base)
        firm = np.array([_FIRM if prior and state in prior.index_of else 1.0 for state in level])
        fitted = _fit(sums, depth, level, (begin, firm))
        done.append(fitted)
        index |= {state: len(index) + i for i, state in enumerate(level)}
    return Hazards(index, _joined(done))


def _blank() -> Hazards:
    ones = [np.ones((1, len(KINDS), size)) for size in FACTORS]
    return Hazards({State("").level(0): 0}, (ones[0] * _FIRST_GUESS, ones[1], ones[2], ones[3]))


def _depth(state: State) -> int:
    """How many words of it are known."""
    return max((i for i, word in enumerate(state, 1) if word), default=0)


def _joined(done: Sequence[Factors]) -> Factors:
    a, h, d, f = (np.concatenate([factors[i] for factors in done]) for i in range(len(FACTORS)))
    return a, h, d, f


def _begin(level: Sequence[State], base: Hazards, above: Hazards) -> Factors:
    """Where each state starts: as known beforehand, else as its parent is now."""
    parents = above.places(state.level(max(_depth(state) - 1, 0)) for state in level)
    own = np.array([base.index_of.get(state, -1) for state in level])
    known = (own >= 0)[:, None, None]
    begun = [np.where(known, mine[own], up[parents]) for mine, up in zip(base.factors, above.factors, strict=True)]
    return begun[0], begun[1], begun[2], begun[3]


def _fit(sums: Sums, depth: int, level: Sequence[State], known: tuple[Factors, Floats]) -> Factors:
    """Correct each state by what was seen in it: age, hour and day in turn against what they lead one to expect.

    `known`: where each state starts, and how firmly that stands.
    """
    begin, firm = known
    place = {state: i for i, state in enumerate(level)}
    of = np.array([place.get(state.level(depth), -1) for state in sums.states], dtype=np.int64)
    factors = [factor.copy() for factor in begin]
    if len(of):
        lived = _cells(of, sums.exposure_at, sums.exposure)
        seen = _cells(of, sums.news_at, sums.news)
        for _ in range(3 if depth == 0 else 2):
            for which in range(3):
                _correct(factors, (which, firm * _PSEUDO[which]), lived, seen)
        _minutes(factors[3], firm * _PSEUDO[3], seen)
    return factors[0], factors[1], factors[2], factors[3]


_Cells = tuple[Sequence[Ints], Floats]
"""Columns of cells, the state's place at this depth first, and what lies in them."""


def _cells(of: Ints, at: Ints, weight: Floats) -> _Cells:
    """The cells of the states that are known to this depth."""
    place = of[at[:, 0]]
    here = place >= 0
    return (place[here], *at[here, 1:].T), weight[here]


def _correct(factors: list[Floats], against: tuple[int, Floats], lived: _Cells, seen: _Cells) -> None:
    """One factor (of `against`) times (seen + pseudo) ÷ (expected + pseudo), for all kinds."""
    which, pseudo = against[0], against[1][:, None]
    (state, *cell), hours = lived
    (where, *at), news = seen
    size, states = FACTORS[which], len(factors[0])
    for kind in range(len(KINDS)):
        expected = hours * factors[0][state, kind, cell[0]]
        expected = expected * factors[1][state, kind, cell[1]] * factors[2][state, kind, cell[2]]
        expected = np.bincount(state * size + cell[which], expected, states * size).reshape(states, size)
        of = at[4] == kind
        found = np.bincount(where[of] * size + at[which][of], news[of], states * size).reshape(states, size)
        factors[which][:, kind] *= (np.maximum(found, 0) + pseudo) / (np.maximum(expected, 0) + pseudo)


def _minutes(factor: Floats, pseudo: Floats, seen: _Cells) -> None:
    """The five minutes of the hour, whose mean stays 1."""
    (where, *at), news = seen
    states, against = len(factor), pseudo[:, None]
    for kind in range(len(KINDS)):
        of = at[4] == kind
        found = np.bincount(where[of] * FIVES + at[3][of], news[of], states * FIVES).reshape(states, FIVES)
        found = np.maximum(found, 0)
        share = (found + against * factor[:, kind] / FIVES) / (found.sum(1, keepdims=True) + against)
        factor[:, kind] = share * FIVES
