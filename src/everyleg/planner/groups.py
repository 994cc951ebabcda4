"""Who stands with whom: parcels of one consolidation at the same event, and which of these groups are on the move."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.durations.kinds import kind_of
from everyleg.durations.together import Together
from everyleg.pipeline.consolidations.cohorts import narrowest_of
from everyleg.pipeline.consolidations.moved import TOLD
from everyleg.planner.policy.adaptive import Weights
from everyleg.planner.policy.cohorts import JOINT, RENEWED, SENTINELS, watchers
from everyleg.planner.policy.waves import WAVE_FOR as WAVE_FOR_S
from everyleg.planner.policy.waves import Wave
from everyleg.planner.viewing import Viewed
from everyleg.store.changes import Change

WAVE_FOR: Final = timedelta(seconds=WAVE_FOR_S)
"""How long a move of one says something of the others."""

_INSIDE = f"""
inside AS (
    SELECT DISTINCT m.consolidation_id, l.parcel_id FROM (
        SELECT consolidation_id, number_id FROM {TOLD} t
        WHERE workspace_id = %(workspace)s AND consolidation_id = ANY(%(cohorts)s)
        GROUP BY consolidation_id, number_id HAVING bool_and(withdrawn_at IS NULL AND left_at IS NULL)) m
    JOIN legs l ON l.workspace_id = %(workspace)s AND l.number_id = m.number_id
)
"""  # noqa: S608 - our own words

# with the last time that each was asked
_STANDING = f"""
WITH {_INSIDE}, asked AS (
    SELECT i.consolidation_id, i.parcel_id, max(c.checked_at) AS checked_at FROM inside i
    JOIN legs l ON l.workspace_id = %(workspace)s AND l.parcel_id = i.parcel_id
    LEFT JOIN checks c ON c.workspace_id = %(workspace)s AND c.number_id = l.number_id
    GROUP BY i.consolidation_id, i.parcel_id
)
SELECT a.consolidation_id, s.sub_status, array_agg(a.parcel_id ORDER BY a.parcel_id),
    array_agg(extract(epoch FROM a.checked_at)::float8) FILTER (WHERE a.checked_at IS NOT NULL)
FROM asked a JOIN states s ON s.workspace_id = %(workspace)s AND s.parcel_id = a.parcel_id
GROUP BY a.consolidation_id, s.sub_status HAVING count(*) > %(sentinels)s
"""  # noqa: S608 - our own words

# who of each cohort left an event, the first ones first
_MOVED = f"""
WITH {_INSIDE}, moved AS (
    SELECT i.consolidation_id, c.before->>'sub_status' AS stood, c.after->>'sub_status' AS came,
        c.after->>'milestone' AS milestone, c.changed_at, i.parcel_id, row_number() OVER (
            PARTITION BY i.consolidation_id, c.before->>'sub_status' ORDER BY c.changed_at, c.change_id) AS rank
    FROM inside i
    JOIN changes c ON c.workspace_id = %(workspace)s AND c.parcel_id = i.parcel_id AND c.changed_at > %(since)s
    WHERE c.before->>'sub_status' <> c.after->>'sub_status'
)
SELECT consolidation_id, stood, came, milestone, changed_at, parcel_id FROM moved WHERE rank <= %(most)s
ORDER BY consolidation_id, stood, rank
"""  # noqa: S608 - our own words

_AT = f"""
WITH {_INSIDE}
SELECT DISTINCT l.number_id FROM inside i
JOIN states s ON s.workspace_id = %(workspace)s AND s.parcel_id = i.parcel_id
JOIN unnest(%(cohorts)s::bigint[], %(left)s::text[]) AS w (cohort, left_at)
    ON w.cohort = i.consolidation_id AND w.left_at = s.sub_status
