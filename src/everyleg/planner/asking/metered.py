"""The gateway behind an account's quota: nothing leaves that was not reserved."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Outbound, Outgoing
from everyleg.store.quotas import Quotas
from everyleg.store.windows import LATE_S, Quota

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(max_workers=12, thread_name_prefix="asks")
"""Fewer than the store has connections."""

SHORT_S = 2.0
"""Seconds that a call waits for its quota; for longer it is better asked later."""


class OutOfQuotaError(Exception):
    """The account's quota holds no call now; `wait_s` says when it may."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"no call is free for {wait_s:.0f} s")
        self.wait_s = wait_s


async def in_thread(work: Callable[[], T]) -> T:
    """Do what blocks in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


class Metered:
    """An `Outbound` that reserves each call before it lets it go."""

    def __init__(self, outbound: Outbound, quotas: Quotas, quota: Quota, keep: float) -> None:
        """`keep`: share of the quota that is left for whoever asks now."""
        self._outbound, self._quotas, self._quota, self._keep = outbound, quotas, quota, keep

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """As `Outbound`.

        Raises:
            OutOfQuotaError: nothing was sent.
        """
        reserve = partial(self._quotas.reserve, (account.workspace, account.account_id), self._quota, 1, self._keep)
        while True:
            started = time.monotonic()
            verdict = await in_thread(reserve)
            if not verdict.granted:
                if verdict.wait_s > SHORT_S:
                    raise OutOfQuotaError(verdict.wait_s)
                await asyncio.sleep(verdict.wait_s)
            elif time.monotonic() - started < LATE_S / 2:
                return await self._outbound.send(request, account)
