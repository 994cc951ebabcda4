"""Which facts about a consolidation are facts about a parcel: a pure function of sets.

A fact reaches who was inside at its time. Who was inside is told by stays: *put in at*, *taken out at*, either of them
perhaps unknown; the latest word before a moment decides it, and being put into another consolidation of the same kind
is being taken out of this one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh3_128_hexdigest

from everyleg.core.fold.rules import DELIVERED, EXPORT_OF, FACILITY
from everyleg.core.model import Ref, Statement
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.consolidations.naming import Key

AROUND = timedelta(days=60)
"""How far from what a parcel's own carrier told of it a fact may lie where nobody said when it was put in or taken out:
an air waybill or a container that is used again means other parcels. The slowest way by sea takes as long.
"""

_ALONE = frozenset({"flight", "mawb", "container"})
"""Kinds that are handed to an airline or a line as one piece."""

_HANDED_IN = frozenset({"picked_up", "dropped_off", "received_at_origin_warehouse"})

_FOR_ALL = frozenset(
    {
        *(s.sub_status for s in STATUSES.values() if s.stage in ("export_customs", "line_haul", "import_customs")),
        *EXPORT_OF,
        *FACILITY,
        *_HANDED_IN,
        *("departed_origin_warehouse", "origin_sorting", "departed_origin_sorting", "in_transit", "weather_delay"),
        *("delayed", "processing_delay", "handed_to_other_carrier", "handed_to_last_mile", "destination_sorting"),
        *("departed_destination_sorting", "arrived_destination_city", "arrived_delivery_depot"),
    }
) - {"import_customs_seized"}
"""Rows that hold for every piece inside. A label, a round, a signature, a loss or a return are one piece's own."""


class Stay(Struct, frozen=True):
    """One telling that a number is inside a consolidation."""

    consolidation_id: int
    key: Key
    joined_at: datetime | None = None
    left_at: datetime | None = None


Facts = Mapping[int, Sequence[Statement]]
"""What is told of consolidations, by their ids, as everybody inside tells it."""


def meaning(kind: str, sub_status: str) -> str | None:
    """What a row about a consolidation says of each parcel inside; None: nothing.

    What an airline or a line got is handed to it, and what it delivered is unloaded and given out at its terminal.
    """
    if kind in _ALONE and sub_status in _HANDED_IN:
        return "handed_to_carrier"
    if kind in _ALONE and sub_status in DELIVERED:
        return "discharged"
    return sub_status if sub_status in _FOR_ALL else None


def told_inside(key: Key, ref: Ref, statement: Statement, *, withdrawn: bool) -> Statement | None:
    """A fact about a consolidation, told under a number, as every parcel inside tells it; None when it is not theirs.

    Its source names the consolidation, the carrier and the source, so that it is a witness of its own beside what the
    parcel's carrier tells.
    """
    meant = meaning(key.kind, statement.sub_status)
    if meant is None:
        return None
    row = STATUSES[meant]
    return replace(
        statement,
        stage=row.stage if meant != statement.sub_status else statement.stage,
        milestone=row.milestone,
        sub_status=meant,
        source=source_of(key, ref.carrier, statement.source),
        observed_at=None,
        observation=None,
        withdrawn=withdrawn,
    )


def source_of(key: Key, carrier: str, source: str) -> str:
    """What the source of such a fact is called on a parcel: `mawb:784-12345675/smartkargo/carrier_api`."""
    return f"{key.told_as}/{carrier}/{source}"


def own_key(key: str, ref: Ref) -> str:
    """Key of a fact about a consolidation as one of the parcels inside tells it: one fact on many parcels is many."""
    return xxh3_128_hexdigest(f"{key}\x1f{ref.carrier}\x1f{ref.tracking_number}".encode("utf-8", "surrogatepass"))


def spread(ref: Ref, own: Iterable[Statement], stays: Sequence[Stay], told: Facts) -> list[Statement]:
    """What a number tells because of the consolidations that it was inside.

    Args:
        ref: the number.
        own: what is told of it itself.
        stays: the tellings that it is inside, none of them withdrawn.
        told: by consolidation, its facts as `told_inside` gives them.
    """
    return [
        replace(fact, carrier=ref.carrier, tracking_number=ref.tracking_number, key=own_key(fact.key, ref))
        for fact in reaching(own, stays, told)
    ]


def reaching(own: Iterable[Statement], stays: Sequence[Stay], told: Facts) -> list[Statement]:
    """The facts of consolidations that reach a number; as `spread`, not yet as its own."""
    if not any(told.get(stay.consolidation_id) for stay in stays):
        return []
    times = [statement.occurred_at for statement in own if not statement.withdrawn]
    window = (min(times) - AROUND, max(times) + AROUND) if times else None
    return [
        fact
        for consolidation in dict.fromkeys(stay.consolidation_id for stay in stays)
        for fact in told.get(consolidation, ())
        if is_inside(consolidation, stays, fact.occurred_at, window)
    ]


def is_inside(
    consolidation: int, stays: Iterable[Stay], at: datetime, window: tuple[datetime, datetime] | None
) -> bool:
    """Whether a number was inside a consolidation at a moment.

    Args:
        consolidation: its id.
        stays: all tellings about the number.
        at: when; at the moment of being put in it is inside, at that of being taken out it is not.
        window: where nobody said when it was put in, what counts lies in here; None: everything does.
    """
    moments, untimed = _moments(consolidation, stays)
    before = [moment for moment in moments if moment[0] <= at]
    if before:
        since, word = max(before)
        until = since + AROUND if window is None else max(window[1], since + AROUND)
        return word == _IN and at <= until
    if not untimed or any(word == _IN for _, word in sorted(moments)[:1]):
        return False
    return window is None or window[0] <= at <= window[1]


_ELSEWHERE, _IN, _OUT = range(3)
"""What was said of a moment; of two words about one moment the later one of these counts."""


def _moments(consolidation: int, stays: Iterable[Stay]) -> tuple[set[tuple[datetime, int]], bool]:
    """What was said of when it was put in and taken out, and whether somebody said that it is inside but not when."""
    stays = list(stays)
    (kind,) = {stay.key.kind for stay in stays if stay.consolidation_id == consolidation}
    moments: set[tuple[datetime, int]] = set()
    untimed = False
    for stay in stays:
        if stay.consolidation_id == consolidation:
            untimed = untimed or stay.joined_at is None
            moments |= {(at, word) for at, word in ((stay.joined_at, _IN), (stay.left_at, _OUT)) if at is not None}
        elif stay.key.kind == kind != "flight" and stay.joined_at is not None:
            moments.add((stay.joined_at, _ELSEWHERE))
    return moments, untimed
