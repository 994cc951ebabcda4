"""The frame of every correction: one transaction that holds the parcel, changes it, notes it and folds it anew."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from everyleg.accounts import audit
from everyleg.accounts.roles import Permission
from everyleg.core.fold import Timeline
from everyleg.core.fold.rules import PERSON
from everyleg.core.model import Statement
from everyleg.pipeline.again import again
from everyleg.pipeline.corrections.model import Correction, Done, Edit, Effect, Kind, NotPossibleError, StaleError
from everyleg.pipeline.folding import open_timeline
from everyleg.pipeline.known import Names, Row, Store
from everyleg.pipeline.settle import hold, write_statements
from everyleg.pipeline.work import refold
from everyleg.store.db import Database

REASON = "corrections.reason"

_PARCEL = "SELECT number_id, merged_into FROM parcels WHERE workspace_id = %s AND parcel_id = %s"

_LOCK = """
SELECT number_id, merged_into, version, shipment_id FROM parcels
WHERE workspace_id = %s AND parcel_id = %s FOR NO KEY UPDATE
"""

_ADD = """
INSERT INTO corrections (workspace_id, parcel_id, kind, reason, author_id, created_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING correction_id
"""

_EFFECT = "UPDATE corrections SET effect = %s WHERE workspace_id = %s AND correction_id = %s"

_TIMELINE = "SELECT timeline FROM states WHERE workspace_id = %s AND parcel_id = %s"

_LISTED = """
SELECT correction_id, parcel_id, kind, reason, author_id, created_at, undone_at, undone_by, effect
FROM corrections WHERE workspace_id = %(workspace)s AND parcel_id IN (
    SELECT parcel_id FROM parcels WHERE workspace_id = %(workspace)s AND %(parcel)s IN (parcel_id, merged_into))
ORDER BY correction_id DESC
"""

_dumps = msgspec.json.encode


class Desk(Struct):
    """A parcel, held."""

    store: Store
    edit: Edit
    parcel: int
    version: int
    shipment_id: int | None
    own: int
    """The number that it was made for. What people say of the parcel hangs on it, so it stays with the parcel whatever
    else is joined to it, taken off, or moved to another carrier.
    """
    home: int
    """The same, as whose it is by now."""
    names: Names
    numbers: set[int]
    """All that hang together with it."""

    @property
    def author(self) -> int | None:
        """The person who corrects."""
        return self.edit.actor.actor_id if self.edit.actor.kind == "person" else None

    def corrections(self) -> list[Correction]:
        """Its corrections, newest first."""
        return corrections_of(self.store, self.parcel)

    def timeline(self) -> Timeline | None:
        """What the store says of it."""
        row = self.store.connection.execute(_TIMELINE, (self.store.workspace, self.parcel)).fetchone()
        if row is None or row[0] is None:
            return None
        return msgspec.json.decode(open_timeline(self.store, row[0]), type=Timeline)

    def say(self, number: int, statement: Statement) -> tuple[int, str]:
        """Write a person's statement; gives number and key."""
        row = Row(statement, None, self.author)
        write_statements(self.store, {(number, PERSON, statement.key): row})
        return number, statement.key

    def follow(self) -> int:
        """The parcel that it is by now."""
        return _standing(self.store, self.parcel)[0]


Change = Callable[[Desk, int], Effect]
"""Makes a correction: the parcel and the correction's id → what it did."""

Check = Callable[[Desk, Effect], None]
"""Sees, after folding, that it came to what was meant; raises `NotPossibleError` otherwise, and nothing was done."""


def whatever(desk: Desk, effect: Effect) -> None:
    """A check of nothing."""


def apply(database: Database, edit: Edit, kind: Kind, change: Change, check: Check = whatever) -> Done:
    """Make a correction.

    Raises:
        StaleError: somebody else was first.
        NotPossibleError: as `change` and `check` say.
        NotAllowedError: the actor may not.
    """
    edit.actor.require(Permission.REMARK if kind == "remark" else Permission.CORRECT)

    def once() -> Done:
        with database.transaction(edit.actor.workspace, "worker") as connection:
            desk = open_desk(Store(connection, database.keys, edit.actor.workspace), edit)
            reason = database.keys.seal_text(edit.reason, desk.store.about(REASON))
            values = (desk.store.workspace, desk.parcel, kind, reason, desk.author, edit.now)
            row = connection.execute(_ADD, values).fetchone()
            assert row is not None  # noqa: S101 - RETURNING
            effect = change(desk, row[0])
            effect.version = desk.version if kind == "remark" else bump(desk)
            write_effect(desk.store, row[0], effect)
            close(desk, f"parcel.{kind}", row[0], effect)
            check(desk, effect)
            return Done(row[0], effect.version)

    return again(once)


def close(desk: Desk, action: str, correction: int, effect: Effect) -> None:
    """Note it in the audit log, and fold what it touched."""
    subject = audit.Subject("parcel", desk.parcel)
    store = desk.store
    audit.note(store.connection, store.keys, desk.edit.actor, action, subject, {"correction": correction})
    if effect.numbers:
        refold(store, set(effect.numbers))


def open_desk(store: Store, edit: Edit) -> Desk:
    """Hold a parcel: first its numbers, as workers do, then its row.

    Raises:
        StaleError: it is not at the version that was looked at.
        NotPossibleError: there is no such parcel.
    """
    while True:
        parcel, number = _standing(store, edit.parcel)
        names = hold(store, {number})
        row = store.connection.execute(_LOCK, (store.workspace, parcel)).fetchone()
        if row is not None and row[1] is None:
            break
    (numbers,) = names.components({number})
    home = names.moved.get(number, number)
    desk = Desk(store, edit, parcel, row[2], row[3], number, home, names, numbers)
    if edit.expected_version not in {None, desk.version}:
        raise StaleError(desk.version, _since(desk.corrections(), edit.expected_version or 0))
    return desk


def _standing(store: Store, parcel: int) -> tuple[int, int]:
    """The parcel that one is by now, and its number."""
    while True:
        row = store.connection.execute(_PARCEL, (store.workspace, parcel)).fetchone()
        if row is None:
            raise NotPossibleError(f"there is no parcel {parcel} in this workspace", "no_parcel")
        if row[1] is None:
            return parcel, row[0]
        parcel = row[1]


def bump(desk: Desk) -> int:
    """A new version of what people wrote of the parcel."""
    query = "UPDATE parcels SET version = version + 1 WHERE workspace_id = %s AND parcel_id = %s RETURNING version"
    row = desk.store.connection.execute(query, (desk.store.workspace, desk.parcel)).fetchone()
    assert row is not None  # noqa: S101 - we hold it
    return int(row[0])


def write_effect(store: Store, correction: int, effect: Effect) -> None:
    """Keep what a correction did."""
    store.connection.execute(_EFFECT, (Jsonb(effect, _dumps), store.workspace, correction))


def corrections_of(store: Store, parcel: int) -> list[Correction]:
    """Corrections of a parcel and of those merged into it, newest first."""
    rows = store.connection.execute(_LISTED, {"workspace": store.workspace, "parcel": parcel})
    return [_correction(store, row) for row in rows]


def _correction(store: Store, row: tuple[Any, ...]) -> Correction:
    correction, parcel, kind, reason, author, created_at, undone_at, undone_by, effect = row
    said = store.keys.open_text(reason, store.about(REASON))
    did = msgspec.convert(effect, Effect)
    return Correction(correction, parcel, kind, said, author, created_at, undone_at, undone_by, did)


def _since(corrections: list[Correction], version: int) -> list[Correction]:
    return [
        one
        for one in corrections
        if one.kind != "remark" and max(one.effect.version or 0, one.effect.undone_version or 0) > version
    ]
