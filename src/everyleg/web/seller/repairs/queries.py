"""How many answers were put aside; the app's SQL, under row-level security."""

from typing import Any

from psycopg import Connection

CAP = 10_000

_COUNT = """
SELECT count(*) FROM (SELECT FROM observations WHERE workspace_id = %s AND quarantine_kind IS NOT NULL LIMIT %s) AS c
"""


def count_aside(connection: Connection[Any], workspace: int) -> int:
    """How many there are, up to one above the cap."""
    row = connection.execute(_COUNT, (workspace, CAP + 1)).fetchone()
    return row[0] if row else 0
