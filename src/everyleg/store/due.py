"""The one mechanism for everything that is due: armed with a time, claimed in batches, done or due again.

A claim moves `due_at` on by a lease: whoever dies with it loses it when the lease ends. Claims skip each other's rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection


class Claim(Struct, frozen=True):
    """Something that is due, ours until `until`."""

    workspace_id: int
    kind: str
    subject_id: int
    attempts: int
    """How often it was claimed since it was armed, this time included."""
    until: datetime


REARM = "ON CONFLICT (workspace_id, kind, subject_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0"
"""The end of an INSERT into `due`: of what is armed already the new time counts."""

_ARM_NOW = f"""
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT %(workspace)s, %(kind)s, unnest(%(subjects)s::bigint[]), now() {REARM}
"""

_ARM = """
INSERT INTO due (workspace_id, kind, subject_id, due_at, worker_group) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, kind, subject_id)
DO UPDATE SET due_at = excluded.due_at, worker_group = excluded.worker_group, attempts = 0
"""

_CLAIM = """
UPDATE due SET due_at = %(until)s, attempts = due.attempts + 1
FROM (SELECT workspace_id, kind, subject_id FROM due
      WHERE worker_group = %(group)s AND kind = %(kind)s AND due_at <= %(now)s
      ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED) AS ripe
WHERE (due.workspace_id, due.kind, due.subject_id) = (ripe.workspace_id, ripe.kind, ripe.subject_id)
RETURNING due.workspace_id, due.kind, due.subject_id, due.attempts, due.due_at
"""

_DONE = "DELETE FROM due WHERE workspace_id = %s AND kind = %s AND subject_id = %s AND due_at = %s"


def arm(connection: Connection[Any], item: tuple[int, str, int], at: datetime, group: int = 0) -> None:
    """Make something due; if it is already armed, the new time counts.

    Args:
        connection: in a transaction that may see the workspace.
        item: workspace, kind, subject.
        at: when.
        group: the worker group that is to claim it.
    """
    connection.execute(_ARM, (*item, at, group))


def arm_now(connection: Connection[Any], workspace: int, kind: str, subjects: Iterable[int]) -> None:
    """Make things of a kind due as soon as this transaction is committed."""
    listed = sorted(subjects)
    if listed:
        connection.execute(_ARM_NOW, {"workspace": workspace, "kind": kind, "subjects": listed})


def is_armed(connection: Connection[Any], item: tuple[int, str, int]) -> bool:
    """Whether something is due at some time."""
    query = "SELECT FROM due WHERE workspace_id = %s AND kind = %s AND subject_id = %s"
    return connection.execute(query, item).fetchone() is not None


def claim(
    connection: Connection[Any], kind: str, now: datetime, lease: timedelta, most: int, group: int = 0
) -> list[Claim]:
    """Up to `most` things of a kind that are due at `now`, the longest due first; of all workspaces for a worker.

    Rows that another worker is claiming at this moment are passed over, never waited for.
    """
    asked = {"until": now + lease, "group": group, "kind": kind, "now": now, "most": most}
    return [Claim(*row) for row in connection.execute(_CLAIM, asked)]


def done(connection: Connection[Any], claims: Sequence[Claim]) -> None:
    """Take claims off the list. One that was armed anew meanwhile stays: its new time counts."""
    with connection.cursor() as cursor:
        cursor.executemany(_DONE, [(one.workspace_id, one.kind, one.subject_id, one.until) for one in claims])
