"""How far each reader of changes has come, kept in the transaction in which it made something of them."""

from typing import Any

from psycopg import Connection

from everyleg.store.changes import Cursor

_OF_ALL = 0
"""In place of a workspace: a worker reads the changes of all."""

_MAKE = """
INSERT INTO cursors (workspace_id, reader, transaction_id, change_id) VALUES (%s, %s, 0, 0)
ON CONFLICT (workspace_id, reader) DO NOTHING
"""

_TAKE = """
SELECT transaction_id, change_id FROM cursors WHERE workspace_id = %s AND reader = %s FOR UPDATE SKIP LOCKED
"""

_MOVE = "UPDATE cursors SET transaction_id = %s, change_id = %s WHERE workspace_id = %s AND reader = %s"


def take_cursor(worker: Connection[Any], reader: str) -> Cursor | None:
    """Where a reader goes on; ours until the transaction ends. None: another process is at it."""
    worker.execute(_MAKE, (_OF_ALL, reader))
    row = worker.execute(_TAKE, (_OF_ALL, reader)).fetchone()
    return Cursor(*row) if row else None


def move_cursor(worker: Connection[Any], reader: str, to: Cursor) -> None:
    """A reader has come to here; committed with what it made of it."""
    worker.execute(_MOVE, (to.transaction_id, to.change_id, _OF_ALL, reader))
