"""The journal as a table: what is appended is in `inbox`, by one commit for all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from everyleg.store.journal.entries import Entry, Lag, Transactions

_KEEP = """
INSERT INTO inbox (workspace_id, source, carrier, asked, observed_at, bodies, body, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, coalesce(%s, now()))
"""


def keep(connection: Connection[Any], entries: Sequence[Entry], received_at: datetime | None = None) -> None:
    """Put entries into the table, in the caller's transaction of a worker; `received_at` None: now."""
    rows = [
        (one.workspace, one.source, one.carrier, list(one.asked), one.observed_at, one.bodies, one.body, received_at)
        for one in entries
    ]
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(_KEEP, rows[0])
        else:
            cursor.executemany(_KEEP, rows)


class PostgresJournal:
    """The engine `postgres`."""

    def __init__(self, store: Transactions) -> None:
        """Over a store."""
        self._store = store

    def append(self, entries: Sequence[Entry], patience: float | None = None) -> None:
        """Keep bodies, all or none."""
        with self._store.transaction(None, "worker", patience) as worker:
            keep(worker, entries)

    def fill(self) -> int:
        """All is in the table."""
        return 0

    def check(self) -> None:
        """See that the table answers."""
        with self._store.transaction(None, "worker", 5.0) as worker:
            worker.execute("SELECT FROM inbox LIMIT 1")

    def lag(self) -> Lag:
        """All is in the table."""
        return Lag()

    def close(self) -> None:
        """It has nothing of its own."""
