"""Who pays for what at an aggregator: a number is reserved before it is registered, and never paid for twice."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from everyleg.ports.asking import Account, Ask

BEYOND = "the budget of this account for the month is used up; raise it, or wait for the next month"
"""Why a number is not asked for that a month's budget does not pay."""


class Ledger(Protocol):
    """The book of registrations. Every step is durable when it returns."""

    async def reserve(self, account: Account, asks: Sequence[Ask]) -> "Reserved":
        """Say which numbers have to be registered: those that nobody registered, as many as the month's budget pays."""
        ...

    async def settle(self, account: Account, outcome: "Outcome") -> None:
        """Say what became of reserved numbers. What is named nowhere may have been registered (nobody answered): it
        stays reserved, and is registered again without being paid again.
        """
        ...

    async def stopped(self, account: Account, asks: Sequence[Ask]) -> None:
        """Say that numbers are followed no longer; registering them again would cost again."""
        ...

    async def called(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        """Pay for questions that cost each time; gives those that the month's budget still pays."""
        ...


class Reserved(Struct, frozen=True):
    """What a reservation gave."""

    register: Sequence[Ask] = ()
    """To be registered now."""
    beyond: Sequence[Ask] = ()
    """The budget of the month does not pay for them."""


class Outcome(Struct, frozen=True):
    """What became of reserved numbers."""

    paid: Sequence[Ask] = ()
    """Registered now."""
    free: Sequence[Ask] = ()
    """Registered before, by us or another of the account's systems: nothing was paid."""
    refused: Sequence[Ask] = ()
    """Not registered, and not paid for."""
