"""What an account with an aggregator costs, and what of a month's budget is left."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec import Struct
from psycopg import Connection

from everyleg.ports.asking import Account

PRICE, CAP = "price", "monthly_cap"
"""Settings of an account with an aggregator: what a number (or a call, where calls are charged) costs, and what may be
spent in a month, in whatever money. Without a price each costs 1, so that the cap counts them; without a cap there is
none.
"""

What = Literal["call", "registration", "second", "saved"]
"""A call that is charged; a registration; a call to look a second time; a call that was not needed, with its price."""

_SPEND = """
INSERT INTO spending (workspace_id, month, source, account_id, what, times, money)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, month, source, account_id, what)
DO UPDATE SET times = spending.times + excluded.times, money = spending.money + excluded.money
"""

_SPENT = """
SELECT coalesce(sum(money), 0) FROM spending
WHERE workspace_id = %s AND month = %s AND source = %s AND account_id = %s AND what IN ('call', 'registration')
"""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('spending/' || %s || '/' || %s, 0))"


class Terms(Struct, frozen=True):
    """What an account costs."""

    price: Decimal = Decimal(1)
    cap: Decimal | None = None


def terms_of(account: Account) -> Terms:
    """The terms that an account's settings say; a word that is no number counts as not said, but a broken cap as zero:
    nothing is spent by mistake.
    """
    price, cap = _number(account.settings.get(PRICE)), account.settings.get(CAP)
    limit = None if not cap else (_number(cap) or Decimal(0))
    return Terms(Decimal(1) if price is None else price, limit)


def _number(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and value >= 0 else None


def month_of(at: datetime) -> date:
    """The first day of the month in which something is paid, by UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def alone(worker: Connection[Any], account: Account) -> None:
    """Be the only one to spend an account's money until the transaction ends: so a cap holds whoever asks."""
    worker.execute(_LOCK, (account.workspace, account.account_id))


def spend(worker: Connection[Any], account: Account, what: What, times: int, money: Decimal, at: datetime) -> None:
    """Write down what was spent, or given back where it is less than nothing."""
    place = (account.workspace, month_of(at), account.source, account.account_id)
    worker.execute(_SPEND, (*place, what, times, money))


def left(worker: Connection[Any], account: Account, at: datetime) -> int | None:
    """For how many more the budget of the month pays; None: for any number."""
    terms = terms_of(account)
    if terms.cap is None or not terms.price:
        return None
    row = worker.execute(_SPENT, (account.workspace, month_of(at), account.source, account.account_id)).fetchone()
    spent = row[0] if row else Decimal(0)
    return max(0, int((terms.cap - spent) / terms.price))
