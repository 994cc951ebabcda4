"""The time between one piece of news and the next, as sums that can be added and taken back.

A *gap* is lived through in a state (what the latest event says, its carrier, where the parcel goes): it ends with news
of some kind, or is still open. What is kept of it is where its hours fell (by age of the latest event, hour of the day,
day of the week) and where its news fell. Both are plain sums over gaps, so the order of learning does not matter and a
gap that proves wrong is subtracted.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR: Final = 3600.0
AGE_EDGES: Final = (
    np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 144, 192, 288, 432, 720], dtype=np.float64) * HOUR
)
"""Lower edges of the ages (seconds since the latest event happened); the last one is open."""

AGES: Final = len(AGE_EDGES)
FIVES: Final = 12
"""Five-minute parts of an hour: many carriers publish in batches at fixed minutes."""


class State(NamedTuple):
    """What a parcel's hazards hang on. Empty strings where it is not known."""

    sub_status: str
    """Of the latest event seen."""
    carrier: str = ""
    """Who told it."""
    destination: str = ""
    """Country."""
    route: str = ""
    """The channel, or whatever names the chain of carriers."""

    def level(self, depth: int) -> "State":
        """The same, known to `depth` of its four words: level 0 is the general case."""
        return State(*self[:depth], *[""] * (len(self) - depth))


LEVELS: Final = len(State._fields) + 1


class Gap(NamedTuple):
    """A stretch without news, in seconds since the epoch."""

    state: State
    begun: float
    """When the state was first visible."""
    ended: float
    """When the next news was; or until when nothing was seen to come."""
    event_at: float
    """When the latest event happened: age is counted from here."""
    offset_s: int
    """Seconds east of UTC of the clock by which its days go."""
    kind: int
    """Index in `KINDS` of the news that ended it; -1 while it is open."""


class Sums(NamedTuple):
    """Cells and what lies in them. Exposure in hours by (state, age, hour of day, day of week), news by the same with
    the five minutes of the hour and its kind. States are indices into `states`."""

    states: tuple[State, ...]
    exposure_at: Ints
    """[cells, 4]"""
    exposure: Floats
    news_at: Ints
    """[cells, 6]: state, age, hour, day, five minutes, kind"""
    news: Floats

    def __add__(self, other: "Sums") -> "Sums":  # type: ignore[override]
        """Both together; cells that come to nothing are gone."""
        states = tuple(sorted({*self.states, *other.states}))
        place = {state: index for index, state in enumerate(states)}
        parts = [(sums, np.array([place[s] for s in sums.states], dtype=np.int64)) for sums in (self, other)]
        exposure = _merged([(_moved(s.exposure_at, to), s.exposure) for s, to in parts])
        news = _merged([(_moved(s.news_at, to), s.news) for s, to in parts])
        return Sums(states, *exposure, *news)

    def scaled(self, factor: float) -> "Sums":
        """The same, counting `factor` times as much; -1 takes back."""
        return self._replace(exposure=self.exposure * factor, news=self.news * factor)


NOTHING: Final = Sums((), np.empty((0, 4), np.int64), np.empty(0), np.empty((0, 6), np.int64), np.empty(0))
"""No gap at all."""


def sums_of(gaps: Iterable[Gap]) -> Sums:
    """What these gaps come to."""
    rows = list(gaps)
    if not rows:
        return NOTHING
    states = tuple(sorted({gap.state for gap in rows}))
    place = {state: index for index, state in enumerate(states)}
    state = np.array([place[gap.state] for gap in rows], dtype=np.int64)
    numbers = np.array([(g.begun, max(g.ended, g.begun), g.event_at, g.offset_s, g.kind) for g in rows], dtype=float)
    return Sums(states, *_exposure(state, numbers), *_news(state, numbers))


def _exposure(state: Ints, numbers: Floats) -> tuple[Ints, Floats]:
    """The hours of each gap, cut at the full hours of its clock."""
    begun, ended, event_at, offset = numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3]
    first = np.floor((begun + offset) / HOUR).astype(np.int64)
    count = np.floor((ended + offset) / HOUR).astype(np.int64) - first + 1
    of = np.repeat(np.arange(len(state)), count)
    hour = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[of]
    low = np.maximum(begun[of], hour * HOUR - offset[of])
    high = np.minimum(ended[of], (hour + 1) * HOUR - offset[of])
    age = age_bin((low + high) / 2 - event_at[of])
    return _merged([(np.stack([state[of], age, hour % 24, day_of(hour)], axis=1), np.maximum(high - low, 0) / HOUR)])


def _news(state: Ints, numbers: Floats) -> tuple[Ints, Floats]:
    closed = numbers[:, 4] >= 0
    ended, event_at, offset, kind = numbers[closed, 1:].T
    local = ended + offset
    hour = np.floor(local / HOUR).astype(np.int64)
    five = (local % HOUR // 300).astype(np.int64)
    cells = [state[closed], age_bin(ended - event_at), hour % 24, day_of(hour), five, kind.astype(np.int64)]
    return _merged([(np.stack(cells, axis=1), np.ones(len(ended)))])


def age_bin(age_s: Floats) -> Ints:
    """Index of each age in `AGE_EDGES`; below nothing counts as nothing."""
    return np.clip(np.searchsorted(AGE_EDGES, age_s, "right") - 1, 0, AGES - 1).astype(np.int64)


def day_of(hours: Ints) -> Ints:
    """Day of the week, Monday 0, of whole hours since the epoch, which was a Thursday."""
    return (hours // 24 + 3) % 7


_SIZES: Final = (AGES, 24, 7, FIVES, 8)
"""How many places each column of a cell has, after the state."""


def _moved(cells: Ints, to: Ints) -> Ints:
    moved = cells.copy()
    moved[:, 0] = to[cells[:, 0]] if len(cells) else moved[:, 0]
    return moved


def _merged(parts: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Each cell once, in order; those with nothing left (to rounding) are dropped."""
    cells = np.concatenate([cell for cell, _ in parts])
    weights = np.concatenate([weight for _, weight in parts])
    code = cells[:, 0].copy()
    for column in range(1, cells.shape[1]):
        code = code * _SIZES[column - 1] + cells[:, column]
    _, first, where = np.unique(code, return_index=True, return_inverse=True)
    total: Floats = np.bincount(where, weights, len(first)).astype(np.float64)
    left = np.abs(total) > 1e-9
    return cells[first[left]], total[left]
