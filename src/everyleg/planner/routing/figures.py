"""What sources cost and what was saved, month by month, for pages and `/metrics`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.planner.routing.money import month_of

_SPENT = """
SELECT source, account_id,
    coalesce(sum(times) FILTER (WHERE what = 'registration'), 0), coalesce(sum(times) FILTER (WHERE what = 'call'), 0),
    coalesce(sum(times) FILTER (WHERE what = 'second'), 0),
    coalesce(sum(money) FILTER (WHERE what IN ('registration', 'call')), 0),
    coalesce(sum(times) FILTER (WHERE what = 'saved'), 0), coalesce(sum(money) FILTER (WHERE what = 'saved'), 0)
FROM spending WHERE workspace_id = %s AND month = %s GROUP BY source, account_id ORDER BY source, account_id
"""

_OWN = """
SELECT count(DISTINCT c.number_id) FROM checks c JOIN numbers n USING (workspace_id, number_id)
WHERE c.workspace_id = %(workspace)s AND c.source = 'carrier_api' AND c.answered_at >= %(from)s
    AND NOT EXISTS (SELECT FROM registrations r WHERE r.workspace_id = c.workspace_id
        AND r.tracking_number = n.tracking_number AND r.carrier = n.carrier)
"""


class Spent(Struct, frozen=True):
    """One account's month."""

    source: str
    account_id: int
    registrations: int
    calls: int
    """Those that are charged."""
    seconds: int
    """Second looks, among the above."""
    money: Decimal
    saved_calls: int
    """Questions that a push made needless."""
    saved_money: Decimal


class Month(Struct, frozen=True):
    """A workspace's month."""

    month: date
    accounts: list[Spent]
    own_numbers: int
    """Numbers that their own carrier told of and no aggregator was paid for: so many registrations were saved."""


def month(connection: Connection[Any], workspace: int, at: datetime) -> Month:
    """What was spent and saved in the month of a moment."""
    first = month_of(at)
    spent = [Spent(*row) for row in connection.execute(_SPENT, (workspace, first))]
    row = connection.execute(_OWN, {"workspace": workspace, "from": first}).fetchone()
    return Month(first, spent, row[0] if row else 0)
