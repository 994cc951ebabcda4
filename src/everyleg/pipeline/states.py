"""Writing what the fold found: parcels and their redirects, states, legs, changes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from everyleg.core.fold import Timeline
from everyleg.core.model import Ref
from everyleg.pipeline.ages import LEARN, PLAN
from everyleg.pipeline.bulk import Target, Writes, each, insert
from everyleg.pipeline.folding import TIMELINE, Whole, open_timeline
from everyleg.pipeline.known import Store
from everyleg.pipeline.matching import Match
from everyleg.pipeline.parcels import make_parcels
from everyleg.store.due import arm_now

_STATES = Target(
    "states",
    (
        ("workspace_id", "integer"), ("parcel_id", "bigint"), ("milestone", "text"), ("sub_status", "text"),
        ("stage", "text"), ("exception", "boolean"), ("since", "timestamptz"), ("last_event_at", "timestamptz"),
        ("delivered_at", "timestamptz"), ("carriers", "text[]"), ("timeline", "bytea"),
    ),
    """ON CONFLICT (workspace_id, parcel_id) DO UPDATE SET version = states.version + 1, folded_at = now(),
    milestone = excluded.milestone, sub_status = excluded.sub_status, stage = excluded.stage,
    exception = excluded.exception, since = excluded.since, last_event_at = excluded.last_event_at,
    delivered_at = excluded.delivered_at, carriers = excluded.carriers, timeline = excluded.timeline""",
)  # fmt: skip

_CHANGES = Target(
    "changes", (("workspace_id", "integer"), ("parcel_id", "bigint"), ("before", "jsonb"), ("after", "jsonb"))
)

_LEGS = Target(
    "legs",
    (
        ("workspace_id", "integer"), ("parcel_id", "bigint"), ("number_id", "bigint"),
        ("life_from", "timestamptz"), ("life_to", "timestamptz"),
    ),
)  # fmt: skip

_BEFORE = each("""
SELECT s.parcel_id, s.milestone, s.sub_status, s.stage, s.exception, s.since, s.delivered_at, s.carriers FROM states s
WHERE s.workspace_id = a.workspace_id AND s.parcel_id = w.id
""")
_LEGS_BEFORE = each("""
SELECT l.parcel_id, l.number_id, l.leg_id, l.life_from, l.life_to FROM legs l
WHERE l.workspace_id = a.workspace_id AND l.parcel_id = w.id
""")

# a parcel that stands for itself again has a new row, which is listed unless it is archived
_LIST_AGAIN = """
UPDATE states s SET listed = p.archived_at IS NULL FROM parcels p
WHERE s.workspace_id = %s AND s.parcel_id = ANY(%s) AND p.workspace_id = s.workspace_id AND p.parcel_id = s.parcel_id
"""

Span = tuple[datetime | None, datetime | None]


class Summary(Struct):
    """What of a state others hang on; nothing personal."""

    milestone: str
    sub_status: str
    stage: str
    exception: bool
    since: datetime | None
    delivered_at: datetime | None


class Columns(Struct):
    """A state as lists show it: what the fold says, in columns."""

    summary: Summary
    last_event_at: datetime | None
    carriers: list[str]


_dumps = msgspec.json.encode

_NOTHING_TOLD = Summary("pending", "registered", "any", exception=False, since=None, delivered_at=None)


def columns_of(timeline: Timeline | None, home: Ref) -> Columns:
    """The columns of a state; without a timeline nothing was told of the parcel."""
    if timeline is None:
        return Columns(_NOTHING_TOLD, None, [home.carrier] if home.carrier else [])
    t = timeline
    told = [event.occurred_at for event in t.events if not event.withdrawn]
    legs = sorted(t.numbers, key=lambda number: number.leg)
    return Columns(
        Summary(t.milestone, t.sub_status, t.stage, t.exception, t.since, t.delivered_at),
        max(told, default=None),
        list(dict.fromkeys(number.carrier for number in legs if number.carrier)),
    )


def bring(store: Store, whole: Whole, matches: Sequence[Match]) -> tuple[int, Writes]:
    """Bring parcels and legs to what the fold found; gives how many states change, and the rows that are to be put in
    for it.
    """
    parcels = _parcels(store, matches)
    pairs = list(zip(parcels, matches, strict=True))
    _redirect(store, pairs)
    standing = [(parcel, found) for parcel, found in pairs if found.merged_into is None]
    kept = [parcel for parcel, found in standing if found.home is not None]
    there = store.rows(_BEFORE, kept)
    before = {row[0]: Summary(*row[1:-1]) for row in there}
    named = {row[0]: row[-1] for row in there}
    states, changes, retold = [], [], []
    for parcel, found in standing:
        body = None if found.timeline is None else msgspec.json.encode(found.timeline)
        same = parcel in before and _is_same(store, whole.sealed.get(parcel), body)
        if same and body is not None:
            continue
        columns = columns_of(found.timeline, whole.names.refs[found.number_id])
        if same and named[parcel] == columns.carriers:  # without a timeline they are those of its number
            continue
        states.append(_state_row(store, parcel, columns, body))
        if columns.summary != before.get(parcel):
            changes.append(_change_row(store, parcel, before.get(parcel), columns.summary))
        else:
            retold.append(parcel)
    for kind in (LEARN, PLAN):  # who lives by changes reads none for these
        arm_now(store.connection, store.workspace, kind, retold)
    legs = _legs(store, standing, {ref: number for number, ref in whole.names.refs.items()})
    return len(states), [*_revive(store, standing, states), (_CHANGES, changes), (_LEGS, legs)]


def _revive(store: Store, standing: Iterable[tuple[int, Match]], states: Sequence[Sequence[Any]]) -> Writes:
    """List parcels that stand for themselves again; gives the states that are still to be put in."""
    revived = [found.home.parcel_id for _, found in standing if found.home is not None and found.home.merged_into]
    if not revived:
        return [(_STATES, states)]
    insert(store.connection, _STATES, states)
    store.connection.execute(_LIST_AGAIN, (store.workspace, revived))
    return []


def _parcels(store: Store, matches: Sequence[Match]) -> list[int]:
    """The parcel of each match, made where there is none."""
    new = [(found.number_id, None) for found in matches if found.home is None]
    made = make_parcels(store.connection, store.workspace, new)
    return [found.home.parcel_id if found.home is not None else made[found.number_id, None].pop(0) for found in matches]


def _redirect(store: Store, pairs: Iterable[tuple[int, Match]]) -> None:
    """Let merged parcels redirect, and separate ones stand for themselves again."""
    moved = [
        (found.merged_into, store.workspace, parcel)
        for parcel, found in pairs
        if found.home is not None and found.home.merged_into != found.merged_into
    ]
    if not moved:
        return
    gone = [parcel for into, _, parcel in moved if into is not None]
    with store.connection.cursor() as cursor:
        cursor.executemany("UPDATE parcels SET merged_into = %s WHERE workspace_id = %s AND parcel_id = %s", moved)
        for table in ("states", "legs"):
            query = f"DELETE FROM {table} WHERE workspace_id = %s AND parcel_id = ANY(%s)"  # noqa: S608 - our own words
            cursor.execute(query, (store.workspace, gone))


def _is_same(store: Store, sealed: bytes | None, body: bytes | None) -> bool:
    if sealed is None or body is None:
        return sealed is body
    return open_timeline(store, sealed) == body


def _state_row(store: Store, parcel: int, columns: Columns, body: bytes | None) -> tuple[Any, ...]:
    s = columns.summary
    sealed = None if body is None else store.keys.seal(body, store.about(TIMELINE))
    return (
        store.workspace, parcel, s.milestone, s.sub_status, s.stage, s.exception, s.since, columns.last_event_at,
        s.delivered_at, columns.carriers, sealed,
    )  # fmt: skip


def _change_row(store: Store, parcel: int, before: Summary | None, after: Summary) -> tuple[Any, ...]:
    return store.workspace, parcel, None if before is None else Jsonb(before, _dumps), Jsonb(after, _dumps)


def _legs(store: Store, standing: Iterable[tuple[int, Match]], ids: Mapping[Ref, int]) -> list[tuple[Any, ...]]:
    """Make the legs those of the timelines; a leg that stays keeps its id. Gives the rows of those that are new."""
    wanted = {parcel: _spans(found, ids) for parcel, found in standing}
    there: dict[tuple[int, int], tuple[int, Span]] = {}
    extra = []
    for parcel, number, leg, *span in store.rows(_LEGS_BEFORE, [p for p, f in standing if f.home is not None]):
        if number not in wanted[parcel] or (parcel, number) in there:
            extra.append(leg)
        else:
            there[parcel, number] = (leg, (span[0], span[1]))
    new, moved = [], []
    for parcel, spans in wanted.items():
        for number, span in spans.items():
            before = there.get((parcel, number))
            if before is None:
                new.append((store.workspace, parcel, number, *span))
            elif before[1] != span:
                moved.append((*span, store.workspace, before[0]))
    with store.connection.cursor() as cursor:
        if moved:
            update = "UPDATE legs SET life_from = %s, life_to = %s WHERE workspace_id = %s AND leg_id = %s"
            cursor.executemany(update, moved)
        if extra:
            cursor.execute("DELETE FROM legs WHERE workspace_id = %s AND leg_id = ANY(%s)", (store.workspace, extra))
    return new


def _spans(found: Match, ids: Mapping[Ref, int]) -> dict[int, Span]:
    """The legs that a parcel has, by number, with when each began and ended."""
    if found.timeline is None:
        return dict.fromkeys((found.number_id, *found.beside), (None, None))
    legs = found.timeline.legs
    return {ids[Ref(n.carrier, n.tracking_number)]: (legs[n.leg].from_, legs[n.leg].to) for n in found.timeline.numbers}
