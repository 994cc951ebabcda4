"""Counting calls: no window that lies anywhere holds more than it may."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyleg.store.windows import LATE_S, Quota, left, reserve, windows

QUOTAS = st.builds(
    Quota,
    per_second=st.none() | st.sampled_from([0.1, 0.2, 0.9, 1, 2.5, 30]),
    per_minute=st.none() | st.integers(1, 20),
    per_hour=st.none() | st.integers(1, 60),
    per_day=st.none() | st.integers(1, 100),
)
STEPS = st.lists(
    st.tuples(
        st.floats(0, 5) | st.floats(0, 120) | st.floats(0, 8000), st.integers(1, 40), st.sampled_from([0.0, 0.1, 0.5])
    ),
    max_size=60,
)


def calls_of(quota, steps):
    """The times of all calls that were granted."""
    limits, used, clock, calls = windows(quota), {}, 0.0, []
    for wait, wanted, keep in steps:
        clock += wait
        used, verdict = reserve(used, limits, clock, wanted, keep)
        calls += [clock] * verdict.granted
    return calls


@given(QUOTAS, STEPS)
@settings(max_examples=300, deadline=None)
def test_no_sliding_window_is_ever_exceeded_however_late_the_calls_arrive(quota, steps):
    calls = calls_of(quota, steps)
    for limit in windows(quota):
        for at in calls:
            # a call of the moment `at` arrives at once, the ones before it as late as they may, or the other way round
            assert sum(at <= other <= at + limit.seconds + LATE_S for other in calls) <= limit.most


@given(QUOTAS, st.integers(1, 200))
def test_what_is_wanted_is_granted_up_to_the_limit(quota, wanted):
    limits = windows(quota)
    _, verdict = reserve({}, limits, 1e6, wanted)
    assert verdict.granted == min([wanted, *(limit.most for limit in limits)])


@given(QUOTAS, STEPS, st.integers(1, 9))
@settings(deadline=None)
def test_after_the_wait_that_was_named_one_more_is_granted(quota, steps, wanted):
    limits, used, clock = windows(quota), {}, 0.0
    for wait, many, _ in [*steps, (0.0, 10_000, 0.0)]:
        clock += wait
        used, verdict = reserve(used, limits, clock, many)
    if limits:
        assert reserve(used, limits, clock + verdict.wait_s + 1e-6, 1)[1].granted == 1


def test_a_share_is_kept_for_whoever_asks_now():
    limits = windows(Quota(per_hour=60))
    used, planned = reserve({}, limits, 0.0, 100, keep=0.1)
    used, more = reserve(used, limits, 1.0, 100, keep=0.1)
    _, urgent = reserve(used, limits, 2.0, 100)
    assert (planned.granted, more.granted, urgent.granted) == (54, 0, 6)


@pytest.mark.parametrize("limit", [Quota(per_second=0.2), Quota(per_day=1), Quota(per_minute=5)])
def test_a_small_quota_is_not_kept_away_whole(limit):
    assert reserve({}, windows(limit), 0.0, 9, keep=0.1)[1].granted >= 1


@given(QUOTAS, STEPS)
@settings(max_examples=50, deadline=None)
def test_what_is_left_is_what_would_be_granted(quota, steps):
    limits, used, clock = windows(quota), {}, 0.0
    for wait, many, keep in steps:
        clock += wait
        used, _ = reserve(used, limits, clock, many, keep)
    if limits:
        assert max(0, min(left(used, limits, clock).values())) == reserve(used, limits, clock, 10_000)[1].granted


def test_a_steady_asker_gets_nearly_all_of_an_hourly_quota():
    calls = calls_of(Quota(per_hour=60), [(1.0, 1, 0.0)] * 5 * 3600)
    assert len(calls) >= 5 * 60 * 0.95


def test_what_is_counted_stays_small():
    limits, used = windows(Quota(1, 30, 500, 5000)), {}
    for second in range(0, 200_000, 7):
        used, _ = reserve(used, limits, float(second), 1)
    assert sum(len(calls) for _, calls in used.values()) < 230
