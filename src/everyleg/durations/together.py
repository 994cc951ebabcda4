"""Do parcels of one batch move together? How far from the middle of their batch they have their next news.

Counted for the event that was left and for the one that came: customs releases a consignment as a whole, a door opens
for one parcel. Plain sums over members, so they can be added and taken back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct, field

from everyleg.durations.gaps import HOUR, Floats, Ints

LAG_EDGES: Final = (
    np.array([-24, -12, -8, -4, -3, -2, -1.5, -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8, 12, 24])
    * HOUR
)
"""Seconds from the middle of the batch to a member's news."""

LAGS: Final = len(LAG_EDGES) + 1
"""Places of a sum: before the first edge, between each two, after the last."""

REACH: Final = 72 * HOUR
"""Seconds before and after the middle within which all lies, as far as curves are concerned."""

STEP: Final = 600.0
"""Seconds from one place of a curve to the next."""

CURVE_LAGS: Final = np.arange(-REACH, REACH + STEP, STEP)
"""Seconds from the middle, by place of a curve."""

_PSEUDO: Final = 30.0
"""Members, expected from above, that stand against those counted."""

_WITHIN: Final = 4 * HOUR
"""What may count as together: so long before or after the middle."""

_WIDTHS: Final = np.diff(LAG_EDGES)
_INSIDE: Final = (LAG_EDGES[:-1] >= -_WITHIN) & (LAG_EDGES[1:] <= _WITHIN)

Told = tuple[str, str]
"""Sub-status and carrier of an event."""


class Move(NamedTuple):
    """A member of a cohort going from one state to the next, in seconds since the epoch."""

    cohort: str
    left: Told
    came: Told
    entered: float
    at: float


class Together(Struct, frozen=True):
    """Sums of members by lag, for each event that was left or came; the carrier is empty for all carriers together."""

    left: Mapping[Told, Floats]
    came: Mapping[Told, Floats]
    _curves: dict[tuple[str, Told], Floats] = field(default_factory=dict)
    """Those that were asked for."""

    def leaving(self, state: Told) -> float:
        """Share of those in this state that leave it together with their batch, 0 to 1."""
        return float(self.gone(state)[-1])

    def gone(self, state: Told) -> Floats:
        """By `CURVE_LAGS`: share of those in this state that left it by then together with their batch."""
        return self._curve("left", self.left, state)

    def told(self, event: Told) -> Floats:
        """By `CURVE_LAGS`: share of those to whom this event comes that have it by then together with their batch."""
        return self._curve("came", self.came, event)

    def _curve(self, name: str, sums: Mapping[Told, Floats], told: Told) -> Floats:
        found = self._curves.get((name, told))
        if found is None:
            found = self._curves[name, told] = _curve(_shares(sums, told))
        return found


def together_of(moves: Iterable[Move]) -> Together:
    """What these moves say. Cohorts of one say nothing."""
    groups: dict[tuple[str, Told], list[Move]] = defaultdict(list)
    for move in moves:
        groups[move.cohort, move.left].append(move)
    left: dict[Told, Floats] = {}
    came: dict[Told, Floats] = {}
    for (_, state), some in groups.items():
        if len(some) < 2:
            continue
        places = _places(some)
        by_event: dict[Told, list[int]] = defaultdict(list)
        for move, place in zip(some, places.tolist(), strict=True):
            if place >= 0:
                by_event[move.came].append(place)
        for event, there in by_event.items():
            counts = np.bincount(there, minlength=LAGS).astype(float)
            _add(left, state, counts)
            _add(came, event, counts)
    return Together(left, came)


def _places(some: list[Move]) -> Ints:
    """Of each mover its place by lag; -1 where it came to the others only when they had gone."""
    at, entered = np.array([move.at for move in some]), np.array([move.entered for move in some])
    middle = _middle_of_the_others(at)
    places = np.searchsorted(LAG_EDGES, at - middle, "right")
    return np.where(entered <= middle, places, -1)


def _middle_of_the_others(at: Floats) -> Floats:
    """For each the median of all but itself."""
    order = np.argsort(at)
    ranked, rank = at[order], np.arange(len(at))
    below, above = (len(at) - 2) // 2, (len(at) - 1) // 2
    middle = np.empty(len(at))
    middle[order] = (ranked[below + (rank <= below)] + ranked[above + (rank <= above)]) / 2
    return middle


def _add(sums: dict[Told, Floats], key: Told, counts: Floats) -> None:
    for told in (key, (key[0], ""), ("", "")):
        sums[told] = sums[told] + counts if told in sums else counts


def _shares(sums: Mapping[Told, Floats], key: Told) -> Floats:
    """Shrunk: this event of this carrier → this event → any."""
    shares = np.zeros(LAGS)
    shares[0] = shares[-1] = 0.5
    for told in (("", ""), (key[0], ""), key):
        found = np.maximum(sums.get(told, np.zeros(LAGS)), 0.0)
        shares = (found + _PSEUDO * shares) / (found.sum() + _PSEUDO)
    return shares


def _curve(shares: Floats) -> Floats:
    """What stands out around the middle from what comes at any time, summed up."""
    between = shares[1:-1]
    anytime = between[~_INSIDE].sum() / _WIDTHS[~_INSIDE].sum()
    together = np.where(_INSIDE, np.maximum(between - anytime * _WIDTHS, 0.0), 0.0)
    by: Floats = np.interp(CURVE_LAGS, LAG_EDGES, np.append(0.0, np.cumsum(together)))
    return by


def added(one: Together, other: Together) -> Together:
    """Both sums together."""
    left, came = dict(one.left), dict(one.came)
    for sums, more in ((left, other.left), (came, other.came)):
        for told, counts in more.items():
            sums[told] = sums[told] + counts if told in sums else counts
    return Together(left, came)
