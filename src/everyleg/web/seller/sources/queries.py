"""What the checks of the last day gave, by carrier and by aggregator."""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from everyleg.ports.access import AGGREGATORS
from everyleg.store.patience import rows_within

_DAY = timedelta(days=1)
PATIENCE_MS = 1_500
"""What a figure of the page may take, in milliseconds."""

_OUTCOMES = """
SELECT CASE WHEN c.source = ANY(%(aggregators)s) THEN c.source ELSE n.carrier END, c.outcome, count(*)
FROM checks c JOIN numbers n ON n.workspace_id = c.workspace_id AND n.number_id = c.number_id
WHERE c.workspace_id = %(workspace)s AND c.checked_at >= %(since)s GROUP BY 1, 2
"""


def outcomes(connection: Connection[Any], workspace: int, now: datetime) -> dict[str, dict[str, int]]:
    """Source → outcome → numbers whose latest check by it gave that within a day; none if counting is too slow."""
    asked = {"workspace": workspace, "since": now - _DAY, "aggregators": list(AGGREGATORS)}
    found: dict[str, dict[str, int]] = {}
    for source, outcome, count in rows_within(connection, _OUTCOMES, asked, PATIENCE_MS) or ():
        found.setdefault(source, {})[outcome] = count
    return found
