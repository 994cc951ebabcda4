"""When the cost of not knowing outweighs the price of a call.

Let `m(u)` be the weighted news to be expected in an hour at the moment `u`, as the hazards say. Not asking until `t`
costs the ignorance that has piled up by then, `C(t) = ∫ m(u) g(t - u) du`, and a check costs `price`. With a steady
`m` the best interval is the one at which the ignorance of one interval equals the price, and not knowing then costs
`c(m) = √(2 · price · m)` an hour. News does not come steadily, so we look ahead: of all moments up to a fortnight that
one is taken where

    J(t) = C(t) - ∫ c(m(u)) du

is least: every hour of waiting is set against what that hour costs whoever asks well. At its minimum the news that is
probably there already, `C'(t)`, equals `c(m(t))`: so it waits while news is about to come, and asks once a wave of it
has passed. `g` grows faster than time (`patience`): ten hours late is worse than ten times one hour late.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct

from everyleg.durations.gaps import HOUR, Floats, Ints
from everyleg.durations.hazards import Hazards
from everyleg.durations.kinds import CUSTOMS_RELEASED, DELIVERED, KINDS, OUT_FOR_DELIVERY
from everyleg.planner.policy.ends import settled
from everyleg.planner.policy.views import NumberView, Plan, Why
from everyleg.planner.policy.waves import Wave

_AHEAD: Final = np.concatenate(
    [
        np.arange(1, 49) / 12,
        4 + np.arange(1, 33) / 4,
        12 + np.arange(1, 49) / 2,
        36 + np.arange(1, 37),
        72 + 3 * np.arange(1, 33),
        168 + 6 * np.arange(1, 29),
    ]
)
"""Moments that are weighed, hours from now: five minutes apart at first, for carriers publish in batches."""

_STEP: Final = np.diff(_AHEAD, prepend=0.0)
_MIDDLE: Final = _AHEAD - _STEP / 2
_PARTS: Final = (np.arange(48) + 0.5) / 48
"""Moments since the last check at which it is looked up what has come since, as parts of that time."""

_CHUNK: Final = 1024
"""Numbers weighed at once: 30 MB."""


class Weights(Struct, frozen=True):
    """What it is worth to know news of each kind an hour earlier."""

    kinds: tuple[float, ...] = (1.0, 1.0, 2.0, 3.0, 10.0)
    """By `KINDS`. Delivery counts more than people would say: once it is known, nothing is asked any more."""
    customs_hold: float = 2.0
    """Times so much while customs holds it."""
    looked_at: float = 3.0
    """Times so much while somebody is looking at it."""
    looking: timedelta = timedelta(hours=2)
    """How long a look counts."""


class Choice(Struct, frozen=True):
    """What a policy weighs, as arrays [numbers]: for those who decide on many numbers at once."""

    places: Ints
    """Of their states in the hazards."""
    event_at: Floats
    """Seconds since the epoch."""
    offset_s: Floats
    now: Floats
    """Seconds since the epoch."""
    worth: Floats
    """What knowing is worth, times the kinds' weights."""
    checked: Floats
    """When they were last asked, seconds since the epoch."""
    waves: Sequence[tuple[Wave, Ints]] = ()
    """Batches on the move, and the places in these arrays of those inside."""


