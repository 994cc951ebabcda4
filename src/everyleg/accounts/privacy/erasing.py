"""Erasing a person: column by column, by the registry of personal data (`store/tables/personal.py`).

What happened to a parcel and when stays: milestones, times, countries, carriers. What it said in words, where it was
exactly, raw answers, and whatever names, reaches or locates somebody goes. It is one transaction, in which the pipeline
folds the parcels anew from what is left: so what is stored is at no time anything else than what the fold makes of it.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import Connection, sql

from everyleg.accounts import addresses, attempts, audit
from everyleg.accounts.actors import Actor
from everyleg.accounts.errors import UnknownError
from everyleg.accounts.people import see_that_an_owner_stays
from everyleg.accounts.privacy.finding import Found, Whom, find
from everyleg.accounts.roles import Permission
from everyleg.accounts.sessions import PER_ADDRESS
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column

Fold = Callable[[Connection[Any], Keyring, int, Collection[int]], int]
"""What to do with numbers (ids, of a workspace) in a worker's transaction; gives how many states it changed."""


class Remains(Struct, frozen=True):
    """What the pipeline lends: only it knows what the fold needs of its own words."""

    hold: Fold
    """Hold them with all that hangs together with them until the transaction ends: nobody tells of them meanwhile."""
    telling: Callable[[bytes], bytes]
    """What stays of what is sealed in `statements.said`."""
    refold: Fold
    """Fold them anew and write their states."""


class Erased(Struct, frozen=True):
    """What was erased."""

    counts: dict[str, int]
    """Values by `table.column`."""
    parcels: int = 0
    """Parcels that it was about."""
    taught_kept: int = 0
    """Texts out of their answers that somebody taught: rules of the workspace now, to be looked at by people."""


_SUBJECT_OF_PARCEL = (
    "subject_kind = 'parcel' AND subject_id = ANY(%(parcels)s)"
    " OR subject_kind = 'shipment' AND subject_id = ANY(%(shipments)s)"
)

CLEARED = {
    ("shipments", "destination_postcode"): "shipment_id = ANY(%(shipments)s)",
    ("shipments", "buyer_email"): "shipment_id = ANY(%(shipments)s)",
    ("shipments", "attributes"): "shipment_id = ANY(%(shipments)s)",
    ("corrections", "reason"): "parcel_id = ANY(%(parcels)s)",
    ("observations", "body"): "observation_id = ANY(%(observations)s)",
    ("observations", "quarantine_reason"): "observation_id = ANY(%(observations)s)",
    ("readings", "found"): "number_id = ANY(%(numbers)s)",
    ("readings", "failed_detail"): "number_id = ANY(%(numbers)s)",
    ("checks", "failed_detail"): "number_id = ANY(%(numbers)s)",
    ("source_health", "failed_detail"): "true",  # a source's last words, whosever number they were about
    ("people", "email"): "person_id = ANY(%(people)s)",
    ("people", "name"): "person_id = ANY(%(people)s)",
    ("audit", "detail"): f"{_SUBJECT_OF_PARCEL} OR subject_kind = 'person' AND subject_id = ANY(%(people)s)",
    ("audit", "ip"): "actor_kind = 'person' AND actor_id = ANY(%(people)s)",
}
"""Columns that become empty, where."""

REMOVED = {
    ("remarks", "body"): "parcel_id = ANY(%(parcels)s)",
    ("unknowns", "value"): "sub_status IS NULL AND observation_id = ANY(%(observations)s)",
    ("sessions", "ip"): "ip IS NOT NULL AND person_id = ANY(%(people)s)",
    ("sessions", "user_agent"): "person_id = ANY(%(people)s)",
    ("invitations", "email"): "invitation_id = ANY(%(invitations)s)",
}
"""Columns whose rows go, as they are nothing without them, where."""

WAITING = {("inbox", "body"): "asked <> '{}' AND asked <@ %(tracking_numbers)s"}
"""The same, before the numbers are held: a worker too holds what it takes in, and then its numbers."""

SAID, TIMELINE = ("statements", "said"), ("states", "timeline")
"""Columns of which something stays: what the pipeline says, and what the fold makes of that."""

_AFTER = (
    "UPDATE shipments SET buyer_email_digest = NULL WHERE workspace_id = %(workspace)s"
    " AND shipment_id = ANY(%(shipments)s)",
    "UPDATE parcels SET erased_at = %(now)s, stopped_at = coalesce(stopped_at, %(now)s), link_token = NULL"
    " WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(parcels)s)",
    "UPDATE people SET email_hash = NULL, password_hash = NULL, disabled_at = coalesce(disabled_at, %(now)s)"
    " WHERE workspace_id = %(workspace)s AND person_id = ANY(%(people)s)",
)
"""What makes what is left of a row say so: it is not followed, not shown to buyers, signs nobody in."""


