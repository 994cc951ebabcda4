"""Who stands with whom: parcels of one consolidation at the same event, and which of these groups are on the move."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.durations.kinds import kind_of
from everyleg.durations.together import Together
from everyleg.pipeline.consolidations.cohorts import cohort_of
from everyleg.planner.policy.adaptive import Weights
from everyleg.planner.policy.cohorts import SENTINELS, Wave
from everyleg.planner.viewing import Viewed
from everyleg.store.changes import Change
from everyleg.store.sealing import Keyring

WAVE_FOR: Final = timedelta(hours=24)
"""How long a move of one says something of the others."""

_INSIDE = """
inside AS (
    SELECT DISTINCT m.consolidation_id, l.parcel_id FROM (
        SELECT consolidation_id, number_id FROM memberships
        WHERE workspace_id = %(workspace)s AND consolidation_id = ANY(%(cohorts)s)
        GROUP BY consolidation_id, number_id HAVING bool_and(withdrawn_at IS NULL AND left_at IS NULL)) m
    JOIN legs l ON l.workspace_id = %(workspace)s AND l.number_id = m.number_id
)
"""

_STANDING = f"""
WITH {_INSIDE}
SELECT i.consolidation_id, s.sub_status, array_agg(i.parcel_id ORDER BY i.parcel_id) FROM inside i
JOIN states s ON s.workspace_id = %(workspace)s AND s.parcel_id = i.parcel_id
GROUP BY i.consolidation_id, s.sub_status HAVING count(*) > %(sentinels)s
"""  # noqa: S608 - our own words

# the first of each cohort to leave an event
_MOVED = f"""
WITH {_INSIDE}
SELECT DISTINCT ON (i.consolidation_id, c.before->>'sub_status') i.consolidation_id, c.before->>'sub_status',
    c.after->>'sub_status', c.after->>'milestone', c.changed_at, c.parcel_id
FROM inside i
JOIN changes c ON c.workspace_id = %(workspace)s AND c.parcel_id = i.parcel_id AND c.changed_at > %(since)s
WHERE c.before->>'sub_status' <> c.after->>'sub_status'
ORDER BY i.consolidation_id, c.before->>'sub_status', c.changed_at, c.change_id
"""  # noqa: S608 - our own words

_AT = f"""
WITH {_INSIDE}
SELECT DISTINCT l.number_id FROM inside i
JOIN states s ON s.workspace_id = %(workspace)s AND s.parcel_id = i.parcel_id
JOIN unnest(%(cohorts)s::bigint[], %(left)s::text[]) AS w (cohort, left_at)
    ON w.cohort = i.consolidation_id AND w.left_at = s.sub_status
JOIN legs l ON l.workspace_id = %(workspace)s AND l.parcel_id = i.parcel_id
"""  # noqa: S608 - our own words

Moved = Mapping[tuple[int, str], tuple[str, str, datetime, int]]
"""(cohort, event left) → event come to, its milestone, when, and the parcel: the first of the cohort within a day."""


class _Group(Struct, frozen=True):
    """Members of one cohort at one event."""

    parcels: Sequence[int]
    wave: Wave | None


def others_to_plan(
    worker: Connection[Any], keys: Keyring, workspace: int, changes: Sequence[Change], numbers: Collection[int]
) -> set[int]:
    """Numbers of those that stood with parcels that changed, where these are the first seen to leave.

    Args:
        worker: a worker's connection.
        keys: open where parcels were scanned.
        workspace: whose.
        changes: what changed.
        numbers: of the parcels that changed.
    """
    left = {change.parcel_id for change in changes if (change.before or {}).get("sub_status") is not None}
    cohorts = _known(worker, keys, workspace, numbers) if left else []
    if not cohorts:
        return set()
    first = _moved(worker, workspace, cohorts, min(change.changed_at for change in changes))
    places = [place for place, (_, _, _, parcel) in first.items() if parcel in left]
    asked = {"workspace": workspace, "cohorts": [c for c, _ in places], "left": [state for _, state in places]}
    return {number for (number,) in worker.execute(_AT, asked)} if places else set()


def with_cohorts(
    worker: Connection[Any], keys: Keyring, workspace: int, viewed: dict[int, Viewed], known: tuple[Together, datetime]
) -> dict[int, Viewed]:
    """The same views, with what is known by those they travel with; `known`: how cohorts move, and the time."""
    cohorts = _known(worker, keys, workspace, viewed)
    if not cohorts:
        return viewed
    together, now = known
    groups = _groups(worker, workspace, cohorts, together, now)
    return {number: _in_group(one, groups, together) for number, one in viewed.items()}


def _known(worker: Connection[Any], keys: Keyring, workspace: int, numbers: Collection[int]) -> list[int]:
    """Their cohorts, as far as it is known who is in them."""
    cohorts = cohort_of(worker, keys, workspace, numbers).values()
    return sorted({cohort.cohort_id for cohort in cohorts if not cohort.inferred})


def _groups(
    worker: Connection[Any], workspace: int, cohorts: list[int], together: Together, now: datetime
) -> dict[tuple[int, str], _Group]:
    """By parcel and the event it stands at."""
    asked = {"workspace": workspace, "cohorts": cohorts, "sentinels": SENTINELS}
    standing = worker.execute(_STANDING, asked).fetchall()
    moved = _moved(worker, workspace, cohorts, now) if standing else {}
    found: dict[tuple[int, str], _Group] = {}
    for cohort, status, parcels in standing:
        came = moved.get((cohort, status))
        group = _Group(parcels, _wave(came, together) if came is not None else None)
        found |= {(parcel, status): group for parcel in parcels}
    return found


def _moved(worker: Connection[Any], workspace: int, cohorts: list[int], now: datetime) -> Moved:
    asked = {"workspace": workspace, "cohorts": cohorts, "since": now - WAVE_FOR}
    rows = worker.execute(_MOVED, asked)
    return {(cohort, left): (came, milestone, at, parcel) for cohort, left, came, milestone, at, parcel in rows}


def _wave(came: tuple[str, str, datetime, int], together: Together) -> Wave:
    status, milestone, at, _ = came
    worth = Weights().kinds[kind_of(milestone, status)]
    return Wave(at.timestamp(), together.coming((status, "")), worth)


def _in_group(one: Viewed, groups: dict[tuple[int, str], _Group], together: Together) -> Viewed:
    group = groups.get((one.parcel_id, one.sub_status))
    view = one.view
    if group is None or view.share < 1.0:
        return one
    share = together.leaving((one.sub_status, view.state.carrier))
    watched = one.parcel_id not in group.parcels[:SENTINELS]
    watchers = 1.0 - share if watched else 1.0 + share * (len(group.parcels) - SENTINELS) / SENTINELS
    wave = None
    if group.wave is not None:
        checked = (view.checked_at or view.since).timestamp()
        wave = partial(group.wave.unseen, min(checked, group.wave.began + WAVE_FOR.total_seconds()))
    return replace(one, view=replace(view, watchers=watchers, wave=wave))
