"""What a policy sees of a number, and what it answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct

from everyleg.durations.gaps import State
from everyleg.planner.policy.waves import Wave

Why = Literal[
    "new",
    "routine",
    "quiet",
    "customs",
    "out_for_delivery_expected",
    "delivery_expected",
    "looked_at",
    "sentinel",
    "cohort_moved",
    "cohort_waits",
    "leg_not_begun",
    "leg_over",
    "unknown_number",
    "after_failure",
    "fixed",
    "not_asked",
    "delivered",
    "ended",
    "stopped",
    "given_up",
]
"""Why a number is asked at that time, or no more; pages have words for each."""


class NumberView(Struct, frozen=True, kw_only=True):
    """What is known of a number when it is decided when to ask next."""

    state: State
    milestone: str = "pending"
    event_at: datetime | None = None
    """When its latest event happened; None while nothing was told."""
    since: datetime
    """When somebody began to follow it."""
    news_at: datetime | None = None
    """When an answer last told something new."""
    checked_at: datetime | None = None
    """When it was last asked."""
    offset_s: int = 0
    """Seconds east of UTC, of the place of its latest event."""
    outcome: Literal["news", "nothing_new", "unknown", "failed"] | None = None
    """Of the last check."""
    unknowns: int = 0
    """In a row."""
    failures: int = 0
    """In a row."""
    looked_at: datetime | None = None
    """When a buyer or a person last looked at it."""
    watchers: float = 1.0
    """How many parcels' news a check of this one tells of: above 1 for a sentinel of its cohort, below 1 for a parcel
    that sentinels watch over."""
    wave: Wave | None = None
    """That which its cohort is in, if it is on the move."""
    share: float = 1.0
    """How much of its parcel's news this number is likely to tell: little before and after its own leg."""
    leg_ahead: bool = False
    """Whether its leg has not begun yet."""
    stopped: bool = False
    """Stopped, archived, or none of our business any more."""


class Plan(Struct, frozen=True):
    """When to ask next; never, where there is no time."""

    due_at: datetime | None
    why: Why


class Policy(Protocol):
    """Decides when numbers are asked next."""

    def next_checks(self, views: Sequence[NumberView], now: datetime) -> list[Plan]:
        """One plan for each view, in their order; no time lies before `now`."""
        ...


FINAL: Final = frozenset({"delivered", "returned"})
"""Milestones after which nothing is asked."""

DEAD: Final = frozenset({"destroyed", "cancelled", "import_customs_seized", "lost"})
"""Sub-statuses after which nothing is asked."""
