"""Learning from changes: what a changed parcel says now replaces what it said before, in spells, gaps and histograms.

Each parcel's own contribution is kept (`spells`, `gaps`), so that a late event, a withdrawn one or a join taken back
corrects the past: the old is taken back from the histograms and the new put in. The histograms are therefore a function
of the timelines alone, whatever the order in which changes came.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from msgspec import Struct
from psycopg import Connection

from everyleg.durations.histograms import bin_of
from everyleg.durations.spells import NewsGap, Spell, news_gaps, spells_of
from everyleg.pipeline.ages import LEARN
from everyleg.pipeline.bulk import Target, insert
from everyleg.pipeline.folding import readable_timeline
from everyleg.store.changes import read_changes
from everyleg.store.cursors import move_cursor, take_cursor
from everyleg.store.db import Database
from everyleg.store.due import claim, done
from everyleg.store.sealing import Keyring

READER: Final = "durations"
_LEASE: Final = timedelta(minutes=1)

Cell = tuple[str, str, str, str, date, str, int]
"""kind, carrier, lane, state, month, outcome, bin."""

_PARCELS = """
SELECT p.parcel_id, s.timeline, coalesce(h.origin_country, ''), coalesce(h.destination_country, ''),
    coalesce(c.name, array_to_string(s.carriers, '-'), '')
FROM parcels p
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
LEFT JOIN shipments h ON h.workspace_id = p.workspace_id AND h.shipment_id = p.shipment_id
LEFT JOIN channels c ON c.workspace_id = h.workspace_id AND c.channel_id = h.channel_id
WHERE p.workspace_id = %(workspace)s AND p.merged_into IS NULL AND p.parcel_id = ANY(%(parcels)s)
"""

_MERGED = "SELECT parcel_id FROM parcels WHERE workspace_id = %s AND merged_into = ANY(%s)"

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('durations', %s))"

_OLD_SPELLS = """
DELETE FROM spells WHERE workspace_id = %s AND parcel_id = ANY(%s)
RETURNING lane, kind, carrier, state, began_at, ended_at, outcome
"""

_OLD_GAPS = """
DELETE FROM gaps WHERE workspace_id = %s AND parcel_id = ANY(%s)
RETURNING parcel_id, sub_status, carrier, event_at, seen_at
"""

_SPELLS = Target(
    "spells",
    (
        ("workspace_id", "integer"), ("parcel_id", "bigint"), ("place", "smallint"), ("lane", "text"),
        ("kind", "text"), ("carrier", "text"), ("state", "text"), ("began_at", "timestamptz"),
        ("ended_at", "timestamptz"), ("outcome", "text"),
    ),
)  # fmt: skip

_GAPS = Target(
    "gaps",
    (
        ("workspace_id", "integer"), ("parcel_id", "bigint"), ("place", "smallint"), ("destination", "text"),
        ("route", "text"), ("seen_at", "timestamptz"), ("sub_status", "text"), ("carrier", "text"),
        ("event_at", "timestamptz"), ("offset_s", "integer"), ("next_at", "timestamptz"), ("next_carrier", "text"),
        ("next_kind", "smallint"),
    ),
)  # fmt: skip

_CELLS = Target(
    "durations",
    (
        ("workspace_id", "integer"), ("kind", "text"), ("carrier", "text"), ("lane", "text"), ("state", "text"),
        ("month", "date"), ("outcome", "text"), ("bin", "smallint"), ("cases", "integer"),
    ),
    """ON CONFLICT (workspace_id, kind, carrier, lane, state, month, outcome, bin)
    DO UPDATE SET cases = durations.cases + excluded.cases""",
)  # fmt: skip

_EMPTY_CELLS = """
DELETE FROM durations USING unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS t (kind, carrier, lane, state)
WHERE durations.workspace_id = %s AND (durations.kind, durations.carrier, durations.lane, durations.state)
    = (t.kind, t.carrier, t.lane, t.state) AND durations.cases = 0