JOIN legs l ON l.workspace_id = %(workspace)s AND l.parcel_id = i.parcel_id
"""  # noqa: S608 - our own words


class _Mover(Struct, frozen=True):
    """A parcel that left an event."""

    came: str
    milestone: str
    at: datetime
    parcel: int


Moved = Mapping[tuple[int, str], Sequence[_Mover]]
"""(cohort, event left) → who of the cohort left it within a day, the first ones first."""


class _Group(Struct, frozen=True):
    """Members of one cohort at one event."""

    parcels: Sequence[int]
    wave: Wave | None


def others_to_plan(
    worker: Connection[Any], workspace: int, changes: Sequence[Change], numbers: Collection[int]
) -> set[int]:
    """Numbers of those that stood with parcels that changed, where these are the first seen to leave, or so many that
    much more is known (`RENEWED`).

    Args:
        worker: a worker's connection.
        workspace: whose.
        changes: what changed.
        numbers: of the parcels that changed.
    """
    left = {change.parcel_id for change in changes if (change.before or {}).get("sub_status") is not None}
    cohorts = _known(worker, workspace, numbers) if left else []
    if not cohorts:
        return set()
    moved = _moved(worker, workspace, cohorts, min(change.changed_at for change in changes))
    places = [
        place
        for place, movers in moved.items()
        if any(rank in RENEWED and one.parcel in left for rank, one in enumerate(movers, 1))
    ]
    asked = {"workspace": workspace, "cohorts": [c for c, _ in places], "left": [state for _, state in places]}
    return {number for (number,) in worker.execute(_AT, asked)} if places else set()


def with_cohorts(
    worker: Connection[Any], workspace: int, viewed: dict[int, Viewed], known: tuple[Together, datetime]
) -> dict[int, Viewed]:
    """The same views, with what is known by those they travel with; `known`: how cohorts move, and the time."""
    cohorts = _known(worker, workspace, viewed)
    if not cohorts:
        return viewed
    together, now = known
    groups = _groups(worker, workspace, cohorts, together, now)
    return {number: _in_group(one, groups, together) for number, one in viewed.items()}


def _known(worker: Connection[Any], workspace: int, numbers: Collection[int]) -> list[int]:
    """Their cohorts, as far as it is known who is in them: a guess has no list."""
    return sorted(set(narrowest_of(worker, workspace, numbers).values())) if numbers else []


def _groups(
    worker: Connection[Any], workspace: int, cohorts: list[int], together: Together, now: datetime
) -> dict[tuple[int, str], _Group]:
    """By parcel and the event it stands at."""
    asked = {"workspace": workspace, "cohorts": cohorts, "sentinels": SENTINELS}
    standing = worker.execute(_STANDING, asked).fetchall()
    moved = _moved(worker, workspace, cohorts, now) if standing else {}
    found: dict[tuple[int, str], _Group] = {}
    for cohort, status, parcels, asked_at in standing:
        wave = _wave(status, moved.get((cohort, status), ()), asked_at or (), together)
        found |= {(parcel, status): _Group(parcels, wave) for parcel in parcels}
    return found


def _moved(worker: Connection[Any], workspace: int, cohorts: list[int], now: datetime) -> Moved:
    asked = {"workspace": workspace, "cohorts": cohorts, "since": now - WAVE_FOR, "most": max(RENEWED)}
    found: dict[tuple[int, str], list[_Mover]] = defaultdict(list)
    for cohort, left, *mover in worker.execute(_MOVED, asked):
        found[cohort, left].append(_Mover(*mover))
    return found


def _wave(status: str, movers: Sequence[_Mover], asked_at: Sequence[float], together: Together) -> Wave | None:
    """That which a group is in whose members were last asked then, as far as these movers tell."""
    gone = together.gone((status, ""))
    if not movers or gone[-1] < JOINT:
        return None
    first = movers[0]
    worth = Weights().kinds[kind_of(first.milestone, first.came)]
    wave = Wave.begun(first.at.timestamp(), gone, worth, np.array(asked_at, dtype=float))
    for one in movers:
        wave.moved(None, one.at.timestamp(), together.told((one.came, "")))
    return wave


def _in_group(one: Viewed, groups: dict[tuple[int, str], _Group], together: Together) -> Viewed:
    group = groups.get((one.parcel_id, one.sub_status))
    view = one.view
    if group is None or view.share < 1.0:
        return one
    share = together.leaving((one.sub_status, view.state.carrier))
    if group.wave is not None:
        share = group.wave.to_move((view.checked_at or view.since).timestamp())
    sentinel = one.parcel_id in group.parcels[:SENTINELS]
    told = watchers(len(group.parcels), share, sentinel=sentinel)
    return replace(one, view=replace(view, watchers=told, wave=group.wave))
