"""What a timeline says of how long things took: stages, joints, and gaps between news. Pure; learned by `learning`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

from everyleg.core.fold import Timeline
from everyleg.core.fold.timeline import Event
from everyleg.durations.histograms import OUTCOMES
from everyleg.durations.kinds import clock_offset_s, is_abroad, kind_of

Kind = Literal["stage", "joint"]
"""A stage of the way with one carrier, or the time between one carrier's release and the next one's acceptance."""

STAGES: Final = ("first_mile", "export_customs", "line_haul", "import_customs", "last_mile")

_LOST: Final = frozenset({"lost", "destroyed", "import_customs_seized", "cancelled"})


class Spell(NamedTuple):
    """Something that began and ended, or still runs."""

    kind: Kind
    carrier: str
    state: str
    """The stage; of a joint, who takes over."""
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    """One of `OUTCOMES`; None while it runs."""


class NewsGap(NamedTuple):
    """From one event to the next, by when they happened."""

    sub_status: str
    carrier: str
    event_at: datetime
    offset_s: int
    next_at: datetime | None
    next_carrier: str | None
    kind: int
    """Index in `KINDS` of the next event; -1 while there is none."""


def spells_of(timeline: Timeline) -> list[Spell]:
    """Stages in their order, then joints."""
    return [*_stages(timeline), *_joints(timeline)]


def news_gaps(timeline: Timeline, origin: str = "", destination: str = "") -> list[NewsGap]:
    """In the order of events. After the end of the way there is no gap: nothing more is waited for.

    Args:
        timeline: of a parcel.
        origin: where it is from; its clock counts, on this side of the border, for events that name none.
        destination: the same on the other side.
    """
    events = _told(timeline)
    gaps = []
    for event, after in zip_longest(events, events[1:]):
        if after is None and _end_of(timeline) is not None:
            break
        gaps.append(
            NewsGap(
                event.sub_status,
                event.carrier,
                event.occurred_at,
                clock_offset_s(event, destination if is_abroad(event) else origin),
                after.occurred_at if after is not None else None,
                after.carrier if after is not None else None,
                kind_of(after.milestone, after.sub_status) if after is not None else -1,
            )
        )
    return gaps


def _told(timeline: Timeline) -> list[Event]:
    events = [event for event in timeline.events if not event.withdrawn and not event.after_delivery]
    return sorted(events, key=lambda event: event.occurred_at)


def _end_of(timeline: Timeline) -> str | None:
    """How the way ended; None while it goes on."""
    if timeline.milestone == "delivered":
        return OUTCOMES[0]
    if timeline.milestone == "returned":
        return OUTCOMES[1]
    return OUTCOMES[2] if timeline.sub_status in _LOST else None


def _stages(timeline: Timeline) -> Iterator[Spell]:
    """A stage runs from its first event to the first of a later stage: a scan told late does not open one anew."""
    runs = _runs([event for event in _told(timeline) if event.stage in STAGES])
    end = _end_of(timeline)
    for run, after in zip_longest(runs, runs[1:]):
        first = run[0]
        if after is not None:
            yield Spell("stage", first.carrier, first.stage, first.occurred_at, after[0].occurred_at, OUTCOMES[0])
        elif end is not None:
            ended = timeline.delivered_at or timeline.since or run[-1].occurred_at
            yield Spell("stage", first.carrier, first.stage, first.occurred_at, max(ended, first.occurred_at), end)
        else:
            yield Spell("stage", first.carrier, first.stage, first.occurred_at, None, None)


def _runs(events: Sequence[Event]) -> list[list[Event]]:
    """Events by stage, each stage later than the one before."""
    runs: list[list[Event]] = []
    for event in events:
        if not runs or STAGES.index(event.stage) > STAGES.index(runs[-1][0].stage):
            runs.append([event])
        else:
            runs[-1].append(event)
    return runs


def _joints(timeline: Timeline) -> Iterator[Spell]:
    end = _end_of(timeline)
    for joint in timeline.handoffs:
        if joint.released_at is None or (joint.accepted_at is None and end is not None):
            continue  # nobody saw it begin, or end
        accepted = None if joint.accepted_at is None else max(joint.accepted_at, joint.released_at)
        outcome = OUTCOMES[0] if accepted is not None else None
        yield Spell("joint", joint.from_, joint.to, joint.released_at, accepted, outcome)
