"""The worker of the all-in-one server: a process of its own, so that pages are as quick while much comes in."""

import multiprocessing
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Self

import psycopg
import structlog
from msgspec import Struct

from everyleg.accounts.privacy.retaining import run_due
from everyleg.accounts.tidying import tidy
from everyleg.app.demo import Demo, open_demo
from everyleg.app.logs import log_to_stderr
from everyleg.app.plugins import registry, roots
from everyleg.pipeline.erasing import REMAINS
from everyleg.pipeline.work import drain
from everyleg.ports.number_formats import load_formats
from everyleg.ports.registry import Registry
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""How long it rests when there is nothing to do, and after trouble that does not go away."""
TICK, TIDY = timedelta(seconds=20), timedelta(hours=1)
"""How often the demo goes on; how often old rows are removed."""
_SPAWN = multiprocessing.get_context("spawn")
_NEVER = datetime.min.replace(tzinfo=UTC)

_log = structlog.get_logger(__name__)


class Job(Struct, frozen=True):
    """What a worker needs to know."""

    settings: StoreSettings
    demo_parcels: int | None = None
    """About how many parcels the demo began with; None without a demo."""


class Worker:
    """The process; a context manager. One that dies is started again; it ends when whoever started it ends or dies."""

    def __init__(self, job: Job) -> None:
        """Name it; entering starts it."""
        self._job = job
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeps the worker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=20)

    def _keep(self) -> None:
        """Keep one running until told to stop. The pipe says nothing: its end is what the worker waits for."""
        wait = 1.0
        while True:
            ours, theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(target=_run, args=(self._job, theirs), name="worker", daemon=True)
            process.start()
            theirs.close()
            while process.is_alive() and not self._stop.wait(0.2):
                pass
            ours.close()
            if self._stop.is_set():
                process.join(timeout=15)
                if process.is_alive():
                    process.kill()
                return
            _log.warning("worker_died", exit_code=process.exitcode, again_in_s=wait)
            self._stop.wait(wait)
            wait = min(LONGEST_PAUSE_S, 2 * wait)


def _run(job: Job, parent: Connection) -> None:
    # Ctrl-C in a terminal reaches all processes of it: the one that was started says when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    log_to_stderr()
    with connect(job.settings) as database:
        carriers = registry()
        demo = None
        if job.demo_parcels is not None:
            demo = open_demo(database, carriers, load_formats(roots()), _now(), job.demo_parcels)
            demo.load()
        work(Rounds(database, carriers, demo), parent.poll)


def _now() -> datetime:
    return datetime.now(UTC)


class Rounds:
    """What a worker does, round by round."""

    def __init__(self, database: Database, carriers: Registry, demo: Demo | None = None) -> None:
        """`demo`: what also goes on."""
        self._database, self._carriers, self._demo = database, carriers, demo
        self._ticked = self._tidied = _NEVER

    def round(self, now: datetime) -> None:
        """Do once what there is to do: take in what came, remove what has had its time, let the demo go on."""
        drain(self._database, self._carriers)
        if now - self._tidied >= TIDY:
            self._tidied = now
            tidy(self._database, now)
            run_due(self._database, now, REMAINS)
        if self._demo and now - self._ticked >= TICK:
            self._ticked = now
            if self._demo.tick(now):
                drain(self._database, self._carriers)


def work(rounds: Rounds, ended: Callable[[float], bool], now: Callable[[], datetime] = _now) -> None:
    """Work until `ended(seconds)`, which waits so long at most, says so. Trouble is logged and waited out."""
    pause = 0.0
    while not ended(pause):
        try:
            rounds.round(now())
            pause = PAUSE_S
        except psycopg.OperationalError as error:  # the pool's time-out is one too
            pause = min(LONGEST_PAUSE_S, max(PAUSE_S, 2 * pause))
            _log.warning("worker_waits_for_the_database", error=type(error).__name__, again_in_s=pause)
        except Exception:
            pause = min(LONGEST_PAUSE_S, max(PAUSE_S, 2 * pause))
            _log.exception("worker_stumbled", again_in_s=pause)
