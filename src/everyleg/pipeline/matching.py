"""Which parcel a timeline is: pure.

Parcels have a home, the number that they were made for. Joining two numbers makes one of their parcels redirect to the
other; taking the join back sends each home again. The lives of a reused number are parcels of their own.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from everyleg.core.fold import Event, Timeline
from everyleg.core.model import Ref
from everyleg.pipeline.joining import refs_of

Keys = frozenset[str]


class Home(Struct):
    """A parcel as the store has it."""

    parcel_id: int
    number_id: int
    shipment_id: int | None
    merged_into: int | None


class Match(Struct):
    """What a parcel, or one to be made, is now."""

    home: Home | None
    """None: a parcel has to be made."""
    number_id: int
    timeline: Timeline | None
    """None: nothing was told of it."""
    merged_into: int | None = None
    beside: tuple[int, ...] = ()
    """Linked numbers, where nothing was told of any."""


def match(
    timelines: Sequence[Timeline], homes: Sequence[Home], ids: dict[Ref, int], keys_of: Callable[[Home], Keys]
) -> list[Match]:
    """Parcels for the timelines of one group of numbers.

    Args:
        timelines: the lives of the group.
        homes: parcels whose home is one of its numbers.
        ids: of its numbers.
        keys_of: the statements that a parcel told of when it was last folded; asked only where it matters.
    """
    lives = sorted(timelines, key=_start)
    claims = _claims(lives, homes, ids, keys_of)
    matches: list[Match] = []
    for place, life in enumerate(lives):
        claimants = sorted((home for home in homes if claims.get(home.parcel_id) == place), key=_precedence)
        if not claimants:
            first = min(life.numbers, key=lambda number: number.leg)
            matches.append(Match(None, ids[Ref(first.carrier, first.tracking_number)], life))
            continue
        winner, *others = claimants
        matches.append(Match(winner, winner.number_id, life))
        matches += [_beside(other, winner) for other in others]
    told = {m.home.parcel_id for m in matches if m.home is not None}
    return matches + [Match(home, home.number_id, None) for home in homes if home.parcel_id not in told]


def _start(timeline: Timeline) -> datetime:
    return timeline.events[0].occurred_at if timeline.events else datetime.max.replace(tzinfo=UTC)


def _precedence(home: Home) -> tuple[bool, int]:
    return home.shipment_id is None, home.parcel_id


def _beside(other: Home, winner: Home) -> Match:
    """A parcel that shares the life of another: the same one, unless it is another shipment waiting for its own life
    of the number.
    """
    shipments = {other.shipment_id, winner.shipment_id}
    waits = other.number_id == winner.number_id and len(shipments) == 2 and None not in shipments
    return Match(other, other.number_id, None, None if waits else winner.parcel_id)


def _claims(
    lives: Sequence[Timeline], homes: Sequence[Home], ids: dict[Ref, int], keys_of: Callable[[Home], Keys]
) -> dict[int, int]:
    """Parcel → the life it claims: the one that it told of before, else the newest one of its number."""
    claims: dict[int, int] = {}
    members = [{ids[ref] for ref in refs_of(life)} for life in lives]
    witnesses = [_keys(life) for life in lives] if len(lives) > 1 else []
    for home in homes:
        mine = [place for place, numbers in enumerate(members) if home.number_id in numbers]
        if len(mine) > 1:
            before = keys_of(home)
            shared = {place: len(before & witnesses[place]) for place in mine}
            claims[home.parcel_id] = max(mine, key=lambda place: (shared[place], place))
        elif mine:
            claims[home.parcel_id] = mine[0]
    return claims


def _keys(timeline: Timeline) -> Keys:
    return keys_in(timeline.events)


def keys_in(events: Iterable[Event]) -> Keys:
    """The statements that events rest on."""
    return frozenset(key for event in events for key in event.witnesses)
