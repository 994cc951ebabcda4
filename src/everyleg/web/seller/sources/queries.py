"""What the checks of the last day gave, by carrier and by aggregator."""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.errors import QueryCanceled

from everyleg.ports.access import AGGREGATORS

_DAY = timedelta(days=1)
_MS = 1_500

_OUTCOMES = """
SELECT CASE WHEN c.source = ANY(%(aggregators)s) THEN c.source ELSE n.carrier END, c.outcome, count(*)
FROM checks c JOIN numbers n ON n.workspace_id = c.workspace_id AND n.number_id = c.number_id
WHERE c.workspace_id = %(workspace)s AND c.checked_at >= %(since)s GROUP BY 1, 2
"""


def outcomes(connection: Connection[Any], workspace: int, now: datetime) -> dict[str, dict[str, int]] | None:
    """Source → outcome → numbers whose latest check by it gave that within a day; None when counting takes too long."""
    asked = {"workspace": workspace, "since": now - _DAY, "aggregators": list(AGGREGATORS)}
    found: dict[str, dict[str, int]] = {}
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('statement_timeout', %s, true)", (str(_MS),))
            for source, outcome, count in connection.execute(_OUTCOMES, asked):
                found.setdefault(source, {})[outcome] = count
    except QueryCanceled:
        return None
    return found
