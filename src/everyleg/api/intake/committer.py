"""Group commit: bodies that come within a few milliseconds share one commit, and are answered together.

Where the store does not take them in time they go to the spool, on the disk all the same; so nobody is refused and
nobody waits for a dead database.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from msgspec import Struct

from everyleg.api.intake.spool import Keep, Spool
from everyleg.pipeline.intake import Received

WAIT_S = 0.005
"""How long the first body of a group waits for others."""
ENOUGH = 64
"""Bodies for which nobody waits longer."""
MOST = 256
"""Bodies of one commit, when they came faster than commits go."""
MOST_BYTES = 8_000_000
AT_ONCE = 2
"""Commits under way at the same time: while one waits for the disk the next is packed and sealed."""
PATIENCE_S = 2.0
"""How long the store may take; then the spool keeps the bodies, and what the store still does has no effect twice."""

_log = structlog.get_logger(__name__)


class Counts(Struct):
    """What became of bodies so far."""

    stored: int = 0
    spooled: int = 0
    refused: int = 0
    """Neither store nor spool took them; their senders were told so."""
    commits: int = 0


class Committer:
    """Keeps bodies durably, many at a time. Belongs to one event loop."""

    def __init__(self, keep: Keep, spool: Spool) -> None:
        """`keep` takes bodies into the store, or raises."""
        self._keep, self._spool = keep, spool
        self._pending: list[tuple[Received, asyncio.Future[bool]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._busy = 0
        self._stuck = 0
        self._pool = ThreadPoolExecutor(max_workers=2 * AT_ONCE + 1, thread_name_prefix="keeps webhooks")
        self._tasks: set[asyncio.Task[None]] = set()
        self.down = False
        """Whether bodies go to the spool without asking the store; whoever empties the spool says when that is over."""
        self.counts = Counts()

    def put(self, item: Received) -> "asyncio.Future[bool]":
        """Whether a body was kept, once that is known."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[bool] = loop.create_future()
        self._pending.append((item, kept))
        if len(self._pending) >= ENOUGH:
            self._go()
        elif self._timer is None:
            self._timer = loop.call_later(WAIT_S, self._go)
        return kept

    def close(self) -> None:
        """Begin nothing more; whoever was to be answered has been, as the server waits for its requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._pending and self._busy < AT_ONCE:
            count = _fitting(self._pending)
            group, self._pending = self._pending[:count], self._pending[count:]
            self._busy += 1
            task = asyncio.get_running_loop().create_task(self._commit(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _commit(self, group: Sequence[tuple[Received, "asyncio.Future[bool]"]]) -> None:
        kept = await self._keep_somewhere([item for item, _ in group])
        for _, future in group:
            if not future.done():
                future.set_result(kept)
        self._busy -= 1
        self._go()

    async def _keep_somewhere(self, items: Sequence[Received]) -> bool:
        self.counts.commits += 1
        if not self.down and self._stuck < AT_ONCE and await self._store(items):
            self.counts.stored += len(items)
            return True
        self.down = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._spool.append, items)
        except Exception as error:
            self.counts.refused += len(items)
            _log.warning("webhooks_refused", bodies=len(items), error=type(error).__name__)
            return False
        self.counts.spooled += len(items)
        return True

    async def _store(self, items: Sequence[Received]) -> bool:
        """Whether the store took bodies in time. A thread that it holds fast is left to it, and counted."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._keep, items)
        self._stuck += 1
        work.add_done_callback(self._unstuck)
        try:
            await asyncio.wait_for(asyncio.shield(work), PATIENCE_S)
        except Exception as error:
            _log.warning("store_does_not_take_webhooks", bodies=len(items), error=type(error).__name__)
            return False
        return True

    def _unstuck(self, work: "asyncio.Future[None]") -> None:
        self._stuck -= 1
        if not work.cancelled():
            work.exception()  # looked at, whether anybody still waits for it or not


def _fitting(pending: Sequence[tuple[Received, object]]) -> int:
    """How many of the bodies that wait go into one commit."""
    size = 0
    for count, (item, _) in enumerate(pending[:MOST]):
        size += len(item.body)
        if size > MOST_BYTES and count:
            return count
    return min(len(pending), MOST)
