"""Policies that know nothing: fixed intervals, and back-off."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from everyleg.planner.policy.ends import settled
from everyleg.planner.policy.views import NumberView, Plan


class Fixed(Struct, frozen=True):
    """Every so many hours."""

    hours: float = 6.0

    def next_checks(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        """As `Policy`."""
        later = Plan(now + timedelta(hours=self.hours), "fixed")
        return [settled(view, now) or later for view in views]


class BackOff(Struct, frozen=True):
    """Soon after news, and ever later while there is none."""

    hours: tuple[float, ...] = (3.0, 6.0, 12.0, 24.0)
    """To the first check after news, to the second, and so on; the last one goes on."""

    def next_checks(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        """As `Policy`."""
        return [settled(view, now) or self._later(view, now) for view in views]

    def _later(self, view: NumberView, now: datetime) -> Plan:
        quiet = (now - (view.news_at or view.since)) / timedelta(hours=1)
        lived = 0.0
        for hours in self.hours:
            lived += hours
            if quiet < lived - 1e-6:
                return Plan(now + timedelta(hours=hours), "fixed")
        return Plan(now + timedelta(hours=self.hours[-1]), "fixed")


class Never(Struct, frozen=True):
    """Nobody is asked: everything comes by itself, or is asked by others."""

    def next_checks(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        """As `Policy`."""
        plans = [settled(view, now) for view in views]
        return [plan if plan is not None and plan.due_at is None else Plan(None, "not_asked") for plan in plans]
