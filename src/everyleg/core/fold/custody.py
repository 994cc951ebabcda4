"""Who has the parcel: when each leg accepted it, by which word it let go, and the joints between legs."""

from datetime import datetime
from itertools import pairwise
from math import inf
from typing import NamedTuple

from msgspec import Struct

from everyleg.core.fold.clusters import Cluster
from everyleg.core.fold.parcels import Parcel, in_hand
from everyleg.core.fold.rules import RELEASES, UPSTREAM_STAGES
from everyleg.core.fold.sides import Border
from everyleg.core.fold.timeline import Custody, Handoff, Leg
from everyleg.core.vocabulary import STAGES


class Hold(Struct):
    """What one leg did with the parcel."""

    accepted: Cluster | None
    released: Cluster | None = None
    ended: Cluster | None = None
    """The event by which its part was over: its release, the next one's acceptance, or the end of the way."""

    def ended_at(self) -> datetime | None:
        """When its part was over; None while it runs, or never began."""
        return self.ended.at if self.accepted and self.ended else None


def accept(parcel: Parcel, events: list[Cluster], border: Border) -> list[Hold]:
    """When each leg took the parcel; `events` in the order of their times."""
    held = [event for event in events if in_hand(event.status) and not event.of_consolidation]
    return [Hold(_accepted(leg, parcel, held, border)) for leg in range(len(parcel.legs))]


def _accepted(leg: int, parcel: Parcel, held: list[Cluster], border: Border) -> Cluster | None:
    """Its first scan with the parcel in hand. A later leg often repeats what happened before it (both posts of a postal
    item show the whole way): its scan counts if it is of the destination, or no earlier leg is still busy upstream.
    """
    earlier = {i for i, later in enumerate(parcel.later) if leg in later}
    if not earlier:
        return next((e for e in held if leg in e.legs), None)
    busy_until = max(
        (e.t for e in held if e.legs & earlier and leg not in e.legs and e.status.stage in UPSTREAM_STAGES),
        default=-inf,
    )
    own = (e for e in held if leg in e.legs)
    return next(
        (e for e in own if e.t >= busy_until or border.of(e.status, e.country) == "destination"),
        None,
    )


def mark_echoes(parcel: Parcel, holds: list[Hold], events: list[Cluster]) -> None:
    """Mark scans of legs that had handed over by then: consolidators copy the last mile's scans into their own list."""
    if not any(parcel.later):
        return
    for event in events:
        if not event.by_person:
            event.echo = all(_over(leg, event, parcel, holds) for leg in event.legs)


def _over(leg: int, event: Cluster, parcel: Parcel, holds: list[Hold]) -> bool:
    takers = (holds[i].accepted for i in parcel.later[leg] if i not in event.legs)
    return any(taker is not None and taker.t < event.t for taker in takers)


def release(parcel: Parcel, holds: list[Hold], events: list[Cluster], end: Cluster | None) -> None:
    """Find how each leg's part ended, once deliveries are judged; `end`: the event that ended the way."""
    for leg, hold in enumerate(holds):
        takers = [taker.accepted for taker in holds[leg + 1 :] if taker.accepted]
        if leg + 1 < len(holds):
            hold.released = _released(leg, parcel, events)
        ends = [hold.released, *takers] if hold.released or takers else [end]
        hold.ended = min((e for e in ends if e is not None), key=lambda e: e.t, default=None)
        if hold.ended and hold.accepted and hold.ended.t < hold.accepted.t:
            hold.ended = hold.accepted


def _released(leg: int, parcel: Parcel, events: list[Cluster]) -> Cluster | None:
    """Its first word of letting go after its last scan upstream; one said too early counts if no other follows."""
    returning = "returning" if parcel.later[leg] <= parcel.returns else ""
    own = [event for event in events if leg in event.legs]
    words = [e for e in own if e.status.sub_status in RELEASES or e.status.sub_status == returning]
    busy = (e.t for e in own if e.status.stage in UPSTREAM_STAGES and in_hand(e.status) and not e.echo)
    busy_until = max(busy, default=-inf)
    return next((e for e in words if e.t >= busy_until), words[-1] if words else None)


class Joint(NamedTuple):
    """A hand-off, with the places of its two legs."""

    handoff: Handoff
    up: int
    down: int


def joints(parcel: Parcel, holds: list[Hold]) -> list[Joint]:
    """The joints between legs that follow each other. Left out: a silent leg between two that speak, two numbers of one
    carrier, and joints of which neither side has spoken.
    """
    speaking = [leg for leg, hold in enumerate(holds) if hold.accepted]
    inner = range(speaking[0], speaking[-1]) if speaking else range(0)
    chain = [leg for leg, hold in enumerate(holds) if hold.accepted or leg not in inner]
    pairs = ((a, b, _joint(parcel, holds, a, b)) for a, b in pairwise(chain))
    return [Joint(handoff, a, b) for a, b, handoff in pairs if handoff]


def _joint(parcel: Parcel, holds: list[Hold], a: int, b: int) -> Handoff | None:
    one, other = parcel.legs[a].carrier, parcel.legs[b].carrier
    released, accepted = holds[a].released, holds[b].accepted
    if one == other or not (released or accepted):
        return None
    both = released is not None and accepted is not None
    return Handoff(
        from_=one,
        to=other,
        released_at=released.at if released else None,
        accepted_at=accepted.at if accepted else None,
        gap_s=max(0, int(accepted.t - released.t)) if released and accepted else None,
        missing=None if both else "acceptance" if released else "release",
    )


def legs(parcel: Parcel, holds: list[Hold], events: list[Cluster]) -> list[Leg]:
    """The legs, in the order of the way; a linked number without a scan is one too."""
    return [
        Leg(
            carrier=ref.carrier,
            tracking_number=ref.tracking_number,
            stages=_stages(leg, parcel, holds[leg], events),
            from_=accepted.at if (accepted := holds[leg].accepted) else None,
            to=holds[leg].ended_at(),
        )
        for leg, ref in enumerate(parcel.legs)
    ]


def _stages(leg: int, parcel: Parcel, hold: Hold, events: list[Cluster]) -> list[str]:
    since = hold.accepted.t if hold.accepted else inf
    own = (e for e in events if leg in e.legs and e.t >= since and not e.echo and in_hand(e.status))
    told = {event.status.stage for event in own}
    if not told and parcel.is_last(leg) and any(leg in later for later in parcel.later):
        told = {"last_mile"} - ({"last_mile"} if leg in parcel.returns else set())
    return [stage for stage in STAGES if stage in told]


def custody(parcel: Parcel, holds: list[Hold]) -> list[Custody]:
    """Who held it, in order; nobody between a release and the next acceptance."""
    return [
        Custody(
            holder=ref.carrier,
            from_=hold.accepted.at,
            to=hold.ended_at(),
            released_by=_released_by(leg, hold),
            accepted_by=hold.accepted.key_by(leg),
        )
        for leg, (ref, hold) in enumerate(zip(parcel.legs, holds, strict=True))
        if hold.accepted
    ]


def _released_by(leg: int, hold: Hold) -> str | None:
    """The word by which it let go: its own, or the delivery that ended the way."""
    if hold.released:
        return hold.released.key_by(leg)
    return hold.ended.key_by(leg) if hold.ended and hold.ended.final else None
