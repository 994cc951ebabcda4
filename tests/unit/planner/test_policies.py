"""When policies ask next: they look ahead, weigh what matters, ask ever less, and agree on who is not asked."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.durations.gaps import Gap, State, sums_of
from everyleg.durations.hazards import learn
from everyleg.durations.kinds import OTHER
from everyleg.durations.prior import prior
from everyleg.durations.together import Move, together_of
from everyleg.planner.policy.adaptive import Adaptive, is_held
from everyleg.planner.policy.cohorts import SENTINELS, Cohorts
from everyleg.planner.policy.price import DEAREST, LEAST, USUAL, counted, first_price, tuned
from everyleg.planner.policy.simple import BackOff, Fixed, Never
from everyleg.planner.policy.views import DEAD, FINAL, NumberView
from everyleg.planner.policy.waves import Wave

NOW = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)  # a Wednesday
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
HAZARDS, TOGETHER = prior()
ADAPTIVE = Adaptive(HAZARDS, USUAL)
POLICIES = [ADAPTIVE, Fixed(), BackOff()]


def view(sub_status="in_transit", age=5 * HOUR, **more):
    known = {
        "state": State(sub_status, "acme", "US"),
        "milestone": "in_transit",
        "event_at": NOW - age,
        "news_at": NOW - age,
        "since": NOW - 20 * DAY,
        "checked_at": NOW,
        "outcome": "nothing_new",
    }
    return NumberView(**(known | more))


def wait(one, policy=ADAPTIVE, now=NOW):
    return policy.next_checks([one], now)[0].due_at - now


def why(one, policy=ADAPTIVE):
    return policy.next_checks([one], NOW)[0].why


@pytest.mark.parametrize("policy", POLICIES)
def test_all_agree_on_who_is_asked_at_once_and_who_no_more(policy):
    never = [view(milestone=milestone) for milestone in sorted(FINAL)]
    never += [view(sub_status) for sub_status in sorted(DEAD)] + [
        view(stopped=True),
        view(age=61 * DAY, since=NOW - 62 * DAY),
    ]
    never.append(view("registered", event_at=None, news_at=None, since=NOW - 31 * DAY))
    assert [plan.due_at for plan in policy.next_checks(never, NOW)] == [None] * len(never)
    assert policy.next_checks([view(checked_at=None)], NOW)[0].due_at == NOW


@pytest.mark.parametrize("policy", POLICIES)
def test_a_failure_is_tried_again_soon_and_ever_later(policy):
    waits = [wait(view(failures=n, outcome="failed"), policy) for n in (1, 2, 3, 20)]
    assert waits[0] < waits[1] < waits[2] < waits[3] == 8 * HOUR


def test_nobody_is_asked_where_a_workspace_says_so():
    assert Never().next_checks([view(checked_at=None)], NOW)[0].due_at is None


def test_back_off_waits_longer_the_longer_nothing_came():
    backing = BackOff()
    assert [wait(view(age=h * HOUR), backing) / HOUR for h in (0, 4, 10, 30, 300)] == [3, 6, 12, 24, 24]


def test_what_is_out_for_delivery_is_asked_sooner_than_what_is_at_sea():
    assert wait(view("out_for_delivery", milestone="out_for_delivery")) < 2 * HOUR
    assert wait(view("departed_origin", age=3 * DAY)) > 3 * wait(view("out_for_delivery"))


def test_without_news_it_is_asked_ever_less():
    waits = [wait(view("arrived_facility", age=days * DAY)) for days in (0.5, 5, 40)]
    assert waits[0] < waits[1] < waits[2]


def test_held_by_customs_and_looked_at_are_asked_sooner():
    plain = Adaptive(HAZARDS, 20.0)
    assert wait(view(age=3 * DAY, looked_at=NOW), plain) < wait(view(age=3 * DAY), plain)
    assert is_held("import_customs_held")
    assert not is_held("import_customs_released")
    assert why(view("import_customs_held")) == "customs"
    assert why(view(looked_at=NOW)) == "looked_at"


def test_the_dearer_a_call_the_fewer():
    prices = [wait(view(age=2 * DAY), Adaptive(HAZARDS, price)) for price in (0.3, 1, 5, 30)]
    assert prices == sorted(prices)
    assert prices[0] < prices[-1]


def test_the_reason_is_what_is_to_be_expected():
    assert why(view("out_for_delivery")) == "delivery_expected"
    assert why(view("departed_origin", age=30 * DAY)) in ("quiet", "routine")


def daily(hour, kind=OTHER):
    """A state whose news comes at one hour of the day, a few days after the event."""
    gaps = []
    for i in range(3000):
        begun = 1_700_000_000.0 // 86400 * 86400 + i * 3600 * 7
        day = begun // 86400 + 1 + i % 3
        gaps.append(Gap(State("waits"), begun, day * 86400 + hour * 3600 + 120, begun, 0, kind))
    return learn(sums_of(gaps))


@given(st.integers(0, 23), st.integers(0, 23))
def test_it_looks_ahead_to_the_hour_at_which_news_comes(asked, comes):
    """Whatever the hour, the next check is within the hour after the daily news, not before it: hazards of the moment
    alone would say *nothing to be expected now*, and would ask by the clock.
    """
    now = NOW.replace(hour=asked)
    policy = Adaptive(daily(comes), 3.0)
    at = policy.next_checks([view("waits", age=30 * HOUR, state=State("waits"), checked_at=now)], now)[0].due_at
    assert (at.hour * 60 + at.minute - comes * 60) % 1440 <= 90 or at - now >= 20 * HOUR


def test_what_has_come_since_the_last_check_counts_when_it_is_planned_anew():
    """Somebody looks, or its batch moves: it is planned between two checks, and what it may have to tell is not forgotten."""
    dear = Adaptive(HAZARDS, 3.0)
    just, long_ago = (wait(view("arrived_facility", checked_at=NOW - ago), dear) for ago in (0 * HOUR, 12 * HOUR))
    assert long_ago < just


def test_many_are_weighed_as_each_alone():
    views = [
        view(s, age=h * HOUR) for s in ("in_transit", "out_for_delivery", "customs_released") for h in range(1, 400)
    ]
    together = [plan.due_at for plan in ADAPTIVE.next_checks(views, NOW)]
    assert together[::97] == [ADAPTIVE.next_checks([one], NOW)[0].due_at for one in views[::97]]


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["in_transit", "out_for_delivery", "lost", "odd"]))))
def test_any_view_gets_a_plan_that_is_not_in_the_past(some):
    plans = ADAPTIVE.next_checks([view(status, age=days * DAY) for days, status in some], NOW)
    assert len(plans) == len(some)
    assert all(plan.due_at is None or NOW <= plan.due_at <= NOW + 15 * DAY for plan in plans)


# cohorts

HERE, THERE = ("a", ("departed_origin", "acme")), ("a", ("arrived_destination", "acme"))


def cohorts(members):
    found = Cohorts(TOGETHER)
    for member in range(members):
        found.move(member, HERE)
    return found


def watching(found, members):
    return [found.watchers(member, NOW.timestamp()) for member in members]


def test_the_first_of_a_group_watch_over_the_others():
    told = watching(cohorts(40), range(40))
    assert all(one > 5 for one in told[:SENTINELS])
    assert all(one < 1 for one in told[SENTINELS:])


def test_a_few_watch_over_nobody():
    assert watching(cohorts(SENTINELS), range(SENTINELS)) == [1.0] * SENTINELS


def begun(found, now, left=HERE):
    return found.begin(left, now, 1.0, np.full(len(found.groups[left]), now - 3600.0))


def test_who_leaves_is_replaced():
    found = cohorts(5)
    found.move(0, THERE)
    assert list(found.sentinels(HERE)) == [1, 2]


def test_a_wave_lasts_a_day():
    found = cohorts(5)
    wave = begun(found, 1000.0)
    assert found.wave(HERE, 2000.0) is wave
    assert found.wave(HERE, 1000.0 + 86400) is None


def test_of_a_state_that_each_leaves_alone_no_wave_is_made():
    found = Cohorts(together_of([]))
    for member in range(9):
        found.move(member, HERE)
    assert begun(found, 1000.0) is None


def test_a_group_that_is_empty_is_forgotten():
    found = cohorts(3)
    begun(found, 1000.0)
    for member in range(3):
        found.move(member, None)
    assert (found.groups, found.stands, found.waves) == ({}, {}, {})


# waves: forty that go together, give or take half an hour

GONE = together_of(
    Move(str(batch), HERE[1], THERE[1], 0.0, 50 * 3600.0 + lag * 60.0)
    for batch in range(20)
    for lag in range(-30, 30, 2)
)
SEEN = 100 * 3600.0


def wave_seen(stood=40, ago=3600.0):
    return Wave.begun(SEEN, GONE.gone(HERE[1]), 2.0, np.full(stood, SEEN - ago))


def unseen(wave, hours, checked=SEEN - 3600.0):
    return wave.unseen(np.array([checked]), np.array([[SEEN + hour * 3600.0 for hour in hours]]))[0]


def test_one_that_moved_makes_the_others_likely_to_have_moved():
    wave = wave_seen()
    before = unseen(wave, [2.0])[0]
    wave.moved(SEEN - 3600.0, SEEN, GONE.told(THERE[1]))
    assert before < unseen(wave, [2.0])[0]


def test_the_more_moved_the_surer_it_is_and_the_more_stayed_the_less():
    likely = []
    for movers, stayers in ((1, 0), (5, 0), (1, 20)):
        wave = wave_seen()
        for _ in range(movers):
            wave.moved(SEEN - 3600.0, SEEN, GONE.told(THERE[1]))
        for _ in range(stayers):
            wave.stayed(SEEN - 3600.0, SEEN + 2 * 3600.0)
        likely.append(unseen(wave, [3.0])[0])
    alone, several, by_itself = likely
    assert by_itself < 0.3 * alone < 0.3 * several
    assert several <= 2.0


def test_who_still_stands_there_when_the_others_have_gone_is_no_longer_watched_over():
    wave = wave_seen()
    for _ in range(20):
        wave.moved(SEEN - 3600.0, SEEN, GONE.told(THERE[1]))
    assert wave.to_move(SEEN + 6 * 3600.0) < 0.1
    assert wave.to_move(SEEN - 3600.0) > 0.5


@given(
    st.lists(st.tuples(st.booleans(), st.floats(-200, 200), st.floats(0, 200)), max_size=30),
    st.floats(-300, 300),
)
def test_whatever_was_looked_at_shares_are_shares(looks, checked):
    wave = wave_seen()
    for moved, before, waited in looks:
        times = SEEN + before * 3600.0, SEEN + (before + waited) * 3600.0
        if moved:
            wave.moved(*times, GONE.told(THERE[1]))
        else:
            wave.stayed(*times)
    told = unseen(wave, np.linspace(-30, 300, 200), SEEN + checked * 3600.0)
    assert np.all(np.isfinite(told))
    assert np.all(np.diff(told) >= -1e-9)
    assert np.all(told <= 2.0)
    assert 0.0 <= wave.to_move(SEEN + checked * 3600.0) <= 1.0


def test_when_one_moved_the_others_are_asked_sooner():
    dear = Adaptive(HAZARDS, 3.0)
    wave = Wave.begun(NOW.timestamp(), GONE.gone(HERE[1]), 1.0, np.full(5, (NOW - HOUR).timestamp()))
    for _ in range(3):
        wave.moved(None, NOW.timestamp(), GONE.told(THERE[1]))
    alone = view("departed_origin", age=2 * DAY, checked_at=NOW - HOUR)
    moved = view("departed_origin", age=2 * DAY, checked_at=NOW - HOUR, wave=wave)
    assert wait(moved, dear) < wait(alone, dear)
    assert why(moved, dear) == "cohort_moved"


# price


def test_a_price_rises_while_too_much_is_asked_and_falls_while_there_is_room():
    price = first_price(NOW)
    for i in range(1, 40):
        price = tuned(counted(price, 100, NOW + i * HOUR), 500.0, NOW + i * HOUR)
    assert USUAL < price.price <= DEAREST
    for i in range(40, 400):
        price = tuned(price, 500.0, NOW + i * HOUR)
        price = counted(price, 1, NOW + i * HOUR)
    assert LEAST <= price.price < USUAL


def test_without_a_quota_the_price_is_the_usual_one():
    price = tuned(counted(first_price(NOW), 10_000, NOW), None, NOW + DAY)
    assert price.price == USUAL


def test_a_tenth_of_the_quota_is_kept():
    """At a demand that falls with the root of the price, the rate settles below nine tenths of what is allowed."""
    price, allowed = first_price(NOW), 1000.0
    for i in range(1, 2000):
        now = NOW + i * HOUR / 4
        asked = 5000 / np.sqrt(price.price) / 96
        price = tuned(counted(price, asked, now), allowed, now)
    assert price.rate == pytest.approx(900, rel=0.05)
