"""The shapes on the wire: what callers send, and what they get. Their descriptions are the API's documentation."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from everyleg.core.fold import Custody, Event, Handoff
from everyleg.core.fold.timeline import Anomaly, Leg, Number

MOST_PARCELS = 1000
"""Parcels of one request."""
MOST_LINES = 100
MOST_TAGS = 20
MOST_ATTRIBUTES = 50

Instant = Annotated[datetime, Meta(tz=True)]
Line = Annotated[str, Meta(max_length=200)]
Id = Annotated[int, Meta(description="Of the parcel; it stays the same. Parcels that turn out to be one redirect.")]


class NewLine(Struct, forbid_unknown_fields=True):
    """Something inside."""

    sku: Annotated[str, Meta(min_length=1, max_length=200, examples=["MUG-RED"])]
    quantity: Annotated[float, Meta(gt=0, lt=1e9, description="To the thousandth.", examples=[2])] = 1


class NewParcel(Struct, forbid_unknown_fields=True):
    """A parcel to follow. What is left out is left as it is where the parcel is known already."""

    tracking_number: Annotated[str, Meta(min_length=1, max_length=100, examples=["9400100000000000000001"])]
    carrier: Annotated[
        str | None,
        Meta(description="Slug or name of the carrier; left out, the number tells or answers do.", examples=["usps"]),
    ] = None
    order_reference: Annotated[
        Line | None, Meta(description="Parcels of one order are one shipment.", examples=["SO-2026-0077"])
    ] = None
    shop: Annotated[Line | None, Meta(description="By name; a new one is made.")] = None
    platform: Annotated[str, Meta(max_length=100)] | None = None
    channel: Annotated[Line | None, Meta(description="What it is shipped by (物流渠道), by name.")] = None
    country: Annotated[
        Line | None, Meta(description="Of the destination: ISO 3166-1 alpha-2, or a name.", examples=["US"])
    ] = None
    postcode: Annotated[Line | None, Meta(description="Of the destination; some carriers want it. Lies encrypted.")] = (
        None
    )
    shipped_at: Instant | None = None
    promised_by: Annotated[Instant | None, Meta(description="By when the buyer was promised to have it.")] = None
    buyer_email: Annotated[str, Meta(max_length=254, description="Lies encrypted.")] | None = None
    lines: Annotated[list[NewLine], Meta(max_length=MOST_LINES)] = []
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=MOST_TAGS)] = []
    remark: Annotated[str, Meta(max_length=8000, description="For colleagues; lies encrypted.")] | None = None
    attributes: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=100)], Annotated[str, Meta(max_length=2000)]],
        Meta(max_length=MOST_ATTRIBUTES, description="Anything else, by name; lies encrypted."),
    ] = {}


class NewParcels(Struct, forbid_unknown_fields=True):
    """Parcels to follow."""

    parcels: Annotated[list[NewParcel], Meta(min_length=1, max_length=MOST_PARCELS)]


Became = Literal["added", "updated", "unchanged", "refused"]
"""What became of a parcel that was sent."""


class Note(Struct, frozen=True):
    """Something to say of a parcel that was sent: why it was refused, what was set right, what changed."""

    code: Annotated[str, Meta(description="Stable; one of the kinds of the daily sheet's notes.")]
    detail: Annotated[str, Meta(description="In words, in the language of Accept-Language (en, zh).")]
    field: Annotated[str | None, Meta(description="The field that it is about.")] = None


class Taken(Struct, frozen=True):
    """What became of one parcel."""

    index: Annotated[int, Meta(description="Its place in the request, from 0.")]
    tracking_number: Annotated[str, Meta(description="As it is kept: tidied.")]
    outcome: Became
    id: Annotated[int | None, Meta(description="Of the parcel; null when it was refused.")] = None
    notes: list[Note] = []


class TakenParcels(Struct, frozen=True):
    """What became of each, in the order sent. Those that were not refused are kept."""

    counts: Annotated[dict[str, int], Meta(description="How many of each outcome.")]
    parcels: list[Taken]


class Failure(Struct, frozen=True):
    """Why we could not learn of a number."""

    kind: Annotated[
        str, Meta(description="refused, rate_limited, unreachable, unreadable, wrong_carrier, or a newer word.")
    ]
    detail: Annotated[str | None, Meta(description="The source's own words, where it gave some.")] = None


class Check(Struct, frozen=True):
    """How fresh is what is known of one number: a check that failed says nothing of the parcel."""

    carrier: str
    tracking_number: str
    source: Annotated[str | None, Meta(description="Who was asked at the latest check; null: nobody yet.")]
    checked_at: datetime | None
    outcome: Annotated[
        Literal["news", "nothing_new", "unknown", "failed"] | None,
        Meta(description="Of the latest check; failed: we could not ask, whatever happened to the parcel."),
    ]
    failure: Failure | None
    answered_at: Annotated[datetime | None, Meta(description="The latest check that was answered at all.")]
    spoke_at: Annotated[datetime | None, Meta(description="The latest fact that its carrier tells.")]
    next_check_at: Annotated[datetime | None, Meta(description="null: it is not going to be asked again by itself.")]
    next_check_why: Annotated[str | None, Meta(description="In one word of the planner's; null where it says none.")]


class Summary(Struct, frozen=True):
    """A parcel in a list."""

    id: Id
    version: Annotated[int, Meta(description="A new one whenever its state changes.")]
    numbers: list[Number]
    order_reference: str | None
    shop: str | None
    channel: str | None
    country: str | None
    milestone: str
    sub_status: str
    stage: str
    exception: bool
    since: Annotated[datetime | None, Meta(description="When the sub-status was reached.")]
    last_event_at: datetime | None
    delivered_at: datetime | None
    promised_by: datetime | None
    created_at: datetime


class Parcels(Struct, frozen=True):
    """A page of a list."""

    parcels: list[Summary]
    next: Annotated[str | None, Meta(description="Give it as `after` for the next page; null: that was the last.")]


class GoodsLine(Struct, frozen=True):
    """Something inside."""

    sku: str
    quantity: float


class Parcel(Struct, frozen=True, kw_only=True):
    """A parcel: the fold's document without its events, what the seller said, and how fresh it is."""

    id: Id
    version: Annotated[int, Meta(description="A new one whenever its state changes.")]
    order_reference: str | None
    shop: str | None
    channel: str | None
    country: str | None
    postcode: Annotated[str | UnsetType | None, Meta(description="Only for keys with the scope personal.")] = UNSET
    buyer_email: Annotated[str | UnsetType | None, Meta(description="Only for keys with the scope personal.")] = UNSET
    shipped_at: datetime | None
    promised_by: datetime | None
    lines: list[GoodsLine]
    tags: list[str]
    milestone: str
    sub_status: str
    stage: str
    exception: bool
    delivered_at: datetime | None
    since: datetime | None
    reached: Annotated[dict[str, datetime], Meta(description="Milestone → when it was first reached.")]
    numbers: list[Number]
    legs: list[Leg]
    custody: list[Custody]
    handoffs: list[Handoff]
    dwell_s: Annotated[dict[str, int], Meta(description="Stage → seconds of its finished visits.")]
    anomalies: list[Anomaly]
    checks: list[Check]
    created_at: datetime
    stopped_at: datetime | None
    archived_at: datetime | None


class Told(Struct, frozen=True):
    """Who tells a statement: the latest answer of a source in which it stands."""

    source: str
    observation: Annotated[int, Meta(description="The raw answer.")]
    observed_at: datetime


class Events(Struct, frozen=True):
    """A page of a parcel's events, oldest first."""

    events: Annotated[list[Event], Meta(description="Event documents; `witnesses` are keys of statements.")]
    witnesses: Annotated[
        dict[str, list[Told]], Meta(description="Key of a statement → who tells it, for the events of this page.")
    ]
    next: Annotated[str | None, Meta(description="Give it as `after` for the next page; null: that was the last.")]
