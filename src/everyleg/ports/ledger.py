"""Who pays for what at an aggregator: a number is reserved before it is registered, and never paid for twice."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from everyleg.ports.asking import Account, Ask

BEYOND = "the budget of this account for the month is used up; raise it, or wait for the next month"
"""Why a number is not asked for that a month's budget does not pay."""


class Ledger(Protocol):
    """The book of registrations. Every step is durable when it returns."""

    async def reserve(self, account: Account, asks: Sequence[Ask], *, free: bool = False) -> "Reserved":
        """Say which numbers have to be registered: those that nobody registered, as many as the month's budget pays.

        `free`: a registration costs nothing there.
        """
        ...

    async def charge(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """Pay for numbers that were reserved to be followed again (`Reserved.resume`) and have to be registered anew;
        gives those that the month's budget still pays.
        """
        ...

    async def settle(self, account: Account, outcome: "Outcome") -> None:
        """Say what became of reserved numbers. What is named nowhere may have been registered (nobody answered): it
        stays reserved, and is registered again without being paid again.
        """
        ...

    async def stopped(self, account: Account, asks: Sequence[Ask]) -> None:
        """Say that numbers are followed no longer, or may not be; having them followed again may cost again."""
        ...

    async def lost(self, account: Account, asks: Sequence[Ask]) -> None:
        """Say that the aggregator knows nothing of numbers, registered or not: registered ones count as stopped."""
        ...

    async def called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """Pay for questions that cost each time; gives those that the month's budget still pays."""
        ...

    async def refunded(self, account: Account, asks: Sequence[Ask]) -> None:
        """Give back what was paid for questions that did not leave."""
        ...


class Outcome(Struct, frozen=True):
    """What became of reserved numbers."""

    paid: Sequence[Ask] = ()
    """Registered now."""
    free: Sequence[Ask] = ()
    """Registered before, by us or another of the account's systems, or followed again: nothing was paid."""
    refused: Sequence[Ask] = ()
    """Not registered, and not paid for."""


class Reserved(Struct, frozen=True):
    """What a reservation gave."""

    register: Sequence[Ask] = ()
    """To be registered now."""
    beyond: Sequence[Ask] = ()
    """The budget of the month does not pay for them."""
    resume: Sequence[Ask] = ()
    """Registered once and stopped since: to be had followed again, for nothing if possible, else `charge`."""
    doubtful: Sequence[Ask] = ()
    """Among these, what was reserved before and nobody answered: who is registered now may have been by that, and
    paid."""

    def outcome(self, paid: Sequence[Ask] = (), free: Sequence[Ask] = ()) -> Outcome:
        """What became of numbers that are registered now. Of doubtful ones nobody says that they were free."""
        doubtful = {(ask.carrier, ask.number) for ask in self.doubtful}
        sure = [ask for ask in free if (ask.carrier, ask.number) not in doubtful]
        return Outcome([*paid, *(ask for ask in free if ask not in sure)], sure)
