"""The gateway behind an account's quota: nothing leaves that was not reserved."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, NotNowError, Outbound, Outgoing
from everyleg.store.quotas import Allowance, Quotas
from everyleg.store.windows import LATE_S, Verdict

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(max_workers=12, thread_name_prefix="asks")
"""Fewer than the store has connections."""

SHORT_S = 2.0
"""Seconds that a call waits for its quota; for longer it is better asked later."""

_LOST = 3
"""Reservations that may come to nothing, one after the other, because the store is slow."""
_SLOW_S = 10.0
"""Then it is left alone for so long."""


class OutOfQuotaError(NotNowError):
    """The account's quota holds no call now; `wait_s` says when it may."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"no call is free for {wait_s:.0f} s")
        self.wait_s = wait_s


async def in_thread(work: Callable[[], T]) -> T:
    """Do what blocks in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


class Metered:
    """An `Outbound` that reserves each call before it lets it go: logins, second tries, and what redirects ask, too."""

    def __init__(self, outbound: Outbound, quotas: Quotas, allowance: Allowance, keep: float) -> None:
        """`keep`: share of the quota that is left for whoever asks now."""
        self._outbound, self._quotas, self._allowance, self._keep = outbound, quotas, allowance, keep
        self.wait_s = 0.0
        """Seconds until the next call may be free, once there was none; 0 as long as there was."""

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """As `Outbound`.

        Raises:
            OutOfQuotaError: nothing was sent.
        """
        place = (account.workspace, account.account_id)
        permit = _Permit(partial(self._quotas.reserve, place, self._allowance, 1, self._keep))
        try:
            await permit.take()
            return await self._outbound.send(replace(request, leave=permit.leave), account)
        except OutOfQuotaError as error:
            self.wait_s = error.wait_s
            raise


class _Permit:
    """A reserved call, made use of when the connection is there: one that is slow to come would arrive too late."""

    def __init__(self, reserve: Callable[[], Verdict]) -> None:
        self._reserve = reserve
        self._at: float | None = None
        """When it was reserved; None: there is none."""

    async def take(self) -> None:
        """Reserve a call.

        Raises:
            OutOfQuotaError: there is none for longer than one waits.
        """
        while True:
            verdict = await in_thread(self._reserve)
            if verdict.granted:
                self._at = verdict.at
                return
            if verdict.wait_s > SHORT_S:
                raise OutOfQuotaError(verdict.wait_s)
            await asyncio.sleep(verdict.wait_s)

    async def leave(self) -> None:
        """Use the reserved call, or another where it is used or too old.

        Raises:
            OutOfQuotaError: there is none, or the store is so slow that none is in time.
        """
        for _ in range(_LOST):
            if self._at is None:
                await self.take()
            at, self._at = self._at, None
            if at is not None and time.monotonic() - at < LATE_S / 2:
                return
        raise OutOfQuotaError(_SLOW_S)
