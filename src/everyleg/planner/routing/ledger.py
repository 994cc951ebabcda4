"""The book of registrations: a number is reserved before it is registered, so that it is never paid for twice.

What is reserved is paid, as far as the budget goes, before anything leaves. Whoever dies in between leaves it reserved;
after a while it is registered again, which an aggregator that knows it does not charge, and neither does the book.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection

from everyleg.planner.routing.money import alone, left, spend, terms_of
from everyleg.ports.asking import Account, Ask
from everyleg.ports.ledger import Outcome, Reserved
from everyleg.store.db import Database

UNCERTAIN = timedelta(minutes=5)
"""After this a reserved number that nobody settled is registered again."""

_KNOWN = """
SELECT carrier, tracking_number, state, claimed_at, stopped_at IS NOT NULL FROM registrations
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
UPDATE registrations SET state = 'registered', registered_at = %(now)s, stopped_at = NULL {_PLACE} AND state = 'claimed'
"""  # noqa: S608 - our own words
_REFUSED = f"DELETE FROM registrations {_PLACE} AND stopped_at IS NULL"  # noqa: S608 - our own words
_STAYS_STOPPED = f"UPDATE registrations SET state = 'stopped' {_PLACE} AND stopped_at IS NOT NULL"  # noqa: S608
# what is had followed again counts as a registration only where it had to be paid
_WAS = f"""
SELECT price, claimed_at, (stopped_at IS NULL OR price > 0)::integer FROM registrations {_PLACE} AND state = 'claimed'
FOR UPDATE
"""  # noqa: S608 - our own words
_UNPAID = f"SELECT FROM registrations {_PLACE} AND state = 'claimed' AND price = 0"
_PRICED = f"UPDATE registrations SET price = %(price)s {_PLACE}"  # noqa: S608 - our own words
_FREE = f"""
UPDATE registrations SET state = 'registered', registered_at = %(now)s, stopped_at = NULL, price = 0 {_PLACE}
"""  # noqa: S608 - our own words
_STOPPED = f"""
UPDATE registrations SET state = 'stopped', stopped_at = %(now)s {_PLACE} AND state <> 'stopped'
"""  # noqa: S608 - our own words
_LOST = f"{_STOPPED} AND state = 'registered'"


class Book:
    """The `Ledger` in the store."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """`now`: in whose month something is paid."""
        self._database, self._now = database, now

    async def reserve(self, account: Account, asks: Sequence[Ask], *, free: bool = False) -> Reserved:
        """As `Ledger`."""
        return await asyncio.to_thread(self._reserve, account, asks, free)

    async def charge(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """As `Ledger`."""
        return await asyncio.to_thread(self._charge, account, asks)

    async def settle(self, account: Account, outcome: Outcome) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._settle, account, outcome)

    async def called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """As `Ledger`."""
        return await asyncio.to_thread(self._called, account, asks)

    async def refunded(self, account: Account, asks: Sequence[Ask]) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._refunded, account, asks)

    async def stopped(self, account: Account, asks: Sequence[Ask]) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._note, _STOPPED, account, asks)

    async def lost(self, account: Account, asks: Sequence[Ask]) -> None:
        """As `Ledger`."""
        await asyncio.to_thread(self._note, _LOST, account, asks)

    def _reserve(self, account: Account, asks: Sequence[Ask], free: bool) -> Reserved:
        now, price = self._now(), Decimal(0) if free else terms_of(account).price
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            known = _known(worker, account, asks)
            fresh = list({_place(ask): ask for ask in asks if _place(ask) not in known}.values())
            stopped = [ask for ask in asks if _place(ask) in known and known[_place(ask)].state == "stopped"]
            again = [ask for ask in asks if _place(ask) in known and _uncertain(known[_place(ask)], now)]
            room = None if free else left(worker, account, now)
            paid, beyond = (fresh, []) if room is None else (fresh[:room], fresh[room:])
            with worker.cursor() as cursor:
                cursor.executemany(_CLAIM, [{**_row(account, ask, now), "price": price} for ask in paid])
                cursor.executemany(_CLAIM, [{**_row(account, ask, now), "price": 0} for ask in stopped])
                cursor.executemany(_AGAIN, [_row(account, ask, now) for ask in again])
            if paid:
                spend(worker, account, "registration", len(paid), price * len(paid), now)
        resume = stopped + [ask for ask in again if known[_place(ask)].was_stopped]
        anew = paid + [ask for ask in again if not known[_place(ask)].was_stopped]
        return Reserved(anew, beyond, resume, again)

    def _charge(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        now, price = self._now(), terms_of(account).price
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            room = left(worker, account, now)
            unpaid = [ask for ask in asks if worker.execute(_UNPAID, _row(account, ask, now)).fetchone() is not None]
            beyond = {_place(ask) for ask in ([] if room is None else unpaid[room:])}
            paid = [ask for ask in unpaid if _place(ask) not in beyond]
            for ask in paid:
                worker.execute(_PRICED, {**_row(account, ask, now), "price": price})
            if paid:
                spend(worker, account, "registration", len(paid), price * len(paid), now)
        return [ask for ask in asks if _place(ask) not in beyond]

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
                        if statement is _REFUSED:
                            worker.execute(_STAYS_STOPPED, _row(account, ask, now))
                        spend(worker, account, "registration", -was[2], -was[0], was[1])

    def _called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        now, price = self._now(), terms_of(account).price
        with self._database.transaction(None, "worker") as worker:
            alone(worker, account)
            room = left(worker, account, now)
            paid = asks if room is None else asks[:room]
            if paid:
                spend(worker, account, "call", len(paid), price * len(paid), now)
        return paid

    def _refunded(self, account: Account, asks: Sequence[Ask]) -> None:
        with self._database.transaction(None, "worker") as worker:
            spend(worker, account, "call", -len(asks), -terms_of(account).price * len(asks), self._now())

    def _note(self, statement: LiteralString, account: Account, asks: Sequence[Ask]) -> None:
        now = self._now()
        with self._database.transaction(None, "worker") as worker, worker.cursor() as cursor:
            cursor.executemany(statement, [_row(account, ask, now) for ask in asks])


class _Known(NamedTuple):
    """What the book says of a number that was registered."""

    state: str
    claimed_at: datetime
    was_stopped: bool


def _known(worker: Connection[Any], account: Account, asks: Sequence[Ask]) -> dict[tuple[str, str], _Known]:
    """The registrations that there are."""
    carriers, numbers = [ask.carrier for ask in asks], [ask.number for ask in asks]
    rows = worker.execute(_KNOWN, (account.workspace, account.source, account.account_id, carriers, numbers))
    return {(carrier, number): _Known(*said) for carrier, number, *said in rows}


def _uncertain(known: _Known, now: datetime) -> bool:
    return known.state == "claimed" and now - known.claimed_at >= UNCERTAIN


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
