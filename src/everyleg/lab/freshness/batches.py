"""Following a season in which parcels travel in batches: a few are asked for all (`planner/policy/cohorts.py`)."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from everyleg.durations.gaps import Ints
from everyleg.durations.hazards import Hazards
from everyleg.durations.together import Move, Together, Told
from everyleg.lab.freshness.following import TOGETHER, outcome_of, places_of
from everyleg.lab.freshness.journeys import Journey
from everyleg.lab.freshness.outcome import Outcome
from everyleg.planner.policy.adaptive import Adaptive, Choice, waves_of
from everyleg.planner.policy.cohorts import RENEWED, Cohorts, Group


def moves(some: Iterable[Journey], until: float = float("inf")) -> Iterator[Move]:
    """How members of cohorts went from state to state, as published by a moment."""
    for journey in some:
        if journey.cohort is None:
            continue
        entered = journey.begun
        for i, at in enumerate(journey.published):
            if at > until:
                break
            before, after = _told(journey, i), _told(journey, i + 1)
            if before != after:
                yield Move(journey.cohort, before, after, entered, float(at))
                entered = float(at)


def _told(journey: Journey, seen: int) -> Told:
    state = journey.standings[seen].state
    return state.sub_status, state.carrier


class BatchLesson(Struct, frozen=True):
    """What is known from a moment on."""

    since: float
    hazards: Hazards
    together: Together


class BatchFollower:
    """The adaptive policy with sentinels at work on a season."""

    def __init__(self, some: Sequence[Journey], lessons: Sequence[BatchLesson]) -> None:
        """Follow these parcels by what is known from each moment on; the first lesson holds from the beginning."""
        self._some = some
        self._lessons = [(lesson, places_of(some, lesson.hazards)) for lesson in lessons]

    def follow(self, policy: Callable[[Hazards], Adaptive]) -> Outcome:
        """The whole season."""
        run = _Run(self._some, self._lessons, policy)
        run.go()
        return outcome_of(self._some, run.stale, run.calls)


_GONE: Final = float("inf")


class _Run:
    """One pass over a season."""

    def __init__(
        self,
        some: Sequence[Journey],
        lessons: Sequence[tuple[BatchLesson, Sequence[Ints]]],
        policy: Callable[[Hazards], Adaptive],
    ) -> None:
        self.some, self.make = some, policy
        self.lessons = deque(lessons)
        self.cohorts = Cohorts(lessons[0][0].together)
        self._learn(float("inf"), most=1)
        self.stale = [np.zeros(len(journey.published)) for journey in some]
        self.seen = [0] * len(some)
        self.due = [journey.begun for journey in some]
        self.checked = [journey.begun for journey in some]
        self.queue = [(at, i) for i, at in enumerate(self.due)]
        self.calls = 0
        heapq.heapify(self.queue)

    def go(self) -> None:
        """Until nobody is due any more."""
        while self.queue:
            began, again = self.queue[0][0], dict[int, float]()
            self._learn(began)
            while self.queue and self.queue[0][0] <= began + TOGETHER:
                now, i = heapq.heappop(self.queue)
                if now == self.due[i]:  # else it was planned anew
                    self._ask(i, now, again)
            self._plan(again)
        for i, journey in enumerate(self.some):
            self.stale[i][self.seen[i] :] = journey.limit - journey.published[self.seen[i] :]

    def _learn(self, now: float, most: int = 99) -> None:
        """Take in the lessons of which it is time."""
        while most and self.lessons and self.lessons[0][0].since <= now:
            lesson, self.places = self.lessons.popleft()
            self.cohorts.together, self.policy = lesson.together, self.make(lesson.hazards)
            most -= 1

    def _ask(self, i: int, now: float, again: dict[int, float]) -> None:
        """Ask for one; `again` are those to be planned, with the time at which they are."""
        journey, before = self.some[i], self.checked[i]
        self.calls += 1
        self.due[i], self.checked[i] = _GONE, now
        there = int(np.searchsorted(journey.published, now, "right"))
        self.stale[i][self.seen[i] : there] = now - journey.published[self.seen[i] : there]
        self.seen[i] = there
        over = journey.delivered and there == len(journey.published)
        if not over:
            again[i] = now
        if journey.cohort is None:
            return
        stood, told = self.cohorts.stands.get(i), _told(journey, there)
        if stood is not None:
            self._tell(i, (before, now), (stood, told), again)
        self.cohorts.move(i, None if over else (journey.cohort, told))

    def _tell(self, i: int, times: tuple[float, float], places: tuple[Group, Told], again: dict[int, float]) -> None:
        """What a look says of those that stand where this one stood: they may have to be planned anew."""
        (before, now), (stood, told) = times, places
        wave = self.cohorts.wave(stood, now)
        if told == stood[1]:
            if wave is not None:
                wave.stayed(before, now)
            return
        if wave is None:
            inside = [before if one == i else self.checked[one] for one in self.cohorts.groups[stood]]
            worth = self.policy.weights.kinds[int(self.some[i].kinds[self.seen[i] - 1])]
            wave = self.cohorts.begin(stood, now, worth, np.array(inside))
        if wave is not None:
            wave.moved(before, now, self.cohorts.together.told(told))
        others: Iterable[int] = self.cohorts.sentinels(stood)
        if wave is not None and wave.movers in RENEWED:
            others = self.cohorts.groups[stood]
        again.update({one: now for one in others if one != i and self.due[one] != _GONE})

    def _plan(self, again: dict[int, float]) -> None:
        ripe = list(again.items())
        if not ripe:
            return
        standing = [self.some[i].standings[self.seen[i]] for i, _ in ripe]
        choice = Choice(
            np.array([self.places[i][self.seen[i]] for i, _ in ripe]),
            np.array([s.event_at for s in standing]),
            np.array([float(s.offset_s) for s in standing]),
            np.array([now for _, now in ripe]),
            np.array([self.cohorts.watchers(i, self.checked[i]) for i, _ in ripe]),
            np.array([self.checked[i] for i, _ in ripe]),
            waves_of([self.cohorts.wave(self.cohorts.stands.get(i), now) for i, now in ripe]),
        )
        for (i, _), at in zip(ripe, self.policy.choose(choice), strict=True):
            self.due[i] = float(at) if at <= self.some[i].limit else _GONE
            if self.due[i] != _GONE:
                heapq.heappush(self.queue, (self.due[i], i))
