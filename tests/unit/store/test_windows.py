"""Counting calls: no window that lies anywhere holds more than it may."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyleg.store.windows import LATE_S, Count, Quota, reserve, windows

QUOTAS = st.builds(
    Quota,
    per_second=st.none() | st.sampled_from([0.1, 0.2, 0.9, 1, 2.5, 30]),
    per_minute=st.none() | st.integers(1, 20),
    per_hour=st.none() | st.integers(1, 60),
    per_day=st.none() | st.integers(1, 100),
)
WAITS = st.floats(0, 5) | st.floats(0, 120) | st.floats(0, 8000)
KEEPS = st.sampled_from([0.0, 0.1, 0.5])
STEPS = st.lists(st.tuples(WAITS, st.integers(1, 40), KEEPS), max_size=60)


class Asker:
    """An account with a quota, and the times of the calls that it was granted."""

    def __init__(self, quota, pool=None):
        self.quota, self.pool = quota, pool
        self.used, self.clock, self.calls = {}, 0.0, []

    def count(self, at=None):
        return Count(self.used, self.quota, self.clock if at is None else at)

    def ask(self, wait=0.0, wanted=1, keep=0.0):
        self.clock += wait
        own = self.count()
        if self.pool is not None:
            self.pool.clock = self.clock
        shared = self.pool.count() if self.pool is not None else None
        verdict = reserve(own, wanted, keep, shared)
        for one, count in ((self, own), (self.pool, shared)):
            if one is not None:
                one.used = count.used
                one.calls += [self.clock] * verdict.granted
        return verdict

    def all(self, steps):
        for step in steps:
            self.ask(*step)
        return self.calls


def exceeded(calls, quota):
    """Windows that hold too many: a call of their start arrives at once, the ones before it as late as they may, or the
    other way round."""
    return [
        (limit.name, at)
        for limit in windows(quota)
        for at in calls
        if sum(at <= other <= at + limit.seconds + LATE_S for other in calls) > limit.limit
    ]


@given(QUOTAS, STEPS)
@settings(max_examples=300, deadline=None)
def test_no_sliding_window_is_ever_exceeded_however_late_the_calls_arrive(quota, steps):
    assert exceeded(Asker(quota).all(steps), quota) == []


@given(QUOTAS, QUOTAS, STEPS, STEPS)
@settings(max_examples=100, deadline=None)
def test_a_limit_that_is_changed_knows_of_the_calls_before(quota, other, steps, more):
    one = Asker(quota)
    before = len(one.all(steps))
    one.quota = other
    one.all(more)
    if windows(quota):
        # what was asked too much before it held cannot be undone; nothing is added to it
        wrong = [
            (limit.name, at)
            for limit in windows(other)
            for at in one.calls[before:]
            if sum(at - limit.seconds - LATE_S <= earlier <= at for earlier in one.calls) > limit.limit
            and one.calls.index(at) >= before
        ]
        assert wrong == []


@given(QUOTAS, st.integers(1, 200))
def test_what_is_wanted_is_granted_up_to_the_limit(quota, wanted):
    granted = Asker(quota).ask(1e6, wanted).granted
    assert granted == min([wanted, *(limit.limit for limit in windows(quota))])


@given(QUOTAS, STEPS, st.integers(1, 9))
@settings(deadline=None)
def test_after_the_wait_that_was_named_one_more_is_granted(quota, steps, wanted):
    one = Asker(quota)
    for wait, many, _ in [*steps, (0.0, 10_000, 0.0)]:
        verdict = one.ask(wait, many)
    if windows(quota):
        assert one.ask(verdict.wait_s + 1e-6).granted == 1


def test_a_share_is_kept_for_whoever_asks_now():
    one = Asker(Quota(per_hour=60))
    planned, more, urgent = one.ask(0, 100, 0.1), one.ask(1, 100, 0.1), one.ask(1, 100)
    assert (planned.granted, more.granted, urgent.granted) == (54, 0, 6)


@pytest.mark.parametrize("limit", [Quota(per_second=0.2), Quota(per_day=1), Quota(per_minute=5)])
def test_a_small_quota_is_not_kept_away_whole(limit):
    assert Asker(limit).ask(0, 9, 0.1).granted >= 1


@given(QUOTAS, STEPS)
@settings(max_examples=50, deadline=None)
def test_what_is_left_is_what_would_be_granted(quota, steps):
    one = Asker(quota)
    one.all(steps)
    if windows(quota):
        assert min(one.count().left().values()) == one.ask(0, 10_000).granted


def test_a_steady_asker_gets_nearly_all_of_an_hourly_quota():
    calls = Asker(Quota(per_hour=60)).all([(1.0, 1, 0.0)] * 5 * 3600)
    assert len(calls) >= 5 * 60 * 0.95


def test_what_is_counted_stays_small():
    one = Asker(Quota(1, 30, 500, 5000))
    for _ in range(28_000):
        one.ask(7)
    assert sum(len(calls) for _, calls in one.used.values()) < 230


# Several who are counted as one.


def together(quota, own=(), pooled=2):
    pool = Asker(quota)
    tighter = list(own) or [quota] * pooled
    return pool, [Asker(one, pool) for one in tighter]


@given(QUOTAS, st.lists(st.tuples(st.integers(0, 2), WAITS, st.integers(1, 40), KEEPS), max_size=60))
@settings(max_examples=300, deadline=None)
def test_those_who_are_counted_as_one_never_exceed_a_window_together(quota, steps):
    pool, some = together(quota, [quota, quota.within(Quota(per_hour=10)), quota])
    now = 0.0
    for who, wait, wanted, keep in steps:
        now += wait
        some[who].clock = now
        some[who].ask(0.0, wanted, keep)
    assert exceeded(pool.calls, quota) == []
    assert exceeded(some[1].calls, some[1].quota) == []


@given(QUOTAS, st.lists(st.tuples(st.integers(0, 1), WAITS, st.integers(1, 40), KEEPS), max_size=40), KEEPS)
@settings(max_examples=150, deadline=None)
def test_after_the_wait_that_was_named_one_more_is_granted_if_nobody_else_asks(quota, steps, keep):
    _, some = together(quota)
    now = 0.0
    for who, wait, wanted, each in [*steps, (1, 0.0, 10_000, keep)]:
        now += wait
        some[who].clock = now
        verdict = some[who].ask(0.0, wanted, each)
    if windows(quota):
        assert some[1].ask(verdict.wait_s + 1e-6, 1, keep).granted == 1


@given(st.integers(1, 200), st.integers(1, 60))
def test_alone_one_gets_as_much_as_if_nobody_could_come(most, rounds):
    quota = Quota(per_hour=most)
    _, (shared, _) = together(quota)
    alone = Asker(quota)
    steps = [(30.0, 3, 0.1)] * rounds
    assert shared.all(steps) == alone.all(steps)


def test_whoever_comes_late_finds_room_and_comes_to_the_same():
    _, (early, late) = together(Quota(per_day=1000))
    early.ask(0, 10_000, 0.1)
    assert len(early.calls) == 900
    first = late.count().left()
    assert late.ask(60, 10_000, 0.1).granted == 90 and first == {"day": 1000}
    for _ in range(4 * 24 * 60):
        for one, other in ((early, late), (late, early)):
            one.clock = max(one.clock, other.clock)
            one.ask(30, 50, 0.1)
    last_day = [sum(at > one.clock - 86_400 for at in one.calls) for one in (early, late)]
    assert abs(last_day[0] - last_day[1]) < 60 and sum(last_day) > 900


@pytest.mark.parametrize("many", [2, 3, 10])
def test_of_many_who_want_all_each_comes_to_about_the_same(many):
    _, some = together(Quota(per_hour=600), pooled=many)
    some[0].ask(0, 10_000, 0.1)
    for turn in range(300, 3 * 3600, 300):
        going = list(some)
        while going:
            for one in going:
                one.clock = float(turn)
            going = [one for one in going if one.ask(0, 1, 0.1).granted]
    last_hour = [sum(at > 2 * 3600 for at in one.calls) for one in some]
    assert sum(last_hour) >= 540 and max(last_hour) <= 1.1 * min(last_hour) + 2


def test_a_person_who_asks_now_gets_what_is_left_whatever_the_others_took():
    _, (planned, person) = together(Quota(per_hour=60))
    planned.ask(0, 100, 0.1)
    assert person.ask(1, 100).granted == 6
