"""The fold itself: the steps, in their order, each in a module of its own."""

from collections.abc import Iterable

from msgspec import UNSET

from everyleg.core.fold import anomalies, custody, delivery, order, state
from everyleg.core.fold.clusters import Cluster, clusters
from everyleg.core.fold.parcels import Parcel, gather
from everyleg.core.fold.sides import resolve
from everyleg.core.fold.tellings import Telling, tellings
from everyleg.core.fold.timeline import Event, Facts, Number, Timeline
from everyleg.core.model import Link, Observation, Statement
from everyleg.core.vocabulary import Status

_UNMOVED = ("pending", "registered", "any")
"""The state of a parcel of which nothing was told that moves it."""


def fold(
    facts: Facts, observations: Iterable[Observation], links: Iterable[Link], statements: Iterable[Statement]
) -> list[Timeline]:
    """Timelines of all parcels that the statements are about, sorted by smallest number, then by life.

    A pure function of four sets: order, repetition and splitting of the arguments change nothing. Times must have a
    zone, sub-statuses must be of the vocabulary (else `KeyError`).
    """
    parcels = gather(facts, links, tellings(observations, statements))
    parcels.sort(key=lambda parcel: (min(_number(parcel)), parcel.life))
    return [_timeline(parcel) for parcel in parcels]


def _number(parcel: Parcel) -> list[tuple[str, str]]:
    return [(ref.tracking_number, ref.carrier) for ref in parcel.legs]


def _timeline(parcel: Parcel) -> Timeline:
    last_legs = frozenset(
        ref for i, ref in enumerate(parcel.legs) if parcel.is_last(i) and any(i in x for x in parcel.later)
    )
    border = resolve(parcel.facts, parcel.told, last_legs)
    events = clusters(telling for telling in parcel.told if not telling.withdrawn)
    events.sort(key=order.said_order)
    holds = custody.accept(parcel, events, border)
    delivery.judge(parcel, holds, events, border)
    custody.mark_echoes(parcel, holds, events)
    if order.place(events):
        events.sort(key=order.placed_order)
    found = state.find(events)
    custody.release(parcel, holds, events, found.final)
    joints = custody.joints(parcel, holds)
    milestone, sub_status, stage = _UNMOVED
    if found.current is not None:
        status = found.current.status
        milestone, sub_status, stage = status.milestone, status.sub_status, found.stage
    return Timeline(
        schema=1,
        numbers=sorted(_numbers(parcel), key=lambda number: (number.tracking_number, number.carrier)),
        milestone=milestone,
        sub_status=sub_status,
        stage=stage,
        exception=found.current is not None and found.current.status.exception,
        delivered_at=found.final.at if found.final and milestone == "delivered" else None,
        since=found.since,
        reached=found.reached,
        legs=custody.legs(parcel, holds, events),
        custody=custody.custody(parcel, holds),
        handoffs=[joint.handoff for joint in joints],
        dwell_s={name: int(seconds) for name, seconds in found.dwell_s.items()},
        events=_listed(events, parcel.told),
        anomalies=anomalies.find(parcel, events, holds, joints, border),
    )


def _numbers(parcel: Parcel) -> list[Number]:
    return [Number(ref.carrier, ref.tracking_number, leg) for leg, ref in enumerate(parcel.legs)]


def _listed(events: list[Cluster], told: list[Telling]) -> list[Event]:
    """The events in their order; what was withdrawn stays in its place, marked, with nobody but itself as witness."""
    gone = [_alone(telling) for telling in told if telling.withdrawn]
    if gone:
        events = sorted([*events, *gone], key=order.placed_order)
    return [_event(event) for event in events]


def _alone(telling: Telling) -> Cluster:
    return Cluster(
        witnesses=[telling],
        status=telling.status,
        legs=frozenset({telling.leg}),
        t=telling.t,
        u=telling.u,
        by_person=telling.by_person,
        country=telling.statement.place.country,
        placed=telling.t,
    )


def _event(event: Cluster) -> Event:
    best = event.witnesses[0].statement
    status: Status = event.status
    return Event(  # by position: with names it takes three times as long
        best.carrier,
        best.tracking_number,
        state.stage_of(event),
        status.milestone,
        status.sub_status,
        best.occurred_local,
        best.utc_offset,
        best.time_basis,
        best.occurred_at,
        best.uncertainty_s,
        best.place,
        best.code,
        best.text,
        best.lang,
        best.source,
        best.observed_at,
        best.observation,
        best.key,
        event.witnesses[0].withdrawn,
        UNSET,
        [witness.statement.key for witness in event.witnesses],
        event.after_delivery,
    )
