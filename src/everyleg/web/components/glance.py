"""A timeline as a row or a ribbon needs it: decoding leaves out the rest, which is most of it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class PlaceSeen(Struct, frozen=True):
    """Where, in the source's words or by name."""

    raw: str | None = None
    city: str | None = None
    country: str | None = None

    def __str__(self) -> str:
        named = ", ".join(part for part in (self.city, self.country) if part)
        return named if self.city else self.raw or named


class EventSeen(Struct, frozen=True):
    """An event of a timeline."""

    carrier: str
    stage: str
    sub_status: str
    occurred_at: datetime
    occurred_local: datetime | None
    utc_offset: int | None
    place: PlaceSeen
    text: str | None
    withdrawn: bool = False
    after_delivery: bool = False


class LegSeen(Struct, frozen=True, rename={"from_": "from"}):
    """A leg of a timeline."""

    carrier: str
    tracking_number: str
    stages: list[str]
    from_: datetime | None
    to: datetime | None


class JointSeen(Struct, frozen=True, rename={"from_": "from"}):
    """A hand-off of a timeline."""

    from_: str
    to: str
    released_at: datetime | None
    accepted_at: datetime | None
    gap_s: int | None
    missing: Literal["release", "acceptance"] | None


class Glance(Struct, frozen=True):
    """A timeline, seen from where a list stands."""

    milestone: str
    sub_status: str
    stage: str
    exception: bool
    delivered_at: datetime | None
    since: datetime | None
    dwell_s: dict[str, int]
    legs: list[LegSeen]
    handoffs: list[JointSeen]
    events: list[EventSeen]

    @property
    def last(self) -> EventSeen | None:
        """The latest event that stands."""
        standing = [event for event in self.events if not event.withdrawn]
        return standing[-1] if standing else None


NOTHING = Glance("pending", "registered", "any", False, None, None, {}, [], [], [])
"""The timeline of a parcel of which nothing was told yet."""