"""


class Told(Struct, frozen=True):
    """What a parcel says at present."""

    parcel_id: int
    lane: str
    destination: str
    route: str
    spells: Sequence[Spell]
    gaps: Sequence[NewsGap]


class Seen(NamedTuple):
    """An event, as far as it matters when we first learned of it."""

    parcel_id: int
    sub_status: str
    carrier: str
    event_at: datetime


def learn_changes(database: Database, most: int = 500) -> int:
    """Learn from the next changes of all workspaces, in one transaction with the cursor; gives how many there were."""
    with database.transaction(None, "worker") as worker:
        after = take_cursor(worker, READER)
        changes = read_changes(worker, after, most) if after is not None else []
        if not changes:
            return 0
        times: dict[int, dict[int, datetime]] = {}
        for change in changes:
            times.setdefault(change.workspace_id, {})[change.parcel_id] = change.changed_at
        for workspace, parcels in sorted(times.items()):
            learn(worker, database.keys, workspace, parcels)
        move_cursor(worker, READER, changes[-1].cursor)
        return len(changes)


def learn_retold(database: Database, now: datetime, most: int = 500) -> int:
    """Learn from parcels of which something was told that left their state as it was: there is no change to read of
    them. Gives how many there were.
    """
    with database.transaction(None, "worker") as worker:
        claims = claim(worker, LEARN, now, _LEASE, most)
        parcels: dict[int, dict[int, datetime]] = {}
        for one in claims:
            parcels.setdefault(one.workspace_id, {})[one.subject_id] = now
        for workspace, some in sorted(parcels.items()):
            learn(worker, database.keys, workspace, some)
        done(worker, claims)
        return len(claims)


def learn(worker: Connection[Any], keys: Keyring, workspace: int, parcels: Mapping[int, datetime]) -> None:
    """Have parcels (id → when they changed) say what their timelines say now, in the caller's transaction of a worker.

    Parcels that were merged into one of them say nothing any more.
    """
    worker.execute(_LOCK, (workspace,))
    ids = set(parcels) | {row[0] for row in worker.execute(_MERGED, (workspace, list(parcels)))}
    told = load(worker, keys, workspace, ids)
    cells: Counter[Cell] = Counter()
    for lane, *spell in worker.execute(_OLD_SPELLS, (workspace, list(ids))):
        _count(cells, lane, Spell(*spell), -1)
    for one in told:
        for spell_ in one.spells:
            _count(cells, one.lane, spell_, +1)
    rows = [(workspace, one.parcel_id, at, one.lane, *spell_) for one in told for at, spell_ in enumerate(one.spells)]
    insert(worker, _SPELLS, rows)
    _move_cells(worker, workspace, cells)
    old = worker.execute(_OLD_GAPS, (workspace, list(ids)))
    seen = {Seen(*row[:4]): row[4] for row in old}
    insert(worker, _GAPS, [row for one in told for row in _gap_rows(workspace, one, seen, parcels[one.parcel_id])])


def load(worker: Connection[Any], keys: Keyring, workspace: int, parcels: Collection[int]) -> list[Told]:
    """What parcels say at present; those merged, or of which nothing was told or can be read, are left out."""
    found = []
    for parcel, sealed, origin, destination, route in worker.execute(
        _PARCELS, {"workspace": workspace, "parcels": list(parcels)}
    ):
        timeline = readable_timeline(keys, workspace, parcel, sealed)
        if timeline is not None:
            lane = f"{origin}>{destination}" if origin or destination else ""
            found.append(
                Told(parcel, lane, destination, route, spells_of(timeline), news_gaps(timeline, origin, destination))
            )
    return found


def _count(cells: Counter[Cell], lane: str, spell: Spell, sign: int) -> None:
    if spell.ended_at is not None and spell.outcome is not None:
        place = int(bin_of((spell.ended_at - spell.began_at).total_seconds()))
        month = spell.began_at.date().replace(day=1)
        cells[spell.kind, spell.carrier, lane, spell.state, month, spell.outcome, place] += sign


def _move_cells(worker: Connection[Any], workspace: int, cells: Counter[Cell]) -> None:
    moved = sorted((cell, cases) for cell, cases in cells.items() if cases)
    insert(worker, _CELLS, [(workspace, *cell, cases) for cell, cases in moved])
    less = sorted({cell[:4] for cell, cases in moved if cases < 0})
    if less:
        worker.execute(_EMPTY_CELLS, (*(list(column) for column in zip(*less, strict=True)), workspace))


def _gap_rows(workspace: int, one: Told, seen: Mapping[Seen, datetime], now: datetime) -> Iterator[tuple[Any, ...]]:
    """The gaps as they are now; an event that was seen before keeps the time at which it was."""
    for at, gap in enumerate(one.gaps):
        first = seen.get(Seen(one.parcel_id, gap.sub_status, gap.carrier, gap.event_at), now)
        yield (workspace, one.parcel_id, at, one.destination, one.route, first, *gap)
