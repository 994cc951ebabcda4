"""What the store knows of numbers, as the policies see it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.core.fold import Timeline
from everyleg.durations.gaps import State
from everyleg.durations.kinds import clock_offset_s, is_abroad
from everyleg.pipeline.folding import readable_timeline
from everyleg.planner.policy.views import NumberView
from everyleg.store.sealing import Keyring

_NUMBERS = """
SELECT DISTINCT ON (n.number_id) n.number_id, n.carrier, n.tracking_number, p.parcel_id, s.timeline,
    coalesce(s.milestone, 'pending'), coalesce(s.sub_status, 'registered'),
    p.stopped_at IS NOT NULL OR p.archived_at IS NOT NULL OR n.moved_to IS NOT NULL, p.created_at,
    coalesce(h.destination_country, ''), h.origin_country, coalesce(c.name, array_to_string(s.carriers, '-'), '')
FROM unnest(%(numbers)s::bigint[]) AS w (number_id)
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = w.number_id
CROSS JOIN LATERAL (
    SELECT l.parcel_id FROM legs l WHERE l.workspace_id = %(workspace)s AND l.number_id = n.number_id
    UNION SELECT q.parcel_id FROM parcels q WHERE q.workspace_id = %(workspace)s AND q.number_id = n.number_id) o
JOIN parcels p ON p.workspace_id = %(workspace)s AND p.parcel_id = o.parcel_id AND p.merged_into IS NULL
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
LEFT JOIN shipments h ON h.workspace_id = p.workspace_id AND h.shipment_id = p.shipment_id
LEFT JOIN channels c ON c.workspace_id = h.workspace_id AND c.channel_id = h.channel_id
ORDER BY n.number_id, p.stopped_at IS NOT NULL OR p.archived_at IS NOT NULL, p.parcel_id DESC
"""

_CHECKS = """
SELECT DISTINCT ON (number_id) number_id, checked_at, outcome, failures, unknowns,
    max(news_at) OVER (PARTITION BY number_id)
FROM checks WHERE workspace_id = %s AND number_id = ANY(%s) ORDER BY number_id, checked_at DESC
"""

_OVER: Final = 0.25
"""What a number still tells of its parcel when its leg is over: forwarders go on to mirror the last mile."""

_AHEAD: Final = 0.1
"""What a number tells whose leg has not begun while the parcel is in its own country: that its label was printed."""

_NEXT: Final = 0.5
"""The same once it has left."""

_AT_HOME: Final = frozenset({"first_mile", "export_customs"})


class Viewed(Struct, frozen=True):
    """A number, as far as planning needs it."""

    parcel_id: int
    carrier: str
    sub_status: str
    """Of its parcel."""
    view: NumberView


class Checked(Struct, frozen=True):
    """The latest check of a number."""

    at: datetime | None = None
    outcome: Any = None
    failures: int = 0
    unknowns: int = 0
    news_at: datetime | None = None

    def seen(self, view: NumberView) -> NumberView:
        """A view with what the check gave."""
        return replace(
            view,
            news_at=self.news_at,
            checked_at=self.at,
            outcome=self.outcome,
            unknowns=self.unknowns,
            failures=self.failures,
        )


def load_checks(worker: Connection[Any], workspace: int, numbers: Collection[int]) -> dict[int, Checked]:
    """The latest check of each number; of one that was never asked all is left empty."""
    rows = worker.execute(_CHECKS, (workspace, list(numbers))).fetchall()
    return dict.fromkeys(numbers, Checked()) | {row[0]: Checked(*row[1:]) for row in rows}


def load_views(worker: Connection[Any], keys: Keyring, workspace: int, numbers: Collection[int]) -> dict[int, Viewed]:
    """By number id; numbers that are of no parcel are left out. One of several parcels is seen as the newest that goes
    on.
    """
    checks = load_checks(worker, workspace, numbers)
    asked = {"workspace": workspace, "numbers": list(numbers)}
    return dict(_viewed(worker.execute(_NUMBERS, asked), checks, (keys, workspace)))


def _viewed(rows: Any, checks: Mapping[int, Checked], opening: tuple[Keyring, int]) -> Iterator[tuple[int, Viewed]]:
    for number, carrier, tracking, parcel, sealed, milestone, status, stopped, since, country, origin, route in rows:
        timeline = readable_timeline(*opening, parcel, sealed)
        last = _last(timeline)
        share, ahead = _share(timeline, carrier, tracking)
        told, by = (last.sub_status, last.carrier) if last is not None else ("registered", "")
        view = NumberView(
            state=State(told, by, country, route),
            milestone=milestone,
            event_at=last.occurred_at if last is not None else None,
            since=since,
            offset_s=clock_offset_s(last, country if is_abroad(last) else origin) if last is not None else 0,
            share=share,
            leg_ahead=ahead,
            stopped=stopped,
        )
        yield number, Viewed(parcel, carrier, status, checks[number].seen(view))


def _last(timeline: Timeline | None) -> Any:
    """The latest event; None while there is none."""
    events = [event for event in timeline.events if not event.withdrawn] if timeline is not None else []
    return max(events, key=lambda event: event.occurred_at, default=None)


def _share(timeline: Timeline | None, carrier: str, tracking: str) -> tuple[float, bool]:
    """How much of the parcel's news a number tells, and whether its leg has not begun."""
    if timeline is None or len(timeline.legs) < 2:
        return 1.0, False
    at = next((n.leg for n in timeline.numbers if (n.carrier, n.tracking_number) == (carrier, tracking)), None)
    if at is None or at >= len(timeline.legs):
        return 1.0, False
    leg = timeline.legs[at]
    if leg.to is not None:
        return _OVER, False
    if leg.from_ is None and at > 0:
        return (_AHEAD if timeline.stage in _AT_HOME else _NEXT), True
    return 1.0, False
