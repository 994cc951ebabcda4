"""The ribbon's geometry (五段带): five segments and what joins them, measured, not drawn.

Length is time on a log scale, so that a hub of three hours and a sea leg of twenty days both show. Colour (*tone*) says
how it stands, never who carries it; each tone that is not calm comes with a sign and a word.
"""

import math
from datetime import datetime
from typing import Literal

from msgspec import Struct

from everyleg.core.fold import Event, Timeline
from everyleg.core.vocabulary import STAGES, STATUSES, stage_rank
from everyleg.web.components.glance import EventSeen, Glance

State = Literal["past", "current", "unseen", "expected"]
"""A stage behind the parcel, the one it is in, one it passed without a word, one to come."""

Tone = Literal["calm", "warm", "hot", "blind"]
"""As usual, late, a problem, or nothing known because the source fails."""

Side = Literal["closed", "release", "acceptance", "passed", "open"]
"""A knot: both sides spoke, the one that is missing, a stage's end within one leg, not reached."""

LONG_GAP_S = 6 * 3600
"""A gap at a hand-off that is worth a word, until there are figures of what is usual on a lane."""

_DONE = frozenset({"delivered", "returned"})
_LEAST = 0.105
"""The share that each segment has at least, so that its name fits under it."""
_UNKNOWN = 1.6
"""Weight of a stage of which no time is known: a little more than an hour's."""


class Segment(Struct, frozen=True):
    """A stage's part of the ribbon; `x` and `width` in the unit of the whole ribbon's width."""

    stage: str
    x: float
    width: float
    state: State
    tone: Tone
    seconds: int | None


class Knot(Struct, frozen=True):
    """Where two segments meet (or the ends of all)."""

    x: float
    side: Side
    gap_s: int | None = None
    """Seconds between release and acceptance, when there was a hand-off and both are known."""
    joint: tuple[str, str] | None = None
    """Who handed over to whom."""


class Ribbon(Struct, frozen=True):
    """Five segments, and six knots: the ends and the four joints."""

    segments: list[Segment]
    knots: list[Knot]
    done: bool


def ribbon(
    seen: Glance | Timeline, now: datetime, width: float = 1000.0, *, late: bool = False, blind: bool = False
) -> Ribbon:
    """Measure a timeline.

    Args:
        seen: the timeline.
        now: until when the running stage is counted.
        width: the ribbon's whole width.
        late: later than promised or silent for too long: the running stage turns warm.
        blind: the source fails: the running stage turns grey.
    """
    at = _position(seen)
    done = seen.milestone in _DONE
    seconds = _seconds(seen, now, at, done=done)
    lengths = _lengths(seconds, width)
    starts = [sum(lengths[:i]) for i in range(len(STAGES))]
    reached = {e.stage for e in seen.events if not e.withdrawn}
    segments = [
        Segment(stage, starts[i], lengths[i], state, _tone(seen, state, late=late, blind=blind), seconds[i])
        for i, stage in enumerate(STAGES)
        for state in [_state(i, at, stage in reached or seconds[i] is not None, done=done)]
    ]
    return Ribbon(segments, _knots(seen, segments, width, done=done), done)


def _position(seen: Glance | Timeline) -> int:
    """Index of the stage the parcel is in; -1 before it moves."""
    if seen.milestone in ("pending", "info_received"):
        return -1
    ranks = [stage_rank(e.stage) for e in seen.events if not e.withdrawn and not e.after_delivery]
    if seen.milestone == "delivered":
        return len(STAGES) - 1
    return max([stage_rank(seen.stage), *ranks]) if stage_rank(seen.stage) < 0 else stage_rank(seen.stage)


def _seconds(seen: Glance | Timeline, now: datetime, at: int, *, done: bool) -> list[int | None]:
    """How long each stage took; the running one until now."""
    known: list[int | None] = [seen.dwell_s.get(stage) for stage in STAGES]
    if at >= 0 and not done:
        since = _running_since(seen, STAGES[at])
        if since is not None:
            known[at] = (known[at] or 0) + max(0, int((now - since).total_seconds()))
    return known


def _running_since(seen: Glance | Timeline, stage: str) -> datetime | None:
    """Since when the parcel has been in the stage: the first of the unbroken row of its events at the end."""
    since: datetime | None = None
    events: list[EventSeen | Event] = [*seen.events]
    for event in reversed(events):
        if event.withdrawn or event.after_delivery or not STATUSES[event.sub_status].moves or event.stage == "any":
            continue
        if event.stage != stage:
            break
        since = event.occurred_at
    return since


def _lengths(seconds: list[int | None], width: float) -> list[float]:
    weights = [_UNKNOWN if s is None else 1.2 + math.log2(1 + s / 3600) / 2 for s in seconds]
    free = 1 - _LEAST * len(weights)
    return [round(width * (_LEAST + free * weight / sum(weights)), 2) for weight in weights]


def _state(index: int, at: int, spoken: bool, *, done: bool) -> State:
    if index > at:
        return "past" if done and spoken else "expected"
    if index == at and not done:
        return "current"
    return "past" if spoken else "unseen"


def _tone(seen: Glance | Timeline, state: State, *, late: bool, blind: bool) -> Tone:
    if state != "current":
        return "calm"
    if seen.exception:
        return "hot"
    return "blind" if blind else "warm" if late else "calm"


def _knots(seen: Glance | Timeline, segments: list[Segment], width: float, *, done: bool) -> list[Knot]:
    begun = any(s.state in ("past", "current") for s in segments)
    inner = [_passing(segments[i], segments[i + 1]) for i in range(len(segments) - 1)]
    for joint in seen.handoffs:
        i = _joint_index(seen, joint.to)
        if i is not None:
            knot = Knot(segments[i + 1].x, joint.missing or "closed", joint.gap_s, (joint.from_, joint.to))
            inner[i] = knot
    return [Knot(0, "passed" if begun else "open"), *inner, Knot(width, "passed" if done else "open")]


def _passing(before: Segment, after: Segment) -> Knot:
    return Knot(after.x, "open" if after.state == "expected" else "passed")


def _joint_index(seen: Glance | Timeline, carrier: str) -> int | None:
    """Which of the four joints the carrier took the parcel at: before its own first stage."""
    ranks = [stage_rank(stage) for leg in seen.legs if leg.carrier == carrier for stage in leg.stages]
    first = min((rank for rank in ranks if rank > 0), default=None)
    return None if first is None else first - 1
