"""Tokens in the store: one for all processes."""

from collections.abc import Mapping
from datetime import datetime

from everyleg.accounts import sources_tokens
from everyleg.planner.asking.metered import in_thread
from everyleg.ports.asking import Account
from everyleg.ports.outbound.tokens import Found, Kept
from everyleg.store.db import Database


class SharedTokens:
    """The `Tokens` of a store."""

    def __init__(self, database: Database) -> None:
        """Over a store, whose keys seal them."""
        self._database = database

    async def find(self, account: Account, login: Mapping[str, str], now: datetime) -> Found:
        """As `Tokens`."""

        def once() -> Found:
            with self._database.transaction(None, "worker") as worker:
                return sources_tokens.find(worker, self._database.keys, _place(account), login, now)

        return await in_thread(once)

    async def keep(self, account: Account, login: Mapping[str, str], fetch: datetime, kept: Kept | None) -> None:
        """As `Tokens`."""

        def once() -> None:
            with self._database.transaction(None, "worker") as worker:
                sources_tokens.keep(worker, self._database.keys, _place(account), login, fetch, kept)

        await in_thread(once)

    async def drop(self, account: Account, text: str) -> None:
        """As `Tokens`."""

        def once() -> None:
            with self._database.transaction(None, "worker") as worker:
                sources_tokens.drop(worker, self._database.keys, _place(account), text)

        await in_thread(once)


def _place(account: Account) -> tuple[int, int]:
    return account.workspace, account.account_id