def erase(
    worker: Connection[Any], keys: Keyring, actor: Actor, found: Found, now: datetime, remains: Remains
) -> Erased:
    """Erase what is about a person, in the transaction that is open.

    Args:
        worker: a worker's connection.
        keys: opens and seals what stays in part.
        actor: who asks, in whose workspace.
        found: what is about the person.
        now: the clock.
        remains: the pipeline's part.

    Raises:
        NotAllowedError: the actor may not erase.
        LastOwnerError: the workspace would have no owner.
    """
    actor.require(Permission.ERASE)
    about = _about(worker, actor.workspace, found)
    counts = {_name(place): _removed(worker, place, where, about) for place, where in WAITING.items()}
    remains.hold(worker, keys, actor.workspace, about["numbers"])
    # what hangs together may have grown until it was held
    about = {**_about(worker, actor.workspace, found), "now": now}
    about["observations"] = _column(worker, _OBSERVATIONS, about)
    counts |= {_name(place): _cleared(worker, place, where, about) for place, where in CLEARED.items()}
    counts[_name(SAID)] = _reduced(worker, keys, about, remains)
    kept = worker.execute(_TAUGHT, about).fetchone()
    counts |= {_name(place): _removed(worker, place, where, about) for place, where in REMOVED.items()}
    for statement in _AFTER:
        worker.execute(statement, about)
    if found.person_ids:
        see_that_an_owner_stays(worker, actor.workspace)
    counts[_name(TIMELINE)] = remains.refold(worker, keys, actor.workspace, about["numbers"])
    counts = {name: count for name, count in counts.items() if count}
    audit.note(worker, keys, actor, "privacy.erased", detail={"values": counts})
    return Erased(counts, len(about["parcels"]), kept[0] if kept else 0)


_TRIES = 5


def together(work: Callable[[], Erased]) -> Erased:
    """Do a transaction's work, again when the database broke a tie between it and another against it."""
    for _ in range(_TRIES):
        try:
            return work()
        except psycopg.errors.DeadlockDetected:
            continue
    return work()


def erase_person(database: Database, actor: Actor, whom: Whom, now: datetime, remains: Remains) -> Erased:
    """Find what is about a person and erase it, in one transaction.

    Raises:
        NotAllowedError: the actor may not erase.
        LastOwnerError: the workspace would have no owner.
        UnknownError: nothing is known of them.
    """

    def work() -> Erased:
        with database.transaction(None, "worker") as worker:
            found = find(worker, database.keys, actor.workspace, whom)
            if not found:
                raise UnknownError("nothing is kept about that person, order or parcel in this workspace")
            if whom.email is not None:
                attempts.forget(worker, database.keys, PER_ADDRESS, addresses.fold(whom.email))
            return erase(worker, database.keys, actor, found, now, remains)

    return together(work)


_PARCELS = """
SELECT parcel_id FROM parcels
WHERE workspace_id = %(workspace)s AND (parcel_id = ANY(%(parcels)s) OR merged_into = ANY(%(parcels)s))
"""

_NUMBERS = """
SELECT number_id FROM legs WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(parcels)s)
UNION SELECT number_id FROM parcels
WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(parcels)s) AND number_id IS NOT NULL
"""

_TRACKED = "SELECT tracking_number FROM numbers WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s)"

_OBSERVATIONS = """
SELECT observation_id FROM readings WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s)
UNION SELECT observation_id FROM statements
WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s) AND observation_id IS NOT NULL
UNION SELECT observation_id FROM observations
WHERE workspace_id = %(workspace)s AND quarantine_kind IS NOT NULL AND asked && %(tracking_numbers)s
"""

_TAUGHT = """
SELECT count(*) FROM unknowns
WHERE workspace_id = %(workspace)s AND sub_status IS NOT NULL AND observation_id = ANY(%(observations)s)
"""


def _about(worker: Connection[Any], workspace: int, found: Found) -> dict[str, Any]:
    """The ids that the conditions name."""
    about: dict[str, Any] = {"workspace": workspace, "shipments": found.shipment_ids, "parcels": found.parcel_ids}
    about |= {"people": found.person_ids, "invitations": found.invitation_ids}
    about["parcels"] = _column(worker, _PARCELS, about)
    about["numbers"] = _column(worker, _NUMBERS, about)
    about["tracking_numbers"] = _column(worker, _TRACKED, about)
    return about


def _column(worker: Connection[Any], query: str, about: dict[str, Any]) -> list[Any]:
    return sorted(row[0] for row in worker.execute(query, about))


def _name(place: tuple[str, str]) -> str:
    return ".".join(place)


def _statement(text: str, place: tuple[str, str], where: str) -> sql.Composed:
    """A statement out of the tables above."""
    table, column = map(sql.Identifier, place)
    mine = sql.SQL("workspace_id = %(workspace)s AND ({where})").format(where=sql.SQL(where))
    return sql.SQL(text).format(table=table, column=column, mine=mine)


def _cleared(worker: Connection[Any], place: tuple[str, str], where: str, about: dict[str, Any]) -> int:
    statement = "UPDATE {table} SET {column} = NULL WHERE {mine} AND {column} IS NOT NULL"
    return worker.execute(_statement(statement, place, where), about).rowcount


def _removed(worker: Connection[Any], place: tuple[str, str], where: str, about: dict[str, Any]) -> int:
    return worker.execute(_statement("DELETE FROM {table} WHERE {mine}", place, where), about).rowcount


_SAID = """
SELECT said, number_id, source, key FROM statements
WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s) AND said IS NOT NULL
"""

_SAY = "UPDATE statements SET said = %s WHERE (workspace_id, number_id, source, key) = (%s, %s, %s, %s)"


def _reduced(worker: Connection[Any], keys: Keyring, about: dict[str, Any], remains: Remains) -> int:
    sealed_about = about_column(about["workspace"], _name(SAID))
    changed = []
    for sealed, *key in worker.execute(_SAID, about):
        before = keys.open(sealed, sealed_about)
        if (after := remains.telling(before)) != before:
            changed.append((keys.seal(after, sealed_about), about["workspace"], *key))
    with worker.cursor() as cursor:
        cursor.executemany(_SAY, changed)
    return len(changed)
