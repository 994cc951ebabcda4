"""How often something may be tried: a bucket that fills up again, one row in a table that all processes share.

A row holds the moment at which all that was spent will have come back. A try spends `every`; one that would take that
moment further away than the whole bucket is refused and spends nothing, so waiting always helps.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.errors import TooManyTriesError
from everyleg.store.sealing import Keyring

ANYBODY = 0
"""In place of a workspace, before it is known whose door is knocked at."""


class Limit(Struct, frozen=True):
    """`burst` tries at once, then one `every` so long."""

    kind: str
    burst: int
    every: timedelta


_SPEND = """
INSERT INTO attempts AS a (workspace_id, kind, subject_hash, spent_until)
VALUES (%(workspace)s, %(kind)s, %(subject)s, %(now)s + %(every)s)
ON CONFLICT (workspace_id, kind, subject_hash)
DO UPDATE SET spent_until = greatest(a.spent_until, %(now)s) + %(every)s
WHERE greatest(a.spent_until, %(now)s) + %(every)s <= %(now)s + %(whole)s
RETURNING 1
"""

_WAIT = "SELECT spent_until FROM attempts WHERE workspace_id = %s AND kind = %s AND subject_hash = %s"

_FORGET = "DELETE FROM attempts WHERE workspace_id = %s AND kind = %s AND subject_hash = %s"


def spend(
    connection: Connection[Any], keys: Keyring, limit: Limit, subject: str, now: datetime, workspace: int = ANYBODY
) -> None:
    """Count a try, before what is tried; commit it whatever comes of that.

    Args:
        connection: a worker's, or the app's within its workspace.
        keys: for the digest that stands for the subject.
        limit: how often.
        subject: whose tries are counted, in clear: an address, a source.
        now: the clock.
        workspace: where it is counted.

    Raises:
        TooManyTriesError: nothing was spent; it says how long to wait.
    """
    subject_hash = keys.digest(f"{limit.kind}:{subject}")
    whole = limit.burst * limit.every
    asked = {"workspace": workspace, "kind": limit.kind, "subject": subject_hash, "now": now}
    if connection.execute(_SPEND, {**asked, "every": limit.every, "whole": whole}).fetchone():
        return
    row = connection.execute(_WAIT, (workspace, limit.kind, subject_hash)).fetchone()
    until = row[0] if row else now
    raise TooManyTriesError(max(1, ceil((until + limit.every - whole - now).total_seconds())))


def forget(connection: Connection[Any], keys: Keyring, limit: Limit, subject: str, workspace: int = ANYBODY) -> None:
    """Count from nothing again: it was who they said."""
    connection.execute(_FORGET, (workspace, limit.kind, keys.digest(f"{limit.kind}:{subject}")))
