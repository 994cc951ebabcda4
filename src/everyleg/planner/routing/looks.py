"""Second looks: what two sources told of the same number, held against each other, to catch a reader that drifts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from psycopg import Connection

from everyleg.core.vocabulary import STATUSES

_log = structlog.get_logger(__name__)

SETTLES = timedelta(hours=12)
"""Younger facts are not held against anybody: sources tell at different times."""
TELLING = frozenset(
    {
        *("picked_up", "out_for_delivery", "available_for_pickup", "delivery_failed", "delivered", "returning"),
        *("returned", "exception"),
    }
)
"""Milestones in which two sources have to agree; how finely each tells of the way between is its own affair."""

# numbers that two sources answered for since they were last compared
_PAIRS = """
SELECT a.number_id, a.source, b.source, least(a.answered_at, b.answered_at)
FROM checks b JOIN checks a ON a.workspace_id = b.workspace_id AND a.number_id = b.number_id AND a.source = ANY(%(own)s)
LEFT JOIN second_looks l ON l.workspace_id = a.workspace_id AND l.number_id = a.number_id
    AND l.source = a.source AND l.second = b.source
WHERE b.workspace_id = %(workspace)s AND b.source = ANY(%(seconds)s) AND a.source <> b.source
    AND a.answered_at IS NOT NULL AND b.answered_at IS NOT NULL
    AND (l.compared_at IS NULL OR l.compared_at < least(a.answered_at, b.answered_at))
ORDER BY 4 LIMIT %(most)s
"""

_TOLD = """
SELECT number_id, source, sub_status FROM statements
WHERE workspace_id = %s AND number_id = ANY(%s) AND NOT withdrawn AND occurred_at < %s
"""

_KEEP = """
INSERT INTO second_looks (workspace_id, number_id, source, second, compared_at, differs, missing, extra)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, number_id, source, second) DO UPDATE SET compared_at = excluded.compared_at,
    differs = excluded.differs, missing = excluded.missing, extra = excluded.extra
"""

_LISTED = """
SELECT l.number_id, n.carrier, n.tracking_number, l.source, l.second, l.compared_at, l.missing, l.extra
FROM second_looks l JOIN numbers n USING (workspace_id, number_id)
WHERE l.workspace_id = %s AND l.differs ORDER BY l.compared_at DESC LIMIT %s
"""

_COUNTED = """
SELECT n.carrier, l.source, l.second, count(*), count(*) FILTER (WHERE l.differs)
FROM second_looks l JOIN numbers n USING (workspace_id, number_id)
WHERE l.workspace_id = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


class Difference(Struct, frozen=True):
    """A number of which two sources tell different things."""

    number_id: int
    carrier: str
    tracking_number: str
    source: str
    second: str
    compared_at: datetime
    missing: list[str]
    """Milestones that only the second tells."""
    extra: list[str]
    """Milestones that only the first tells."""


class Agreement(Struct, frozen=True):
    """How often two sources agree on a carrier's parcels."""

    carrier: str
    source: str
    second: str
    looks: int
    differences: int


def compare(
    worker: Connection[Any], workspace: int, seconds: Sequence[str], now: datetime, most: int = 500
) -> list[int]:
    """Hold against each other what a carrier's own interface and a second source told, where either answered since;
    gives the numbers in which they differ.
    """
    asked = {"workspace": workspace, "own": ["carrier_api", "webhook"], "seconds": list(seconds), "most": most}
    pairs = worker.execute(_PAIRS, asked).fetchall()
    told: dict[tuple[int, str], set[str]] = {}
    numbers = list({number for number, *_ in pairs})
    for number, source, status in worker.execute(_TOLD, (workspace, numbers, now - SETTLES)):
        told.setdefault((number, source), set()).add(STATUSES[status].milestone if status in STATUSES else "other")
    differing = []
    for number, source, second, at in pairs:
        one, other = (told.get((number, said), set()) & TELLING for said in (source, second))
        missing, extra = sorted(other - one), sorted(one - other)
        worker.execute(_KEEP, (workspace, number, source, second, at, bool(missing or extra), missing, extra))
        if missing or extra:
            differing.append(number)
    return differing


def compare_all(worker: Connection[Any], seconds: Sequence[str], now: datetime) -> int:
    """Compare in every workspace that has an account with a second source; gives in how many numbers they differ."""
    query = "SELECT DISTINCT workspace_id FROM source_accounts WHERE source = ANY(%s)"
    workspaces = [row[0] for row in worker.execute(query, (list(seconds),)).fetchall()]
    differing = sum(len(compare(worker, workspace, seconds, now)) for workspace in workspaces)
    if differing:
        _log.warning("sources_differ", numbers=differing)
    return differing


def differences(connection: Connection[Any], workspace: int, most: int = 100) -> list[Difference]:
    """The numbers in which sources differ, newest first."""
    return [Difference(*row) for row in connection.execute(_LISTED, (workspace, most))]


def agreements(connection: Connection[Any], workspace: int) -> list[Agreement]:
    """How often sources agree, by carrier."""
    return [Agreement(*row) for row in connection.execute(_COUNTED, (workspace,))]
