"""The book of registrations: a number is reserved before it is registered, so that it is never paid for twice.

What is reserved is paid, as far as the budget goes, before anything leaves. Whoever dies in between leaves it reserved;
after a while it is registered again, which an aggregator that knows it does not charge, and neither does the book.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from everyleg.planner.routing.money import alone, left, spend, terms_of
from everyleg.ports.asking import Account, Ask
from everyleg.ports.ledger import Outcome, Reserved
from everyleg.store.db import Database

UNCERTAIN = timedelta(minutes=5)
"""After this a reserved number that nobody settled is registered again."""

_KNOWN = """
SELECT carrier, tracking_number, state, claimed_at FROM registrations
WHERE workspace_id = %s AND source = %s AND account_id = %s AND (carrier, tracking_number) IN (
    SELECT * FROM unnest(%s::text[], %s::text[]))
"""

_CLAIM = """
INSERT INTO registrations (workspace_id, source, account_id, carrier, tracking_number, state, price, claimed_at)
VALUES (%(workspace)s, %(source)s, %(account)s, %(carrier)s, %(number)s, 'claimed', %(price)s, %(now)s)
ON CONFLICT (workspace_id, source, account_id, carrier, tracking_number)
DO UPDATE SET state = 'claimed', price = excluded.price, claimed_at = excluded.claimed_at
"""

_PLACE = """
WHERE workspace_id = %(workspace)s AND source = %(source)s AND account_id = %(account)s
    AND carrier = %(carrier)s AND tracking_number = %(number)s
"""
_AGAIN = f"UPDATE registrations SET claimed_at = %(now)s {_PLACE} AND state = 'claimed'"  # noqa: S608 - our own words
_DONE = f"""
UPDATE registrations SET state = 'registered', registered_at = %(now)s {_PLACE} AND state = 'claimed'
"""  # noqa: S608 - our own words
_REFUSED = f"DELETE FROM registrations {_PLACE}"  # noqa: S608 - our own words
_WAS = f"SELECT price, claimed_at FROM registrations {_PLACE} AND state = 'claimed' FOR UPDATE"  # noqa: S608
_FREE = f"UPDATE registrations SET state = 'registered', registered_at = %(now)s, price = 0 {_PLACE}"  # noqa: S608
_STOPPED = f"UPDATE registrations SET state = 'stopped', stopped_at = %(now)s {_PLACE}"  # noqa: S608


class Book:
    """The `Ledger` in the store."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """`now`: in whose month something is paid."""
        self._database, self._now = database, now

    async def reserve(self, account: Account, asks: Sequence[Ask]) -> Reserved:
        """As `Ledger`."""
        return await asyncio.to_thread(self._reserve, account, asks)

    async def settle(self, account: Account, outcome: Outcome) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._settle, account, outcome)

    async def called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """As `Ledger`."""
        return await asyncio.to_thread(self._called, account, asks)

    async def stopped(self, account: Account, asks: Sequence[Ask]) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._stopped, account, asks)

    def _reserve(self, account: Account, asks: Sequence[Ask]) -> Reserved:
        now, price = self._now(), terms_of(account).price
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            known = _known(worker, account, asks)
            unpaid = [ask for ask in asks if known.get(_place(ask), _STOPPED_ONE)[0] == "stopped"]
            fresh = list({_place(ask): ask for ask in unpaid}.values())
            again = [ask for ask in asks if _uncertain(known.get(_place(ask)), now)]
            room = left(worker, account, now)
            paid, beyond = (fresh, []) if room is None else (fresh[:room], fresh[room:])
            with worker.cursor() as cursor:
                cursor.executemany(_CLAIM, [{**_row(account, ask, now), "price": price} for ask in paid])
                cursor.executemany(_AGAIN, [_row(account, ask, now) for ask in again])
            if paid:
                spend(worker, account, "registration", len(paid), price * len(paid), now)
        return Reserved([*paid, *again], beyond)

    def _settle(self, account: Account, outcome: Outcome) -> None:
        now = self._now()
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            for ask in outcome.paid:
                worker.execute(_DONE, _row(account, ask, now))
            for statement, asks in ((_FREE, outcome.free), (_REFUSED, outcome.refused)):
                for ask in asks:
                    was = worker.execute(_WAS, _row(account, ask, now)).fetchone()
                    if was is not None:
                        worker.execute(statement, _row(account, ask, now))
                        spend(worker, account, "registration", -1, -was[0], was[1])

    def _called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        now, price = self._now(), terms_of(account).price
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            room = left(worker, account, now)
            paid = asks if room is None else asks[:room]
            if paid:
                spend(worker, account, "call", len(paid), price * len(paid), now)
        return paid

    def _stopped(self, account: Account, asks: Sequence[Ask]) -> None:
        now = self._now()
        with self._database.transaction(None, "worker") as worker, worker.cursor() as cursor:
            cursor.executemany(_STOPPED, [_row(account, ask, now) for ask in asks])


_STOPPED_ONE = ("stopped", None)
"""What was never registered is as one that was stopped: it has to be paid for."""


def _known(
    worker: Connection[Any], account: Account, asks: Sequence[Ask]
) -> dict[tuple[str, str], tuple[str, datetime | None]]:
    """State and time of the registrations that there are."""
    carriers, numbers = [ask.carrier for ask in asks], [ask.number for ask in asks]
    rows = worker.execute(_KNOWN, (account.workspace, account.source, account.account_id, carriers, numbers))
    return {(carrier, number): (state, claimed_at) for carrier, number, state, claimed_at in rows}


def _uncertain(known: tuple[str, datetime | None] | None, now: datetime) -> bool:
    return known is not None and known[0] == "claimed" and known[1] is not None and now - known[1] >= UNCERTAIN


def _place(ask: Ask) -> tuple[str, str]:
    return ask.carrier, ask.number


def _row(account: Account, ask: Ask, now: datetime) -> dict[str, Any]:
    return {
        "workspace": account.workspace,
        "source": account.source,
        "account": account.account_id,
        "carrier": ask.carrier,
        "number": ask.number,
        "now": now,
    }
