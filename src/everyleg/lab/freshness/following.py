"""Following a season by a policy: it asks, sees what was published by then, and decides when to ask next."""

import heapq
from collections.abc import Callable, Sequence
from math import exp, log
from typing import Final

import numpy as np
from msgspec import Struct

from everyleg.durations.gaps import HOUR, Floats, Ints
from everyleg.durations.hazards import Hazards
from everyleg.lab.freshness.journeys import Journey
from everyleg.lab.freshness.outcome import Outcome
from everyleg.planner.policy.adaptive import Adaptive, Choice

TOGETHER: Final = 900.0
"""Seconds: checks that fall into so long a time are decided on at once. Each is made at its own time, and the shortest
interval is no shorter, so it changes nothing but the speed."""


def every(some: Sequence[Journey], hours: float) -> Outcome:
    """A check when the parcel is made, then every so many hours."""
    step = hours * HOUR
    stale, calls = [], 0
    for journey in some:
        rounds = np.maximum(np.ceil((journey.published - journey.begun) / step), 0)
        stale.append(np.minimum(journey.begun + rounds * step, journey.limit) - journey.published)
        calls += int(rounds[-1] if journey.delivered else (journey.limit - journey.begun) // step) + 1
    return outcome_of(some, stale, calls)


def back_off(some: Sequence[Journey], hours: Sequence[float]) -> Outcome:
    """A check so many hours after news, then after longer, the last interval going on until there is news again."""
    stale, calls = [], 0
    for journey in some:
        late = np.zeros(len(journey.published))
        at, seen, quiet = journey.begun, 0, 0
        while at <= journey.limit:
            calls += 1
            now = int(np.searchsorted(journey.published, at, "right"))
            late[seen:now] = at - journey.published[seen:now]
            quiet = 0 if now > seen else quiet
            seen = now
            if journey.delivered and seen == len(late):
                break
            at += hours[min(quiet, len(hours) - 1)] * HOUR
            quiet += 1
        late[seen:] = journey.limit - journey.published[seen:]
        stale.append(late)
    return outcome_of(some, stale, calls)


class Lesson(Struct, frozen=True):
    """What is known from a moment on."""

    since: float
    hazards: Hazards


class Follower:
    """The adaptive policy at work on a season. It sees journeys only up to what it asked for."""

    def __init__(self, some: Sequence[Journey], lessons: Sequence[Lesson]) -> None:
        """Follow these parcels by what is known from each moment on; the first lesson holds from the beginning."""
        self._some = some
        self._lessons = [(lesson, places_of(some, lesson.hazards)) for lesson in lessons]
        self._event_at = [np.array([s.event_at for s in journey.standings]) for journey in some]
        self._offset = [np.array([s.offset_s for s in journey.standings], dtype=float) for journey in some]

    def follow(self, policy: Callable[[Hazards], Adaptive]) -> Outcome:
        """The whole season."""
        stale = [np.zeros(len(journey.published)) for journey in self._some]
        seen = [0] * len(self._some)
        due = [(journey.begun, i) for i, journey in enumerate(self._some)]
        heapq.heapify(due)
        calls, at_lesson, adaptive, places = 0, -1, None, self._lessons[0][1]
        while due:
            began, ripe = due[0][0], []
            while at_lesson + 1 < len(self._lessons) and (
                at_lesson < 0 or self._lessons[at_lesson + 1][0].since <= began
            ):
                at_lesson += 1
                lesson, places = self._lessons[at_lesson]
                adaptive = policy(lesson.hazards)
            while due and due[0][0] <= began + TOGETHER:
                now, i = heapq.heappop(due)
                calls += 1
                if not self._look(i, now, seen, stale[i]):
                    ripe.append((i, now))
            if ripe and adaptive is not None:
                self._plan(adaptive, places, ripe, seen, due)
        for i, journey in enumerate(self._some):
            stale[i][seen[i] :] = journey.limit - journey.published[seen[i] :]
        return outcome_of(self._some, stale, calls)

    def _look(self, i: int, now: float, seen: list[int], stale: Floats) -> bool:
        """See what was published by now; whether its delivery is among it."""
        journey = self._some[i]
        there = int(np.searchsorted(journey.published, now, "right"))
        if there > seen[i]:
            stale[seen[i] : there] = now - journey.published[seen[i] : there]
            seen[i] = there
        return journey.delivered and there == len(journey.published)

    def _plan(
        self,
        policy: Adaptive,
        places: Sequence[Ints],
        ripe: Sequence[tuple[int, float]],
        seen: Sequence[int],
        due: list[tuple[float, int]],
    ) -> None:
        choice = Choice(
            np.array([places[i][seen[i]] for i, _ in ripe]),
            np.array([self._event_at[i][seen[i]] for i, _ in ripe]),
            np.array([self._offset[i][seen[i]] for i, _ in ripe]),
            np.array([now for _, now in ripe]),
            np.ones(len(ripe)),
            np.array([now for _, now in ripe]),
        )
        for (i, _), at in zip(ripe, policy.choose(choice), strict=True):
            if at <= self._some[i].limit:
                heapq.heappush(due, (float(at), i))


def places_of(some: Sequence[Journey], hazards: Hazards) -> list[Ints]:
    """Of each journey, the place of each of its standings in the hazards."""
    return [hazards.places(standing.state for standing in journey.standings) for journey in some]


def outcome_of(some: Sequence[Journey], stale: Sequence[Floats], calls: int) -> Outcome:
    """Out of the staleness of each journey's events in seconds, and of all calls."""
    kinds = np.concatenate([journey.kinds for journey in some])
    return Outcome(np.concatenate(stale) / HOUR, kinds, calls / len(some))


def at_calls(
    target: float, follow: Callable[[float], Outcome], price: float = 1.0, within: float = 0.01
) -> tuple[Outcome, float]:
    """The price of a call at which a policy makes so many calls a parcel, and what comes of it.

    Calls fall with a power of the price, which the last two tries tell.
    """
    power, last = -0.6, (0.0, 0.0)
    for tried in range(12):
        outcome = follow(price)
        here = (log(price), log(outcome.calls / target))
        if abs(outcome.calls / target - 1) <= within:
            break
        if tried and here[0] != last[0]:
            power = min(max((here[1] - last[1]) / (here[0] - last[0]), -1.5), -0.2)
        last = here
        price *= exp(-here[1] / power)
    return outcome, exp(here[0])