class Adaptive(Struct, frozen=True):
    """Asks when not knowing until then would cost more than a call."""

    hazards: Hazards
    price: float
    """Of a call, in weighted hours of ignorance."""
    weights: Weights = Weights()
    patience: float = 12.0
    """Hours at which lateness starts to count double."""
    least: timedelta = timedelta(minutes=15)
    """Between two checks of a number."""

    def next_checks(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        """As `Policy`."""
        plans = [settled(view, now) for view in views]
        open_ones = [view for view, plan in zip(views, plans, strict=True) if plan is None]
        chosen = iter(self._weighed(open_ones, now))
        return [plan if plan is not None else next(chosen) for plan in plans]

    def _weighed(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        if not views:
            return []
        worth = np.array([self._worth(view, now) for view in views])
        choice = Choice(
            self.hazards.places(view.state for view in views),
            np.array([(view.event_at or view.since).timestamp() for view in views]),
            np.array([view.offset_s for view in views], dtype=float),
            np.full(len(views), now.timestamp()),
            worth,
            np.array([(view.checked_at or view.since).timestamp() for view in views]),
            waves_of([view.wave for view in views]),
        )
        pairs = zip(views, self.choose(choice), self._expected(choice), strict=True)
        return [
            Plan(datetime.fromtimestamp(float(moment), UTC), self._why(view, now) or expected)
            for view, moment, expected in pairs
        ]

    def _worth(self, view: NumberView, now: datetime) -> float:
        worth = view.watchers * view.share
        if is_held(view.state.sub_status):
            worth *= self.weights.customs_hold
        if _looked(view, now, self.weights.looking):
            worth *= self.weights.looked_at
        return worth

    def choose(self, choice: Choice) -> Floats:
        """The next moment for each number, seconds since the epoch, on five minutes."""
        parts = [self._choose(_part(choice, low)) for low in range(0, len(choice.now), _CHUNK)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _choose(self, choice: Choice) -> Floats:
        start = np.ceil(choice.now / 300 + 1e-9) * 300
        news = self._news(choice, start[:, None] + _MIDDLE * HOUR) * choice.worth[:, None]
        there, aged = self._piled_up(choice)
        for wave, rows in choice.waves:
            unseen = wave.unseen(choice.checked[rows], start[rows, None] + np.append(0.0, _AHEAD) * HOUR)
            unseen *= np.maximum(choice.worth[rows, None], 1.0)
            there[rows] += unseen[:, 0]
            news[rows] += np.diff(unseen, axis=1) / _STEP
        unseen_by = there[:, None] + np.cumsum(news * _STEP, axis=1)
        late = unseen_by + (aged[:, None] + np.cumsum(unseen_by * _STEP, axis=1)) / self.patience
        worth_waiting = np.cumsum((late - np.sqrt(2 * self.price * news)) * _STEP, axis=1)
        earliest = choice.checked + self.least.total_seconds()
        best = np.where(start[:, None] + _AHEAD * HOUR < earliest[:, None], np.inf, worth_waiting).argmin(axis=1)
        chosen: Floats = start + _AHEAD[best] * HOUR
        return chosen

    def _piled_up(self, choice: Choice) -> tuple[Floats, Floats]:
        """Of those that are planned anew between two checks: weighted news since the last one, and its hours."""
        there, aged = np.zeros(len(choice.now)), np.zeros(len(choice.now))
        waited = (choice.now - choice.checked) / HOUR
        (rows,) = np.nonzero(waited > 1 / 60)
        if len(rows):
            idle = _rows(choice, rows)
            moments = idle.checked[:, None] + _PARTS * (idle.now - idle.checked)[:, None]
            step = waited[rows, None] / len(_PARTS)
            unseen = np.cumsum(self._news(idle, moments) * idle.worth[:, None] * step, axis=1)
            there[rows], aged[rows] = unseen[:, -1], (unseen * step).sum(axis=1)
        return there, aged

    def _news(self, choice: Choice, moments: Floats) -> Floats:
        ages = np.maximum(moments - choice.event_at[:, None], 0.0)
        local = moments + choice.offset_s[:, None]
        return self.hazards.rates(choice.places, ages, local, np.array(self.weights.kinds))

    def _why(self, view: NumberView, now: datetime) -> Why | None:
        """What is special about it."""
        if _looked(view, now, self.weights.looking):
            return "looked_at"
        if is_held(view.state.sub_status):
            return "customs"
        if view.share < 1.0:
            return "leg_not_begun" if view.leg_ahead else "leg_over"
        if view.wave is not None:
            return "cohort_moved"
        if view.watchers != 1.0:
            return "sentinel" if view.watchers > 1 else "cohort_waits"
        return "unknown_number" if view.outcome == "unknown" else None

    def _expected(self, choice: Choice) -> list[Why]:
        """What the day to come is likely to bring, by the hazards."""
        day = _AHEAD <= 24
        moments = choice.now[:, None] + _MIDDLE[day] * HOUR
        ages = np.maximum(moments - choice.event_at[:, None], 0.0)
        local = moments + choice.offset_s[:, None]
        likely = [
            self.hazards.rates(choice.places, ages, local, one) @ _STEP[day] > _LIKELY for one in np.eye(len(KINDS))
        ]
        whys = np.full(len(choice.now), "quiet", dtype=object)
        whys[np.any(likely, axis=0)] = "routine"
        for kind, why in _EXPECTED:
            whys[likely[kind]] = why
        return list(whys)


_LIKELY: Final = 0.3
"""News to be expected within a day from which on it is named as the reason to ask."""

_EXPECTED: Final[tuple[tuple[int, Why], ...]] = (
    (CUSTOMS_RELEASED, "customs"),
    (OUT_FOR_DELIVERY, "out_for_delivery_expected"),
    (DELIVERED, "delivery_expected"),
)
"""The later one wins."""


def _part(choice: Choice, low: int) -> Choice:
    """So many of them as are weighed at once, from one on."""
    high = low + _CHUNK
    waves = [(wave, rows[(rows >= low) & (rows < high)] - low) for wave, rows in choice.waves]
    return _rows(choice, slice(low, high), [(wave, rows) for wave, rows in waves if len(rows)])


def _rows(choice: Choice, rows: slice | Ints, waves: Sequence[tuple[Wave, Ints]] = ()) -> Choice:
    return Choice(
        choice.places[rows],
        choice.event_at[rows],
        choice.offset_s[rows],
        choice.now[rows],
        choice.worth[rows],
        choice.checked[rows],
        waves,
    )


def waves_of(waves: Sequence[Wave | None]) -> list[tuple[Wave, Ints]]:
    """Each wave with the places of those in it, by what each is in."""
    known = {id(wave): wave for wave in waves if wave is not None}
    return [(wave, np.array([i for i, one in enumerate(waves) if one is wave])) for wave in known.values()]


def is_held(sub_status: str) -> bool:
    """Whether customs has stopped it, on whichever side."""
    return "customs" in sub_status and sub_status.endswith(("held", "inspection", "delayed", "rejected", "required"))


def _looked(view: NumberView, now: datetime, looking: timedelta) -> bool:
    return view.looked_at is not None and now - view.looked_at < looking
