"""What every policy agrees on: who is asked at once, and who no more."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from everyleg.planner.policy.views import DEAD, FINAL, NumberView, Plan, Why

GIVE_UP: Final = timedelta(days=60)
"""Without news for so long, nothing is asked any more: sea freight is silent for up to six weeks."""

UNKNOWN_FOR: Final = timedelta(days=30)
"""A number that its carrier never knew is given up after so long."""

STANDS: Final[Mapping[Why, timedelta]] = {
    "delivered": timedelta(days=7),
    "ended": timedelta(days=7),
    "stopped": timedelta(days=1),
    "given_up": timedelta(0),
}
"""How long each end has to stand until aggregators are told too: refusals and returns are told days after a delivery,
people change their minds, and who is given up was silent long enough. 17TRACK stops by itself after fifteen days.
"""

_AFTER_FAILURE: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Hours to the next try after so many failures in a row; the gateway's breaker holds back whole accounts besides."""


def settled(view: NumberView, now: datetime) -> Plan | None:
    """The plan where there is nothing to weigh: over, given up, never asked, or the last check failed."""
    if view.stopped:
        return Plan(None, "stopped")
    if view.milestone in FINAL:
        return Plan(None, "delivered" if view.milestone == "delivered" else "ended")
    if view.state.sub_status in DEAD:
        return Plan(None, "ended")
    if view.checked_at is None:
        return Plan(now, "new")
    return _given_up(view, now) or _after_failure(view, now)


def is_over(view: NumberView, now: datetime) -> bool:
    """Whether nothing is asked of a number any more."""
    plan = settled(view, now)
    return plan is not None and plan.due_at is None


def _given_up(view: NumberView, now: datetime) -> Plan | None:
    if view.event_at is None and view.news_at is None:
        return Plan(None, "given_up") if now - view.since > UNKNOWN_FOR else None
    last = max(time for time in (view.event_at, view.news_at, view.since) if time is not None)
    return Plan(None, "given_up") if now - last > GIVE_UP else None


def _after_failure(view: NumberView, now: datetime) -> Plan | None:
    if not view.failures:
        return None
    hours = _AFTER_FAILURE[min(view.failures, len(_AFTER_FAILURE)) - 1]
    return Plan(now + timedelta(hours=hours), "after_failure")
