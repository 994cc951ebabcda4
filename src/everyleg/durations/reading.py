"""Curves and hazards out of what was learned, for whoever asks how long something takes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from psycopg import Connection

from everyleg.durations.gaps import Gap, State
from everyleg.durations.histograms import OUTCOMES, Histogram, bin_of, empty, pooled
from everyleg.durations.spells import Kind
from everyleg.durations.together import Move

_FINISHED = """
SELECT outcome, bin, sum(cases) FROM durations
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND state = %(state)s
    AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s) AND (%(lane)s::text IS NULL OR lane = %(lane)s)
    AND month >= %(since)s
GROUP BY outcome, bin
"""

_RUNNING = """
SELECT extract(epoch FROM %(now)s - began_at)::float8 FROM spells
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND state = %(state)s AND ended_at IS NULL
    AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s) AND (%(lane)s::text IS NULL OR lane = %(lane)s)
    AND began_at BETWEEN %(since)s AND %(now)s
"""

_GAPS = """
WITH newest AS (
    SELECT * FROM gaps WHERE workspace_id = %(workspace)s AND event_at BETWEEN %(since)s AND %(now)s
    ORDER BY event_at DESC LIMIT %(most)s
), lags AS (
    SELECT carrier, percentile_cont(0.25) WITHIN GROUP (ORDER BY extract(epoch FROM seen_at - event_at)) AS lag
    FROM newest WHERE seen_at - event_at BETWEEN interval '0' AND interval '1 day' GROUP BY carrier
)
SELECT g.sub_status, g.carrier, g.destination, g.route, extract(epoch FROM g.event_at)::float8,
    extract(epoch FROM g.next_at)::float8, g.offset_s, g.next_kind, coalesce(l.lag, 0)::float8,
    coalesce(n.lag, 0)::float8
FROM newest g LEFT JOIN lags l ON l.carrier = g.carrier LEFT JOIN lags n ON n.carrier = g.next_carrier
"""

_OPEN_FOR: Final = timedelta(days=60).total_seconds()
"""A gap that is open for longer says nothing more: nobody asks then."""

_LONG_AGO: Final = date(2000, 1, 1)


def histogram(
    connection: Connection[Any], what: tuple[int, Kind, str], where: tuple[str | None, str | None], now: datetime,
    since: date = _LONG_AGO,
) -> Histogram:  # fmt: skip
    """Of stages or joints, finished and running.

    Args:
        connection: in a transaction that may see the workspace.
        what: workspace, kind, and state: the stage, or who takes over.
        where: carrier and lane (`CN>US`); None for all.
        now: until when what runs is counted.
        since: only those that began in this month (its first day) or later.
    """
    workspace, kind, state = what
    asked: dict[str, Any] = {"workspace": workspace, "kind": kind, "state": state, "now": now, "since": since}
    asked |= {"carrier": where[0], "lane": where[1]}
    found = empty()
    for outcome, place, cases in connection.execute(_FINISHED, asked):
        found.finished[OUTCOMES.index(outcome), place] += int(cases)
    ages = np.array([age for (age,) in connection.execute(_RUNNING, asked)], dtype=float)
    np.add.at(found.running, bin_of(ages), 1.0)
    return found


def expected(
    connection: Connection[Any], what: tuple[int, Kind, str], where: tuple[str, str], now: datetime,
    since: date = _LONG_AGO,
) -> Histogram:  # fmt: skip
    """As `histogram`, filled up from what is more general where there are few cases: the carrier on all lanes, all."""
    carrier, lane = where
    levels: Sequence[tuple[str | None, str | None]] = ((None, None), (carrier, None), (carrier, lane))
    return pooled([histogram(connection, what, level, now, since) for level in levels])


def load_gaps(
    connection: Connection[Any], workspace: int, now: datetime, since: timedelta = timedelta(days=120),
    most: int = 50_000,
) -> list[Gap]:  # fmt: skip
    """The newest gaps between news of a workspace.

    When an event was there to be seen is not known exactly: after it happened, and no later than we saw it. Taken is
    the time by which its carrier tells at its quicker (a quarter of its events are seen sooner).
    """
    asked = {"workspace": workspace, "now": now, "since": now - since, "most": most}
    end = now.timestamp()
    gaps = []
    for status, carrier, country, route, at, after, offset, kind, lag, next_lag in connection.execute(_GAPS, asked):
        begun = min(at + lag, end)
        ended = max(begun, after + next_lag) if after is not None else min(end, begun + _OPEN_FOR)
        state = State(status, carrier, country, route)
        known = after is not None and ended <= end
        gaps.append(Gap(state, begun, min(ended, end), at, offset, kind if known else -1))
    return gaps


_MOVES = """
SELECT m.consolidation_id::text, g.sub_status, g.carrier, n.sub_status, n.carrier,
    extract(epoch FROM g.seen_at)::float8, extract(epoch FROM n.seen_at)::float8
FROM (SELECT DISTINCT consolidation_id, number_id FROM memberships
      WHERE workspace_id = %(workspace)s AND withdrawn_at IS NULL) m
JOIN legs l ON l.workspace_id = %(workspace)s AND l.number_id = m.number_id
JOIN gaps g ON g.workspace_id = %(workspace)s AND g.parcel_id = l.parcel_id AND g.event_at >= %(since)s
JOIN gaps n ON n.workspace_id = %(workspace)s AND n.parcel_id = g.parcel_id AND n.place = g.place + 1
LIMIT %(most)s
"""


def load_moves(
    connection: Connection[Any],
    workspace: int,
    now: datetime,
    since: timedelta = timedelta(days=60),
    most: int = 50_000,
) -> list[Move]:
    """How parcels of consolidations went from event to event, by when we saw it."""
    asked = {"workspace": workspace, "since": now - since, "most": most}
    return [
        Move(cohort, (left, by), (came, next_by), entered, at)
        for cohort, left, by, came, next_by, entered, at in connection.execute(_MOVES, asked)
        if at > entered
    ]
