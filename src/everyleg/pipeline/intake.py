"""What comes in: kept durably before anybody is told that it came; read later (`work`)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from everyleg.store.db import Database
from everyleg.store.sealing import about_column

INBOX_BODY = "inbox.body"


class Received(Struct, frozen=True):
    """A body as it came, whatever its bytes, with what its bearer knows of it."""

    workspace: int
    source: str
    """Where we learnt it: `carrier_api`, `webhook`, `file` …; a carrier's sources may disagree."""
    carrier: str | None
    """Slug; None when nobody knows whose answer it is."""
    body: bytes
    asked: tuple[str, ...]
    """The numbers that were asked for; empty when nobody asked."""
    observed_at: datetime
    """When it was received; aware."""


FILE = "file"
"""The source of answers out of files. Their times are those of the files, which a copy changes: so they tell, in any
order, and take nothing back.
"""

_KEEP = """
INSERT INTO inbox (workspace_id, source, carrier, asked, observed_at, body) VALUES (%s, %s, %s, %s, %s, %s)
"""


def receive(database: Database, items: Sequence[Received]) -> None:
    """Keep bodies in the journal, one commit for all: durable when it returns, none of them when it raises.

    Raises:
        psycopg.Error: the database did not take them; nobody may acknowledge them.
    """
    seal = database.keys.seal
    rows = [
        (
            item.workspace,
            item.source,
            item.carrier,
            list(item.asked),
            item.observed_at,
            seal(item.body, about_column(item.workspace, INBOX_BODY)),
        )
        for item in items
    ]
    with database.transaction(None, "worker") as worker, worker.cursor() as cursor:
        cursor.executemany(_KEEP, rows)
