"""A batch on the move: when did it, and who of it has probably moved by now?

The middle of the batch's movement is what nobody sees. Each look at a member speaks of it: one that had left where it
stood, or one that had not. How members lie around the middle is known from other batches (`durations.together`), so by
Bayes' rule each possible moment has its weight, "not yet" among them: the first that moves may be one by itself. What
the others have to tell by some moment is the weighted mean over all.
"""

from typing import Final

import numpy as np
from msgspec import Struct

from everyleg.durations.gaps import HOUR, Floats, Ints
from everyleg.durations.together import REACH, STEP

WAVE_FOR: Final = 24 * HOUR
"""Seconds for which the first that was seen to move says something of the others."""

_BEFORE: Final = 24 * HOUR
"""How long before that the middle of the batch may lie."""

_DAY: Final = round(24 * HOUR / STEP)
_MIDDLES: Final = round((_BEFORE + WAVE_FOR) / STEP)
_ZERO: Final = round(REACH / STEP)
"""Place of the lag nought in a curve."""

_EARLIEST: Final = _MIDDLES - 1 - _ZERO
"""Place of a moment, from the first possible middle on, before which curves say nothing; the last one is `_ZERO`."""

_AFTER: Final = _ZERO
"""Places, from the first possible middle on, for which it is said who has moved."""

_LEAST: Final = 0.005
"""Nothing is less likely than this, whatever the curves say."""

_MOST: Final = 0.95
"""Share that moves together at most: some stay behind, and are still to be asked."""


class Wave(Struct):
    """A group on the move, known by looks at its members. All times are seconds since the epoch."""

    seen_at: float
    """When the first was seen to have moved."""
    gone: Floats
    """How members lie around the middle, by `CURVE_LAGS` of `durations.together`."""
    worth: float
    """What their news weighs."""
    likely: Floats
    """[middles + 1] logarithms; the last one: not yet."""
    movers: int = 0
    """Members that were seen to have moved."""
    known: Floats | None = None
    """Who has moved by when, once it was asked for."""

    @classmethod
    def begun(cls, seen_at: float, gone: Floats, worth: float, stood: Floats) -> "Wave":
        """When one was seen to have moved; `stood`: when members were last seen where they all stood."""
        likely = np.full(_MIDDLES + 1, -np.log(_MIDDLES))
        likely[-1] = 0.0
        wave = cls(seen_at, gone * min(_MOST / max(gone[-1], _MOST), 1.0), worth, likely)
        places, counts = np.unique(wave._places(stood), return_counts=True)
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            wave.likely[:-1] += count * wave._still(place)
        return wave

    def stayed(self, before: float, now: float) -> None:
        """A member that was last seen there at `before` still is there."""
        first, last = self._places(np.array([before, now])).tolist()
        self.likely[:-1] += self._still(last) - self._still(first)
        self.known = None

    def moved(self, before: float | None, now: float, came: Floats) -> None:
        """A member was seen to have moved.

        Args:
            before: when it was last seen there; None where nobody knows.
            now: when it was seen to have gone.
            came: how those lie around the middle to whom the event comes that it now stands at, by `CURVE_LAGS`.
        """
        (last,) = self._places(np.array([now])).tolist()
        with_others = self._at(came, last)
        waited = WAVE_FOR
        if before is not None:
            (first,) = self._places(np.array([before])).tolist()
            with_others = with_others - self._at(came, max(min(first, last - 1), _EARLIEST))
            waited = max(last - first, 1) * STEP
            self.likely[:-1] -= self._still(first)
        alone = max((1.0 - came[-1]) * min(waited / WAVE_FOR, 1.0), _LEAST)
        self.likely[:-1] += np.log(with_others + alone)
        self.likely[-1] += np.log(alone)
        self.movers += 1
        self.known = None

    def unseen(self, checked: Floats, moments: Floats) -> Floats:
        """Weighted news of members by moments that was not there when they were last checked.

        Args:
            checked: [members]
            moments: [members, moments]
        """
        before = self._by(checked)[:, None]
        unseen: Floats = self.worth * (self._by(moments) - before) / (1.0 - before)
        return unseen

    def to_move(self, checked: float) -> float:
        """How likely a member that still stood there when it was last checked is to move with the others yet."""
        before = float(self._by(np.array([checked]))[0])
        return (float(self.gone[-1]) - before) / (1.0 - before)

    def _by(self, moments: Floats) -> Floats:
        """Share that has moved with the others by moments."""
        if self.known is None:
            weights = np.exp(self.likely - self.likely.max())
            around = self.gone[_ZERO - _MIDDLES + 1 : _ZERO + _AFTER]
            self.known = np.convolve(weights[:-1] / weights.sum(), around, "valid")
        by: Floats = np.interp(moments, np.arange(_AFTER) * STEP + self._origin, self.known)
        return by

    @property
    def _origin(self) -> float:
        return self.seen_at - _BEFORE

    def _places(self, at: Floats) -> Ints:
        """Places of moments, from the first possible middle on, as far as curves reach."""
        places = np.rint((at - self._origin) / STEP)
        return np.clip(places, _EARLIEST, _ZERO).astype(np.int64)

    def _at(self, curve: Floats, place: int) -> Floats:
        """A curve at one moment, by possible middle."""
        there: Floats = curve[place + _ZERO - _MIDDLES + 1 : place + _ZERO + 1][::-1]
        return there

    def _still(self, place: int) -> Floats:
        """Logarithm of the share that has not moved."""
        still: Floats = np.log(np.maximum(1.0 - self._at(self.gone, place), _LEAST))
        return still
