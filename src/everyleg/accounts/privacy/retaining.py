"""How long personal data is kept: a setting of each workspace, applied to parcels that are finished so long.

A parcel is finished when it was delivered or returned, or when people stopped or archived it. One that nobody has heard
of for twice as long counts as finished too: else a lost parcel would keep its buyer's data for ever.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from everyleg.accounts import audit
from everyleg.accounts.actors import Actor, system
from everyleg.accounts.privacy.erasing import Erased, Remains, erase, together
from everyleg.accounts.privacy.finding import Found
from everyleg.accounts.roles import Permission
from everyleg.store import due
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring

KIND = "retention"
"""What is due daily in a workspace that has the setting; its subject is 0."""

LEAST, MOST = 1, 3650
_BATCH = 200
_LEASE, _EVERY = timedelta(hours=1), timedelta(days=1)

Progress = Callable[[int], None]
"""Told of each batch: how many parcels it had."""


def days(connection: Connection[Any], workspace: int) -> int | None:
    """After how many days a finished parcel's personal data is erased; None: never by itself."""
    query = "SELECT (settings ->> 'retention_days')::int FROM workspaces WHERE workspace_id = %s"
    row = connection.execute(query, (workspace,)).fetchone()
    return row[0] if row else None


def keep_for(connection: Connection[Any], keys: Keyring, actor: Actor, number: int | None, now: datetime) -> None:
    """Say for how many days; None: for ever. It is due from now on, daily.

    Raises:
        NotAllowedError: the actor may not have people erased.
        ValueError: fewer than 1 or more than 3650 days.
    """
    actor.require(Permission.ERASE)
    if number is not None and not LEAST <= number <= MOST:
        raise ValueError(f"{number} days: give {LEAST} to {MOST}")
    before = days(connection, actor.workspace)
    said = Jsonb({} if number is None else {"retention_days": number})
    connection.execute(
        "UPDATE workspaces SET settings = settings - 'retention_days' || %s WHERE workspace_id = %s",
        (said, actor.workspace),
    )
    item = (actor.workspace, KIND, 0)
    if number is None:
        connection.execute("DELETE FROM due WHERE workspace_id = %s AND kind = %s AND subject_id = %s", item)
    else:
        due.arm(connection, item, now)
    audit.note(connection, keys, actor, "privacy.retention", detail={"days": [before, number]})


_FINISHED = """
SELECT p.parcel_id, p.shipment_id FROM parcels p
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
WHERE p.workspace_id = %(workspace)s AND p.parcel_id > %(after)s AND p.merged_into IS NULL
  AND (p.erased_at IS NULL OR s.last_event_at > p.erased_at)
  AND (s.milestone IN ('delivered', 'returned') AND s.last_event_at < %(until)s
       OR p.stopped_at < %(until)s OR p.archived_at < %(until)s
       OR coalesce(s.last_event_at, p.created_at) < %(unheard)s)
ORDER BY p.parcel_id LIMIT %(most)s
"""


def apply(
    database: Database, actor: Actor, now: datetime, remains: Remains, progress: Progress = lambda parcels: None
) -> Erased:
    """Erase what has been kept long enough, a transaction for each batch; nothing without the setting.

    Raises:
        NotAllowedError: the actor may not have people erased.
    """
    with database.transaction(None, "worker") as worker:
        number = days(worker, actor.workspace)
    counts: Counter[str] = Counter()
    parcels = kept = 0
    for erased in _batches(database, actor, now, remains, number) if number is not None else ():
        counts.update(erased.counts)
        parcels += erased.parcels
        kept += erased.taught_kept
        progress(erased.parcels)
    return Erased(dict(counts), parcels, kept)


def _batches(database: Database, actor: Actor, now: datetime, remains: Remains, number: int) -> Iterator[Erased]:
    until, unheard = now - timedelta(days=number), now - timedelta(days=2 * number)
    asked = {"workspace": actor.workspace, "after": 0, "until": until, "unheard": unheard, "most": _BATCH}
    while True:
        with database.transaction(None, "worker") as worker:
            rows = worker.execute(_FINISHED, asked).fetchall()
        if not rows:
            return
        shipments = sorted({shipment for _, shipment in rows if shipment is not None})
        yield _erased(database, actor, Found(shipments, [parcel for parcel, _ in rows]), now, remains)
        asked["after"] = rows[-1][0]


def _erased(database: Database, actor: Actor, found: Found, now: datetime, remains: Remains) -> Erased:
    def work() -> Erased:
        with database.transaction(None, "worker") as worker:
            return erase(worker, database.keys, actor, found, now, remains)

    return together(work)


def run_due(database: Database, now: datetime, remains: Remains, most: int = 10) -> int:
    """For a worker: apply it in the workspaces in which it is due, and have it due again in a day; gives how many."""
    with database.transaction(None, "worker") as worker:
        claims = due.claim(worker, KIND, now, _LEASE, most)
    for one in claims:
        apply(database, system(one.workspace_id), now, remains)
        with database.transaction(None, "worker") as worker:
            if days(worker, one.workspace_id) is not None:
                due.arm(worker, (one.workspace_id, KIND, 0), now + _EVERY)
    return len(claims)
