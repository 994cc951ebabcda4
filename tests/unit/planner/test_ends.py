"""What every policy agrees on: which numbers are over, and how long an end has to stand until others are told."""

import datetime as dt

import pytest

from everyleg.durations.gaps import State
from everyleg.planner.policy.ends import GIVE_UP, STANDS, UNKNOWN_FOR, is_over
from everyleg.planner.policy.simple import Fixed, Never
from everyleg.planner.policy.views import NumberView

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def view(sub_status="in_transit", milestone="in_transit", silent=DAY, **said):
    known = {"event_at": NOW - silent, "since": NOW - silent, "checked_at": NOW - DAY, **said}
    return NumberView(state=State(sub_status, "acme", "US", ""), milestone=milestone, **known)


OVER = {
    "stopped": [view(stopped=True)],
    "delivered": [view("delivered", "delivered")],
    "ended": [view("returned", "returned"), view("lost", "exception"), view("destroyed", "exception")],
    "given_up": [view(silent=GIVE_UP + DAY), view("registered", event_at=None, since=NOW - UNKNOWN_FOR - DAY)],
}
GOING_ON = [view(), view("customs_held", "import"), view(checked_at=None), view(failures=3), view(silent=GIVE_UP)]


@pytest.mark.parametrize("why", STANDS)
@pytest.mark.parametrize("policy", [Fixed(), Never()])
def test_what_is_over_is_so_for_every_policy_whoever_asks_nobody_included(why, policy):
    assert all(is_over(one, NOW) for one in OVER[why])
    assert {(plan.due_at, plan.why) for plan in policy.next_checks(OVER[why], NOW)} == {(None, why)}


def test_what_goes_on_is_not_over_even_where_nobody_is_asked():
    assert not any(is_over(one, NOW) for one in GOING_ON)
    assert {plan.why for plan in Never().next_checks(GOING_ON, NOW)} == {"not_asked"}


def test_an_end_stands_less_long_than_17track_waits_by_itself():
    assert max(STANDS.values()) < 15 * DAY
