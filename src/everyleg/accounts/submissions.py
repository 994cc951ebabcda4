"""Forms that are sent twice: the second does nothing and is led where the first one led, also when both run at once."""

import hashlib
from typing import Any

from psycopg import Connection

_CLAIM = "INSERT INTO submissions (workspace_id, token_hash) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1"
_ANSWER = "SELECT answer FROM submissions WHERE workspace_id = %s AND token_hash = %s"
_DONE = "UPDATE submissions SET answer = %s WHERE workspace_id = %s AND token_hash = %s"


def once(connection: Connection[Any], workspace: int, token: str) -> str | None:
    """None the first time a form's token is seen: do it, then call `done`, all in this transaction. Else where the
    first one led ("" when it did not say).

    The second waits here until the first is committed; if that one fails, the second takes its place.
    """
    key = (workspace, _hash(token))
    if connection.execute(_CLAIM, key).fetchone():
        return None
    row = connection.execute(_ANSWER, key).fetchone()
    return (row[0] if row else None) or ""


def done(connection: Connection[Any], workspace: int, token: str, answer: str) -> None:
    """Keep where it led (a path, nothing personal)."""
    connection.execute(_DONE, (answer, workspace, _hash(token)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
