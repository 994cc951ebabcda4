"""A timeline as the page tells it: block by block of who had the parcel, the newest first, with the joints between."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from everyleg.core.fold import Custody, Event, Handoff, Timeline
from everyleg.core.vocabulary import STAGES, stage_rank


class Block(Struct, frozen=True):
    """What happened while one carrier had the parcel, or before anybody had it."""

    holder: str | None
    """The carrier; None before the first scan."""
    number: str | None
    since: datetime | None
    to: datetime | None
    events: list[Event]
    joint: Handoff | None
    """How the parcel came to this holder."""
    awaited: bool = False
    """The holder has not said yet that it has the parcel."""


def blocks(timeline: Timeline, stage: str = "") -> list[Block]:
    """The journey, newest first; with a stage only its events, and only blocks that have one."""
    holds, events = timeline.custody, timeline.events
    numbers = {leg.carrier: leg.tracking_number for leg in timeline.legs}
    found = [
        Block(
            hold.holder if hold else None,
            numbers.get(hold.holder) if hold else None,
            hold.from_ if hold else None,
            hold.to if hold else None,
            _newest_first(e for e in events if _within(e, i, holds) and stage in ("", e.stage)),
            _joint(timeline.handoffs, hold.holder) if hold and i > 0 else None,
        )
        for i, hold in [(-1, None), *enumerate(holds)]
    ]
    waiting = [] if stage else _awaited(timeline, numbers)
    return [*waiting, *(b for b in reversed(found) if b.events or (b.joint and not stage))]


def _within(event: Event, index: int, holds: Sequence[Custody]) -> bool:
    """Whether an event falls to a holder: the last that had the parcel by then."""
    at = max((i for i, hold in enumerate(holds) if hold.from_ <= event.occurred_at), default=-1)
    return at == index


def _newest_first(events: Iterable[Event]) -> list[Event]:
    return list(reversed(list(events)))


def _joint(joints: Sequence[Handoff], to: str) -> Handoff | None:
    return next((joint for joint in joints if joint.to == to), None)


def _awaited(timeline: Timeline, numbers: Mapping[str, str]) -> list[Block]:
    holders = {hold.holder for hold in timeline.custody}
    return [
        Block(joint.to, numbers.get(joint.to), None, None, [], joint, awaited=True)
        for joint in reversed(timeline.handoffs)
        if joint.missing == "acceptance" and joint.to not in holders
    ]


def holders(timeline: Timeline) -> dict[str, list[str]]:
    """Stage → the carriers that took the parcel over in it: a stage is as far as anybody had told by then."""
    shown: dict[str, list[str]] = {}
    for hold in timeline.custody:
        told = [e.stage for e in timeline.events if e.occurred_at <= hold.from_ and not e.withdrawn]
        furthest = max(map(stage_rank, told), default=-1)
        shown.setdefault(STAGES[max(0, furthest)], []).append(hold.holder)
    return shown


def has_it(timeline: Timeline) -> str | None:
    """Who has the parcel now, as far as anybody said."""
    if timeline.milestone in ("delivered", "returned") or not timeline.custody:
        return None
    last = timeline.custody[-1]
    return last.holder if last.to is None else None
