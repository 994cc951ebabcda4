"""Do parcels of one batch move together? When the others of a cohort have their next news, once one of them had it.

Counted for the event that was left and for the one that came: customs releases a consignment as a whole, a door opens
for one parcel. Plain sums of pairs, so they can be added and taken back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from everyleg.durations.gaps import HOUR, Floats

LAG_EDGES: Final = np.array([-24, -4, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 4, 8, 24]) * HOUR
"""Seconds from one parcel's news to another's."""

LAGS: Final = len(LAG_EDGES)
"""Places of a sum: between each two edges, and at last the pairs of which the other one stayed for longer."""

_MOST_MOVERS: Final = 100
"""Of one cohort at one event: with so many of them each of the others is compared; the rest would say the same."""

_PSEUDO: Final = 30.0
"""Pairs, expected from above, that stand against those counted."""

_WINDOW: Final = slice(2, 10)
"""What counts as together: within two hours before or after."""

Told = tuple[str, str]
"""Sub-status and carrier of an event."""


class Move(NamedTuple):
    """A member of a cohort going from one state to the next, in seconds since the epoch."""

    cohort: str
    left: Told
    came: Told
    entered: float
    at: float


class Together(NamedTuple):
    """Sums of pairs by lag, for each event that was left or came; the carrier is empty for all carriers together."""

    left: Mapping[Told, Floats]
    came: Mapping[Told, Floats]

    def leaving(self, state: Told) -> float:
        """Share of the others in this state that leave it together with one that does, 0 to 1."""
        return float(_shares(self.left, state)[_WINDOW].sum())

    def coming(self, event: Told) -> Floats:
        """By `LAG_EDGES`: share of the others that have their news by then, once one has this event at nought."""
        return np.concatenate([[0.0], np.cumsum(_shares(self.came, event)[:-1])])


def together_of(moves: Iterable[Move]) -> Together:
    """What these moves say. Cohorts of one say nothing."""
    groups: dict[tuple[str, Told], list[Move]] = defaultdict(list)
    for move in moves:
        groups[move.cohort, move.left].append(move)
    left: dict[Told, Floats] = {}
    came: dict[Told, Floats] = {}
    for (_, state), some in groups.items():
        movers = some[:: len(some) // _MOST_MOVERS + 1] if len(some) > 1 else []
        for move, pairs in zip(movers, _pairs(some, movers), strict=True):
            _add(left, state, pairs)
            _add(came, move.came, pairs)
    return Together(left, came)


def _pairs(some: list[Move], movers: list[Move]) -> Floats:
    """[movers, lags] the others that stood where each mover did, by when they left."""
    at, entered = np.array([move.at for move in some]), np.array([move.entered for move in some])
    counts = np.zeros((len(movers), LAGS))
    for i, move in enumerate(movers):
        there = entered <= move.at
        lag = at[there] - move.at
        place = np.searchsorted(LAG_EDGES, lag[lag >= LAG_EDGES[0]], "right") - 1
        counts[i] = np.bincount(np.minimum(place, LAGS - 1), minlength=LAGS)
        counts[i, LAG_EDGES.searchsorted(0.0)] -= 1  # itself
    return counts


def _add(sums: dict[Told, Floats], key: Told, pairs: Floats) -> None:
    for told in (key, (key[0], ""), ("", "")):
        sums[told] = sums[told] + pairs if told in sums else pairs


def _shares(sums: Mapping[Told, Floats], key: Told) -> Floats:
    """Shrunk: this event of this carrier → this event → any."""
    shares = np.zeros(LAGS)
    shares[-1] = 1.0
    for told in (("", ""), (key[0], ""), key):
        found = np.maximum(sums.get(told, np.zeros(LAGS)), 0.0)
        shares = (found + _PSEUDO * shares) / (found.sum() + _PSEUDO)
    return shares


def added(one: Together, other: Together) -> Together:
    """Both sums together."""
    left, came = dict(one.left), dict(one.came)
    for sums, more in ((left, other.left), (came, other.came)):
        for told, pairs in more.items():
            sums[told] = sums[told] + pairs if told in sums else pairs
    return Together(left, came)
