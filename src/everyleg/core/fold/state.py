"""Where a parcel is: the latest movement, what stands against it, and how long each stage took."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from everyleg.core.fold.clusters import Cluster
from everyleg.core.fold.order import rank
from everyleg.core.fold.rules import UNDOES_DELIVERY
from everyleg.core.vocabulary import STAGES


class Running(NamedTuple):
    """The stage that runs, and since when (seconds)."""

    stage: str
    since: float


class State(Struct):
    """The state while it is found; read it after `find`."""

    current: Cluster | None = None
    """The event that moved it last."""
    since: datetime | None = None
    final: Cluster | None = None
    """The delivery or return that stands."""
    stage: str = "any"
    running: Running | None = None
    reached: dict[str, datetime] = {}
    dwell_s: dict[str, float] = {}


def find(events: list[Cluster]) -> State:
    """Walk the standing events in their order; marks those `after_delivery`."""
    state = State()
    for event in events:
        _step(state, event)
    return state


def _step(state: State, event: Cluster) -> None:
    if state.final is not None:
        if event.status.milestone == state.final.status.milestone:
            _say_again(state, event, state.final)
            return
        if not (_undoes(event, state.final) and _moves(state, event)):
            event.after_delivery = event.status.milestone != "delivered"
            return
        state.final = None
    if _moves(state, event):
        _move(state, event)


def _say_again(state: State, event: Cluster, final: Cluster) -> None:
    """The end told once more: a person's word replaces it, a more exact row refines it, nothing else changes."""
    if event.muted or final.by_person:
        return
    if event.by_person:
        state.final = None
        _move(state, event)
    elif state.current is final and final.status.sub_status == "delivered":
        state.current = event


def _undoes(event: Cluster, final: Cluster) -> bool:
    """Whether an end does not stand against a later event: a return, a problem of the delivery, a person's word."""
    if event.by_person:
        return event.status.moves
    if final.status.milestone == "returned" or event.muted:
        return False
    if final.by_person:
        return event.status.milestone in ("returning", "returned")
    return event.status.sub_status in UNDOES_DELIVERY


def _moves(state: State, event: Cluster) -> bool:
    status, current = event.status, state.current
    if not status.moves or event.muted:
        return False
    if current is None:
        return True
    if status.milestone == "info_received":  # a label printed on the way is not a movement
        return current.status.milestone == "info_received"
    if event.echo and status.sub_status not in UNDOES_DELIVERY:
        return rank(status) > rank(current.status)
    return True


def _move(state: State, event: Cluster) -> None:
    status, at = event.status, event.at
    if state.current is None or state.current.status.sub_status != status.sub_status:
        state.since = at
    state.current = event
    state.reached.setdefault(status.milestone, at)
    if status.milestone in ("returning", "returned"):
        _leave(state, event.placed)
        state.stage = "any"
    else:
        _enter(state, _stage_here(state, event), event.placed, waits=status.milestone == "info_received")
    if event.final:
        _leave(state, event.placed)
        state.final = event


def stage_of(event: Cluster) -> str:
    """The row's stage; where the row fits any, the one that the statement named."""
    if event.status.stage != "any":
        return event.status.stage
    named = event.witnesses[0].statement.stage
    return named if named in STAGES else "any"


def _stage_here(state: State, event: Cluster) -> str:
    """The stage that an event belongs to: the pick-up of a carrier that takes over abroad begins the last mile."""
    stage = stage_of(event)
    return "last_mile" if stage == "first_mile" and state.stage in ("import_customs", "last_mile") else stage


def _enter(state: State, stage: str, at: float, *, waits: bool) -> None:
    """A new stage; the clock of the first runs from the pick-up, not from the label."""
    if stage == "any":
        return
    state.stage = stage
    if waits or (state.running and state.running.stage == stage):
        return
    _leave(state, at)
    state.running = Running(stage, at)


def _leave(state: State, at: float) -> None:
    if state.running:
        stage, since = state.running
        state.dwell_s[stage] = state.dwell_s.get(stage, 0) + at - since
        state.running = None
