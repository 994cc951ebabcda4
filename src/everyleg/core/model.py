"""The nouns of the core: place, statement, link, observation, and the reading of one answer.

The JSON of these structs is the contract that command line, API, webhooks and MCP share (`docs/words.md`); the field
order is the order in which people read them.
"""

import hashlib
from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from xxhash import xxh3_128_hexdigest

TimeBasis = Literal["offset", "zone", "place", "assumed", "date"]
"""How the instant of a statement is known: the source gave an offset, the source's documented zone, the statement's
place, nothing (assumed), or only a day."""

Relation = Literal["last_mile", "first_mile", "piece", "master", "replacement", "return"]
"""What another number is to the number that was asked."""

LinkKind = Literal["same_parcel", "in_consolidation", "replaces"]
"""What a link joins: two numbers of one parcel, a parcel and its bag or flight, a parcel and the one it replaces."""

FailedKind = Literal["refused", "rate_limited", "unreachable", "unreadable", "wrong_carrier"]
"""Why an answer told nothing: what to do next hangs on it."""


class Place(Struct, frozen=True):
    """Where something happened, as far as the source said or named it unmistakably."""

    raw: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    postal_code: str | None = None
    code: str | None = None
    """IATA or UN/LOCODE."""
    lat: float | None = None
    lon: float | None = None


NOWHERE = Place()
"""The place of a statement whose source named none."""


class Statement(Struct, frozen=True):
    """One fact as one source told it: the *event document* of the contracts."""

    carrier: str
    tracking_number: str
    stage: str
    milestone: str
    sub_status: str
    occurred_local: datetime | None
    """Wall clock at the place, naive."""
    utc_offset: int | None
    """Minutes east of UTC."""
    time_basis: TimeBasis
    occurred_at: datetime
    """Best estimate of the instant, UTC."""
    uncertainty_s: int
    """Half-width of the interval around `occurred_at`, in seconds."""
    place: Place
    code: str | None
    text: str | None
    lang: str | None
    source: str
    observed_at: datetime | None
    observation: str | None
    key: str
    withdrawn: bool = False
    rank: int | UnsetType = UNSET
    """The source's own order: the place in the answer, oldest first. No part of the event document: left out of the
    JSON when not set, and never on an event."""


class Ref(Struct, frozen=True, order=True):
    """A number under the carrier that uses it."""

    carrier: str
    tracking_number: str


class Link(Struct, frozen=True):
    """A fact that joins two numbers, with its evidence; it can be withdrawn."""

    kind: LinkKind
    a: Ref
    b: Ref
    relation: Relation
    """What `b` is to `a`."""
    evidence: str | None = None
    withdrawn: bool = False


class Observation(Struct, frozen=True):
    """One answer as received: what the fold needs to know of it. Its bytes are the store's."""

    id: str
    carrier: str
    tracking_number: str
    observed_at: datetime | None = None
    complete: bool = True
    source: str = "carrier_api"
    opens_at: datetime | None = None
    """Where the window of a complete answer opens, for who keeps only the latest telling of each statement; None: at
    the earliest of the statements that name this observation."""


class Alias(Struct, frozen=True):
    """Another number that an answer names."""

    carrier: str | None
    tracking_number: str
    relation: Relation


class Warn(Struct, frozen=True):
    """Something in an answer that was not understood or not expected; reading went on."""

    kind: str
    where: str
    value: str | None = None


class Reason(Struct, frozen=True):
    """Why a result is *failed*."""

    kind: FailedKind
    detail: str


class Estimate(Struct, frozen=True, rename={"from_": "from"}):
    """An estimated delivery as the source gave it: a window, or a point where both ends are the same."""

    from_: str
    to: str
    basis: str


class Flight(Struct, frozen=True):
    """A flight that an answer names, with its date (ISO) and master air waybill."""

    number: str
    date: str | None = None
    mawb: str | None = None


class Proof(Struct, frozen=True):
    """Proof of delivery."""

    signer: str | None = None
    photo_url: str | None = None
    place: str | None = None
    at: str | None = None


class Result(Struct):
    """What an answer says of one number."""

    asked: str | None
    outcome: Literal["found", "unknown", "failed"]
    reason: Reason | None = None
    retry_after_s: int | None = None
    tracking_number: str | None = None
    aliases: list[Alias] = []
    pieces: list[str] = []
    estimated_delivery: Estimate | None = None
    flights: list[Flight] = []
    batch: str | None = None
    proof: Proof | None = None
    weight_kg: float | None = None
    state_hint: str | None = None
    """The words of a status that came without events."""
    complete: bool = True
    """Whether the answer is the whole history (it may withdraw) or an increment (it never does)."""
    events: list[Statement] = []


class Reading(Struct):
    """What a manifest makes of one observation."""

    schema: int
    carrier: str
    reading: str | None
    results: list[Result]
    warnings: list[Warn] = []


def statement_key(
    carrier: str, number: str, raw_time: str | None, raw_code: str | None, raw_text: str | None, raw_place: str | None
) -> str:
    """Identity of a statement: a hash (XXH3, 128 bits, hex) of what the source said, never of what we made of it."""
    said = f"{carrier}\x1f{number}\x1f{raw_time or ''}\x1f{raw_code or ''}\x1f{raw_text or ''}\x1f{raw_place or ''}"
    return xxh3_128_hexdigest(said.encode("utf-8", "surrogatepass"))


def observation_id(body: bytes, source: str) -> str:
    """Identity of an observation: SHA-256 of its bytes and source."""
    return hashlib.sha256(body + b"\x1f" + source.encode()).hexdigest()
