"""What people should look at. Few kinds, each with the statements that show it; `docs/fold.md` lists them."""

from collections.abc import Iterator

from everyleg.core.fold.clusters import Cluster
from everyleg.core.fold.custody import Hold, Joint
from everyleg.core.fold.parcels import Parcel, in_hand
from everyleg.core.fold.rules import SAME_EVENT_S
from everyleg.core.fold.sides import Border
from everyleg.core.fold.tellings import near
from everyleg.core.fold.timeline import Anomaly
from everyleg.core.vocabulary import STATUSES

_DISAGREE = frozenset({"delivery_failed", "returning", "returned"})
_DELIVERED = frozenset(row.sub_status for row in STATUSES.values() if row.milestone == "delivered")
_DISAGREE_ROWS = frozenset({"refused", "lost", "destroyed"})


def find(
    parcel: Parcel, events: list[Cluster], holds: list[Hold], joints: list[Joint], border: Border
) -> list[Anomaly]:
    """Every anomaly of a parcel, sorted by kind and keys; `events` are the standing ones."""
    found = [
        *parcel.notes,
        *_deliveries(parcel, events),
        *_contradictions(events),
        *_early_acceptances(holds, joints),
        *_disorder(parcel, events, border),
    ]
    return sorted(found)


def _key(event: Cluster) -> str:
    return event.witnesses[0].statement.key


def _deliveries(parcel: Parcel, events: list[Cluster]) -> Iterator[Anomaly]:
    """Deliveries that were not taken for one, where nothing else explains it."""
    for event in events:
        told = event.witnesses[0].statement
        if told.sub_status not in _DELIVERED:
            continue
        if event.muted == "echo" and not any(one.final for one in events):
            yield Anomaly("delivered_unconfirmed", [told.key], f"{told.carrier} says so, the last leg does not")
        elif event.status.sub_status == "handed_to_other_carrier" and any(map(parcel.is_last, event.legs)):
            yield Anomaly("delivered_elsewhere", [told.key], f"in {event.country}, and no later leg is known")


def _contradictions(events: list[Cluster]) -> Iterator[Anomaly]:
    """A delivery, and another source that tells of its failure at the same time."""
    deliveries = [e for e in events if e.status.milestone == "delivered" and e.muted != "echo"]
    if not deliveries:
        return
    failures = [e for e in events if e.status.milestone in _DISAGREE or e.status.sub_status in _DISAGREE_ROWS]
    for delivery in deliveries:
        for failure in failures:
            if _disagree(delivery, failure):
                keys = sorted((_key(delivery), _key(failure)))
                yield Anomaly("contradiction", keys, f"{delivery.status.sub_status}, {failure.status.sub_status}")


def _disagree(one: Cluster, other: Cluster) -> bool:
    """A failed attempt and a delivery on one day do not contradict: mere dates do not count, people's words do."""
    a, b = one.witnesses[0], other.witnesses[0]
    sources = [{(w.statement.carrier, w.statement.source) for w in e.witnesses} for e in (one, other)]
    exact = "date" not in (a.statement.time_basis, b.statement.time_basis) or a.by_person or b.by_person
    return exact and near(a, b) and not sources[0] & sources[1]


def _early_acceptances(holds: list[Hold], joints: list[Joint]) -> Iterator[Anomaly]:
    for joint in joints:
        released, accepted = holds[joint.up].released, holds[joint.down].accepted
        if released and accepted and accepted.t < released.t - max(SAME_EVENT_S, released.u + accepted.u):
            keys = [released.key_by(joint.up), accepted.key_by(joint.down)]
            yield Anomaly("accepted_before_release", keys, f"by {int(released.t - accepted.t)} s")


def _disorder(parcel: Parcel, events: list[Cluster], border: Border) -> Iterator[Anomaly]:
    """A leg that tells of the origin after it told of the destination: a wrong zone, a wrong code, a wrong number."""
    moves = [e for e in events if in_hand(e.status) and not e.by_person and e.t <= border.first_return]
    sides = [border.of(event.status, event.country) for event in moves]
    if "origin" not in sides or "destination" not in sides:
        return
    for leg in range(len(parcel.legs)):
        own = [(event, side) for event, side in zip(moves, sides, strict=True) if leg in event.legs]
        there = next((event for event, side in own if side == "destination"), None)
        back = [event for event, side in own if side == "origin"]
        if there and back and back[-1].t - there.t > max(SAME_EVENT_S, there.u + back[-1].u):
            detail = f"{back[-1].status.sub_status} after {there.status.sub_status}"
            yield Anomaly("time_in_disorder", [_key(there), _key(back[-1])], detail)
