"""Codes and texts that nobody knows: counted, listed, taught by people, and then read again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.doubts import VALUE, teachings_of
from everyleg.pipeline.heard import Carriers
from everyleg.pipeline.known import Store
from everyleg.pipeline.replay import reread_all
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring


class Unknown(Struct, frozen=True):
    """A code or text of a carrier that its manifest does not know."""

    carrier: str
    kind: str
    """`code` or `text`."""
    value: str
    times: int
    first_seen: datetime
    last_seen: datetime
    observation_id: int | None
    """The last answer that had it."""
    sub_status: str | None
    """What a person said that it means."""
    taught_by: int | None
    taught_at: datetime | None


_LIST = """
SELECT carrier, kind, value, times, first_seen, last_seen, observation_id, sub_status, taught_by, taught_at
FROM unknowns
WHERE workspace_id = %(workspace)s AND (%(taught)s::boolean IS NULL OR (sub_status IS NOT NULL) = %(taught)s)
    AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s)
ORDER BY times DESC, carrier, kind, value_hash LIMIT %(most)s
"""

_TEACH = """
INSERT INTO unknowns (workspace_id, carrier, kind, value_hash, value, times, sub_status, taught_by, taught_at)
VALUES (%(workspace)s, %(carrier)s, %(kind)s, %(hash)s, %(value)s, 0, %(sub_status)s, %(author)s, %(now)s)
ON CONFLICT (workspace_id, carrier, kind, value_hash) DO UPDATE SET sub_status = excluded.sub_status,
    taught_by = excluded.taught_by, taught_at = excluded.taught_at
"""

_FORGET = """
UPDATE unknowns SET sub_status = NULL, taught_by = NULL, taught_at = NULL
WHERE workspace_id = %s AND carrier = %s AND kind = %s AND value_hash = %s
"""

_WITH_CODE = """
SELECT DISTINCT s.number_id FROM statements s
JOIN numbers n ON n.workspace_id = s.workspace_id AND n.number_id = s.number_id
WHERE s.workspace_id = %(workspace)s AND n.carrier = %(carrier)s AND s.code = %(value)s ORDER BY 1
"""

# texts lie sealed, so they are not looked for: statements without a code, of the meaning that the text has now
_WITHOUT_CODE = """
SELECT DISTINCT s.number_id FROM statements s
JOIN numbers n ON n.workspace_id = s.workspace_id AND n.number_id = s.number_id
WHERE s.workspace_id = %(workspace)s AND n.carrier = %(carrier)s AND s.code IS NULL
    AND s.sub_status = %(means)s ORDER BY 1
"""


def listed(
    connection: Connection[Any],
    keys: Keyring,
    workspace: int,
    *,
    taught: bool | None = None,
    carrier: str | None = None,
    most: int = 200,
) -> list[Unknown]:
    """What nobody knows, the most frequent first.

    Args:
        connection: of the app or a worker.
        keys: open the values.
        workspace: whose.
        taught: only those that somebody has taught, or has not; None: all.
        carrier: only one carrier's.
        most: how many at most.
    """
    about = Store(connection, keys, workspace).about(VALUE)
    rows = connection.execute(_LIST, {"workspace": workspace, "taught": taught, "carrier": carrier, "most": most})
    return [Unknown(row[0], row[1], keys.open(row[2], about).decode(), *row[3:]) for row in rows]


class Word(Struct, frozen=True):
    """A code or a text of a carrier, in a workspace."""

    workspace: int
    carrier: str
    kind: str
    value: str


def teach(
    database: Database, carriers: Carriers, word: Word, sub_status: str, author: int | None, now: datetime
) -> int:
    """Say what a code or text means for a workspace, and read the numbers again that it was told of.

    Statements keep their keys. Gives how many numbers were read again.

    Raises:
        ValueError: the vocabulary has no such sub-status, or the kind is neither `code` nor `text`.
    """
    if sub_status not in STATUSES:
        raise ValueError(f"no such sub-status: {sub_status}")
    if word.kind not in ("code", "text"):
        raise ValueError(f"no such kind: {word.kind}")
    with database.transaction(word.workspace, "worker") as connection:
        store = Store(connection, database.keys, word.workspace)
        before = teachings_of(store).get((word.carrier, word.kind, word.value))
        given = _asked(store, word) | {"sub_status": sub_status, "author": author, "now": now}
        connection.execute(_TEACH, given | {"value": store.keys.seal(word.value.encode(), store.about(VALUE))})
    return _read_again(database, carriers, word, before or "other")


def forget(database: Database, carriers: Carriers, word: Word) -> int:
    """Undo a teaching, and read the numbers again. Gives how many."""
    with database.transaction(word.workspace, "worker") as connection:
        store = Store(connection, database.keys, word.workspace)
        before = teachings_of(store).get((word.carrier, word.kind, word.value))
        digest = store.keys.digest(word.value)
        connection.execute(_FORGET, (word.workspace, word.carrier, word.kind, digest))
    return 0 if before is None else _read_again(database, carriers, word, before)


def _asked(store: Store, word: Word) -> dict[str, Any]:
    return {
        "workspace": word.workspace,
        "carrier": word.carrier,
        "kind": word.kind,
        "hash": store.keys.digest(word.value),
    }


def _read_again(database: Database, carriers: Carriers, word: Word, means: str) -> int:
    query = _WITH_CODE if word.kind == "code" else _WITHOUT_CODE
    with database.transaction(word.workspace, "worker") as connection:
        asked = {"workspace": word.workspace, "carrier": word.carrier, "value": word.value, "means": means}
        numbers: Sequence[int] = [number for (number,) in connection.execute(query, asked)]
    reread_all(database, carriers, word.workspace, numbers)
    return len(numbers)
