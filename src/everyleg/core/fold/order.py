"""The order of events: time, then the way's own order, then the source's, then the key. Total: nothing is left open."""

from collections.abc import Sequence

from everyleg.core.fold.clusters import Cluster
from everyleg.core.fold.rules import UNDOES_DELIVERY
from everyleg.core.vocabulary import STATUSES, Status


def _ranks() -> dict[str, int]:
    """The vocabulary is written in the order of the way; four groups stand elsewhere in it.

    Rows of any stage (a delay, an unresolved customs row) can happen anywhere before the delivery round. What undoes a
    delivery comes after it. A parcel waits at the counter after the failed attempt, not before.
    """
    table = {name: float(place) for place, name in enumerate(STATUSES)}
    for row in STATUSES.values():
        if row.milestone == "available_for_pickup":
            table[row.sub_status] = table["delivered"] - 0.5
        elif row.stage == "any" and row.sub_status not in UNDOES_DELIVERY and row.milestone != "pending":
            table[row.sub_status] = table["in_transit"]
    places = sorted(set(table.values()))
    return {name: places.index(place) for name, place in table.items()}


_RANK = _ranks()


def rank(status: Status) -> int:
    """Where a row stands on the way: the *stage order* that tells apart events whose times do not."""
    return _RANK[status.sub_status]


def said_order(event: Cluster) -> tuple[float, int, int, str]:
    """Sort key by the time as told; what delivery and custody are judged by."""
    return (event.t, *_ties(event))


def placed_order(event: Cluster) -> tuple[float, int, int, str]:
    """Sort key by the place that `place` found; the order of the timeline."""
    return (event.placed, *_ties(event))


def _ties(event: Cluster) -> tuple[int, int, str]:
    statement = event.witnesses[0].statement
    own = statement.rank if isinstance(statement.rank, int) else 0
    return (rank(event.status), own, statement.key)


def place(events: Sequence[Cluster]) -> bool:
    """Give each event its place in time. Only events of which just the day is known move, inside their day: behind the
    last clock time of an earlier step, before the first of a later one.

    Each is placed by events with a clock alone, never by another that was placed, so the order stays total. Gives
    whether any of them moved.
    """
    clocks = [e for e in events if not _day_only(e) and e.status.moves and e.status.stage != "any"]
    moved = False
    for event in events:
        event.placed = event.t
        if _day_only(event) and event.status.moves and event.status.stage != "any":
            same_day = [c for c in clocks if -event.u <= c.t - event.t < event.u]
            event.placed = _inside(event, same_day)
            moved = moved or event.placed != event.t
    return moved


def _day_only(event: Cluster) -> bool:
    return event.witnesses[0].statement.time_basis == "date"


def _inside(event: Cluster, clocks: list[Cluster]) -> float:
    own = rank(event.status)
    earlier = max((c.t for c in clocks if rank(c.status) < own), default=event.t)
    later = min((c.t for c in clocks if rank(c.status) > own), default=max(event.t, earlier))
    return min(max(event.t, earlier), later)
