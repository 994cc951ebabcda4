"""What the fold gives: a timeline and its parts, whose JSON is the contract of `everyleg fold` and `timeline`."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from everyleg.core.model import Statement


class Facts(Struct, frozen=True):
    """What is known of a parcel apart from what carriers say."""

    origin: str | None = None
    """ISO 3166-1 alpha-2, as `destination`."""
    destination: str | None = None
    promised_by: datetime | None = None
    """What the buyer was promised."""
    carrier_estimate: datetime | None = None
    """The carrier's latest estimate; the promise comes first."""


class Number(Struct, frozen=True):
    """A number that the parcel has."""

    carrier: str
    tracking_number: str
    leg: int
    """Its place in `legs`."""


class Leg(Struct, frozen=True, rename={"from_": "from"}):
    """The part of the way that one carrier has the parcel under its number."""

    carrier: str
    tracking_number: str
    stages: list[str]
    """The stages it told itself, in their order; of a last-mile leg that has not spoken, `last_mile`."""
    from_: datetime | None
    """Its first scan with the parcel in hand; null while it has none."""
    to: datetime | None
    """When it let go, or the next one had the parcel; null while it runs."""


class Custody(Struct, frozen=True, rename={"from_": "from"}):
    """Who had the parcel, from when to when, by whose word."""

    holder: str
    """The carrier."""
    from_: datetime
    to: datetime | None
    released_by: str | None
    """Key of the statement by which the holder let go."""
    accepted_by: str | None
    """Key of the statement by which the holder took it."""


class Handoff(Struct, frozen=True, rename={"from_": "from"}):
    """The joint between two legs of different carriers; listed once either side has spoken."""

    from_: str
    to: str
    released_at: datetime | None
    accepted_at: datetime | None
    gap_s: int | None
    """Seconds with nobody, never negative; null while a side is missing."""
    missing: Literal["release", "acceptance"] | None


class Event(Statement, frozen=True):
    """A fact: the event document of its best witness, with all its witnesses."""

    witnesses: list[str] = field(default_factory=list)
    """Keys of the statements that tell it, best first; once for each source."""
    after_delivery: bool = False


class Anomaly(Struct, frozen=True, order=True):
    """Something that people should look at; the kinds are listed in `docs/fold.md`."""

    kind: str
    keys: list[str]
    detail: str


class View(Struct, frozen=True):
    """What needs the clock."""

    now: datetime
    silent_s: int | None
    """Seconds since the last event; null without events."""
    overdue: bool | None
    """Later than promised (or estimated) and still on the way; null when no date is known."""
    expired: bool
    """运输过久: still on the way and silent for longer than `EXPIRED_AFTER_S`."""
    dwell_s: dict[str, int]
    """`dwell_s` with the running stage counted until now."""


class Timeline(Struct, frozen=True):
    """What a parcel's statements and links say, folded."""

    schema: int
    numbers: list[Number]
    milestone: str
    sub_status: str
    stage: str
    exception: bool
    delivered_at: datetime | None
    since: datetime | None
    """When the present sub-status was reached."""
    reached: dict[str, datetime]
    """Milestone → when the state first reached it, in the order reached."""
    legs: list[Leg]
    custody: list[Custody]
    handoffs: list[Handoff]
    dwell_s: dict[str, int]
    """Stage → seconds of its finished visits."""
    events: list[Event]
    anomalies: list[Anomaly]
    view: View | UnsetType = UNSET
