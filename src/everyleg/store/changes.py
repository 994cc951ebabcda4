"""Changes in the order in which they may be read: nothing that a running transaction could still slip in before.

A change's transaction id is its *position* (`migrations/versions/0001_positions.sql`): positions go on growing when the
store moves to another cluster by restore or upgrade, so a cursor stays good there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection
from psycopg.types.json import Jsonb


class Cursor(Struct, frozen=True, order=True):
    """How far a reader has come; it commits this with what it made of the changes."""

    transaction_id: int = 0
    change_id: int = 0


class Change(Struct, frozen=True):
    """A parcel's state going from one to another."""

    cursor: Cursor
    workspace_id: int
    parcel_id: int
    changed_at: datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


_ADD = "INSERT INTO changes (workspace_id, parcel_id, before, after) VALUES (%s, %s, %s, %s)"

_READ = """
SELECT transaction_id::text::bigint, change_id, workspace_id, parcel_id, changed_at, before, after FROM changes
WHERE (transaction_id, change_id) > (%s::text::xid8, %s) AND transaction_id < settled_position()
ORDER BY transaction_id, change_id LIMIT %s
"""


def add_change(
    connection: Connection[Any], parcel: tuple[int, int], before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Note a change of a parcel (workspace, parcel), in the transaction that writes its state."""
    connection.execute(_ADD, (*parcel, None if before is None else Jsonb(before), Jsonb(after)))


def read_changes(connection: Connection[Any], after: Cursor, most: int) -> list[Change]:
    """The next changes after a cursor, oldest first; for a worker of all workspaces.

    Only transactions older than the oldest running one are read: sequences commit out of order, so a lower id may still
    appear behind a higher one.
    """
    rows = connection.execute(_READ, (str(after.transaction_id), after.change_id, most))
    return [Change(Cursor(row[0], row[1]), *row[2:]) for row in rows]
