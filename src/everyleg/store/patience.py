"""Figures for people: rather none than late."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.errors import QueryCanceled

_WAS = "SELECT current_setting('statement_timeout')"
_LIMIT = "SELECT set_config('statement_timeout', %s, true)"


def rows_within(
    connection: Connection[Any], query: str, values: Mapping[str, Any], most_ms: int | None
) -> list[tuple[Any, ...]] | None:
    """The rows of a query; None when it takes longer than `most_ms` (None: as long as it takes).

    Nothing else of the transaction is lost. The plan is made for these values: what counts may differ by thousands.
    """
    if most_ms is None:
        return connection.execute(query, values, prepare=False).fetchall()
    try:
        with connection.transaction():
            was = connection.execute(_WAS).fetchone()
            connection.execute(_LIMIT, (str(most_ms),))
            rows = connection.execute(query, values, prepare=False).fetchall()
            connection.execute(_LIMIT, was)
    except QueryCanceled:
        return None
    return rows
