"""The price of calls to each source, kept in the store and tuned to the accounts' quotas as calls are made."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from psycopg import Connection

from everyleg.planner.policy.price import Price, counted, first_price, tuned
from everyleg.ports.manifest.schema import Limits

_LOAD = "SELECT source, price, rate, counted_at, tuned_at FROM prices WHERE workspace_id = %s AND source = ANY(%s)"

_LOCK = """
SELECT price, rate, counted_at, tuned_at FROM prices WHERE workspace_id = %s AND source = %s FOR UPDATE
"""

_KEEP = """
INSERT INTO prices (workspace_id, source, price, rate, counted_at, tuned_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, source) DO UPDATE SET price = excluded.price, rate = excluded.rate,
    counted_at = excluded.counted_at, tuned_at = excluded.tuned_at
"""

_ACCOUNTS = """
SELECT per_minute, per_hour, per_day, daily_budget FROM source_accounts
WHERE workspace_id = %s AND source = %s AND paused_at IS NULL
"""


class Allowances(Protocol):
    """What sources allow one account, by what is declared of them."""

    def limits(self, slug: str) -> Limits:
        """Of one source; all absent where nothing is known."""
        ...


def load_prices(worker: Connection[Any], workspace: int, sources: Collection[str], now: datetime) -> dict[str, Price]:
    """The price of each source's calls; the usual one where none was tuned yet."""
    found = {row[0]: Price(*row[1:]) for row in worker.execute(_LOAD, (workspace, list(sources)))}
    return {source: found.get(source) or first_price(now) for source in sources}


def keep_price(
    worker: Connection[Any], place: tuple[int, str], numbers: int, allowances: Allowances, now: datetime
) -> Price:
    """Count numbers that were asked of a source (`place`: workspace and slug), and tune its price."""
    row = worker.execute(_LOCK, place).fetchone()
    price = counted(Price(*row) if row else first_price(now), numbers, now)
    price = tuned(price, allowed(worker, place, allowances.limits(place[1])), now)
    worker.execute(_KEEP, (*place, price.price, price.rate, price.counted_at, price.tuned_at))
    return price


def allowed(worker: Connection[Any], place: tuple[int, str], limits: Limits) -> float | None:
    """Numbers in a day that a source's accounts may ask together; None where nothing limits one of them.

    A call asks for as many numbers as the source takes at once: batches are filled with whoever is due soonest.
    """
    accounts = worker.execute(_ACCOUNTS, place).fetchall()
    if not accounts:
        return None
    total = 0.0
    for per_minute, per_hour, per_day, budget in accounts:
        windows = (
            _times(per_minute if per_minute is not None else limits.per_minute, 1440),
            _times(per_hour if per_hour is not None else limits.per_hour, 24),
            _times(per_day if per_day is not None else limits.per_day, 1),
            _times(budget, 1),
        )
        known = [calls for calls in windows if calls is not None]
        if not known:
            return None
        total += min(known)
    return total * (limits.batch or 1)


def _times(calls: float | None, windows: int) -> float | None:
    return None if calls is None else calls * windows
