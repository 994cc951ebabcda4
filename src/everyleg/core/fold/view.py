"""What needs the clock: silence, lateness, 运输过久, the running stage."""

from datetime import datetime

from everyleg.core.fold.rules import EXPIRED_AFTER_S
from everyleg.core.fold.timeline import Event, Facts, Timeline, View
from everyleg.core.vocabulary import STAGES, STATUSES

_ENDED = ("delivered", "returned")


def view(timeline: Timeline, now: datetime, facts: Facts | None = None) -> View:
    """A timeline as seen at `now` (with a zone); `facts` give the date that was promised.

    An event later than `now` means a clock that goes wrong somewhere: the silence is then 0, never negative.
    """
    due = (facts.promised_by or facts.carrier_estimate) if facts else None
    under_way = timeline.milestone not in _ENDED
    silent = _silent_s(timeline, now)
    return View(
        now=now,
        silent_s=silent,
        overdue=None if due is None else under_way and now > due,
        expired=under_way and silent is not None and silent > EXPIRED_AFTER_S,
        dwell_s=_dwell_s(timeline, now) if under_way else timeline.dwell_s,
    )


def _silent_s(timeline: Timeline, now: datetime) -> int | None:
    times = [event.occurred_at for event in timeline.events if not event.withdrawn]
    return max(0, int((now - max(times)).total_seconds())) if times else None


def _dwell_s(timeline: Timeline, now: datetime) -> dict[str, int]:
    """Finished visits and the one that runs: from the first of the unbroken row of events of the present stage."""
    since: datetime | None = None
    for event in reversed([event for event in timeline.events if _counts(event)]):
        if event.stage != timeline.stage:
            break
        since = event.occurred_at
    dwell = dict(timeline.dwell_s)
    if since is not None:
        running = max(0, int((now - since).total_seconds()))
        dwell[timeline.stage] = dwell.get(timeline.stage, 0) + running
    return dwell


def _counts(event: Event) -> bool:
    stands = not event.withdrawn and not event.after_delivery and event.stage in STAGES
    return stands and STATUSES[event.sub_status].moves and event.milestone != "info_received"
