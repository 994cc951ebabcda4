"""What accounts were used for and what that cost, month by month, as it was written down."""

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


class Spent(Struct, frozen=True):
    """One account's month."""

    source: str
    account_id: int
    registrations: int
    calls: int
    """Of an aggregator, those that are charged; of a carrier, all: they cost nothing."""
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


def month(connection: Connection[Any], workspace: int, at: datetime) -> Month:
    """What was spent and saved in the month of a moment."""
    first = month_of(at)
    return Month(first, [Spent(*row) for row in connection.execute(_SPENT, (workspace, first))])
