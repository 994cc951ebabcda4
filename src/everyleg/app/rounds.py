"""What workers and planners do, round by round, and the loop around it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import psycopg
import structlog

from everyleg.accounts.privacy.retaining import run_due
from everyleg.accounts.tidying import tidy
from everyleg.app.demo import Demo
from everyleg.app.inbox import Inbox
from everyleg.app.measures import BATCHES, BODIES, FILLED, TROUBLE
from everyleg.pipeline.erasing import REMAINS
from everyleg.pipeline.work import drain, refold_due
from everyleg.planner.routing.looks import compare_all
from everyleg.ports.registry import Registry
from everyleg.store.db import Database
from everyleg.store.errors import StoreError
from everyleg.store.journal.bundles import forget

PAUSE_S, AWAY_S, LONGEST_PAUSE_S = 0.5, 2.0, 30.0
"""How long one rests when there is nothing to do, at most while the store is away, and at most after other trouble."""
ROUND_S = 2.0
"""How long a round takes bodies in before it looks at what else there is to do."""
TICK, TIDY = timedelta(seconds=20), timedelta(hours=1)
"""How often the demo goes on; how often old rows are removed."""
BUNDLES_KEPT = timedelta(days=30)
"""How long it is known which bundles of the log came in."""
_NEVER = datetime.min.replace(tzinfo=UTC)

Ended = Callable[[float], bool]
"""Waits so many seconds at most; whether the process is to end."""

_log = structlog.get_logger(__name__)


class Rounds(Protocol):
    """Work that is done again and again."""

    def round(self, now: datetime) -> bool:
        """Do once what there is to do; whether there is more to do at once."""
        ...


class _Enough(Exception):  # noqa: N818 - no error
    """A batch is committed, and the round is to end here."""


class Working:
    """What a worker does: bring the journal's log to its table, take in what came, remove what has had its time."""

    def __init__(
        self,
        database: Database,
        carriers: Registry,
        ended: Ended,
        demo: Demo | None = None,
        inbox: Inbox | None = None,
    ) -> None:
        """`demo`: what also goes on; `inbox`: folders that files are put into."""
        self._inbox = inbox
        self._database, self._carriers, self._ended, self._demo = database, carriers, ended, demo
        self._ticked = self._tidied = _NEVER

    def round(self, now: datetime) -> bool:
        """One round; it ends early, after a batch, when the process is to end."""
        FILLED.inc(self._database.journal.fill())
        more = self._drain()
        if self._inbox is not None:
            more = self._inbox.round(now) > 0 or more
        if abs(now - self._tidied) >= TIDY:  # also when the clock jumped back
            self._tidied = now
            self._tidy(now)
        if self._demo and abs(now - self._ticked) >= TICK:
            self._ticked = now
            more = self._demo.tick(now) > 0 or more
        return more

    def _drain(self) -> bool:
        """Take in what there is, for a while; whether there is more."""
        began = last = time.monotonic()

        def measured(bodies: int) -> None:
            nonlocal last
            here = time.monotonic()
            BATCHES.observe(here - last)
            BODIES.inc(bodies)
            last = here
            if here - began >= ROUND_S or self._ended(0):
                raise _Enough

        try:
            drain(self._database, self._carriers, measured)
        except _Enough:
            refold_due(self._database)  # whatever comes in, what is due gets its turn
            return True
        return False

    def _tidy(self, now: datetime) -> None:
        tidy(self._database, now)
        run_due(self._database, now, REMAINS)
        with self._database.transaction(None, "worker") as worker:
            forget(worker, now - BUNDLES_KEPT)
        with self._database.transaction(None, "worker") as worker:
            compare_all(worker, list(self._carriers.upstream_folders), now)


def clock() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def work(
    rounds: Rounds, ended: Ended, after: Callable[[], None] = lambda: None, now: Callable[[], datetime] = clock
) -> None:
    """Do rounds until `ended` says so; `after` is called after each. Trouble is logged and waited out."""
    pause = 0.0
    while not ended(pause):
        try:
            pause = 0.0 if rounds.round(now()) else PAUSE_S
        except (psycopg.OperationalError, StoreError) as error:  # the pool's time-out is one too
            pause = min(AWAY_S, _longer(pause))
            TROUBLE.labels("store").inc()
            _log.warning("waits_for_the_store", error=type(error).__name__, again_in_s=pause)
        except Exception:
            pause = _longer(pause)
            TROUBLE.labels("defect").inc()
            _log.exception("stumbled", again_in_s=pause)
        after()


def _longer(pause: float) -> float:
    return min(LONGEST_PAUSE_S, max(PAUSE_S, 2 * pause))
