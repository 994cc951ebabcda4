"""The processes that the all-in-one server starts beside itself, so that pages are as quick while much comes in."""

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Literal, Self

import structlog
from msgspec import Struct
from prometheus_client.metrics_core import Metric

from everyleg.app.demo import open_demo
from everyleg.app.figures import Figures
from everyleg.app.inbox import Inbox, inbox_folders
from everyleg.app.logs import log_to_stderr
from everyleg.app.measures import told, written
from everyleg.app.planning import plan
from everyleg.app.plugins import registry, roots
from everyleg.app.pressure import Pressure, Strain
from everyleg.app.rounds import Ended, Working, clock, work
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

_SPAWN = multiprocessing.get_context("spawn")
_TELL_EVERY_S = 2.0
"""How often a process says what it measured."""

_log = structlog.get_logger(__name__)

Role = Literal["worker", "planner"]


class Job(Struct, frozen=True):
    """What such a process needs to know."""

    role: Role
    settings: StoreSettings
    demo_parcels: int | None = None
    """About how many parcels the demo began with; None without a demo."""


class Beside:
    """A process beside ours; a context manager. One that dies is started again; it ends when whoever started it ends or
    dies.
    """

    def __init__(self, job: Job) -> None:
        """Name it; entering starts it."""
        self._job = job
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeps the {job.role}", daemon=True)
        self._said = b""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=40)

    @property
    def role(self) -> Role:
        """What it does."""
        return self._job.role

    def measures(self) -> list[Metric]:
        """What it said last of itself."""
        return told(self._said)

    def _keep(self) -> None:
        """Keep one running until told to stop."""
        wait = 1.0
        while True:
            ours, theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(target=_run, args=(self._job, theirs), name=self._job.role, daemon=True)
            process.start()
            theirs.close()
            while process.is_alive() and not self._stop.wait(0.2):
                self._listen(ours)
            ours.close()
            if self._stop.is_set():
                process.join(timeout=30)
                if process.is_alive():
                    process.kill()
                return
            _log.warning("process_died", role=self._job.role, exit_code=process.exitcode, again_in_s=wait)
            self._stop.wait(wait)
            wait = min(30.0, 2 * wait)

    def _listen(self, ours: Connection) -> None:
        with contextlib.suppress(EOFError, OSError):
            while ours.poll():
                self._said = ours.recv_bytes()


def _run(job: Job, parent: Connection) -> None:
    # Ctrl-C in a terminal reaches all processes of it: the one that was started says when this one ends, by closing
    # its end of the pipe. Nothing comes through it but that; what goes is what we measured.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    log_to_stderr()
    last = float("-inf")

    def tell() -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_EVERY_S:
            last = time.monotonic()
            with contextlib.suppress(OSError):
                parent.send_bytes(written())

    with connect(job.settings) as database:
        figures = Figures(database.conninfo)
        pressure = Pressure(partial(strain, database, figures))
        pressure.watch(threading.Event())
        do(job, database, pressure, parent.poll, tell)


def strain(database: Database, figures: Figures) -> Strain:
    """How much waits, as seen by this process."""
    seconds, rows = figures.value("everyleg_journal_seconds"), figures.value("everyleg_journal_rows")
    return Strain(seconds, rows, database.waiting)


def do(
    job: Job, database: Database, pressure: Pressure, ended: Ended, after: Callable[[], None] = lambda: None
) -> None:
    """Do the work of a role until `ended` says so; `after` is called now and then."""
    carriers = registry()
    if job.role == "planner":
        plan(database, carriers, pressure, ended, after)
        return
    demo = None
    if job.demo_parcels is not None:
        demo = open_demo(database, carriers, load_formats(roots()), clock(), job.demo_parcels)
        demo.load()
    inbox = Inbox(database, carriers.slug_of, Detector(load_formats(roots()))) if inbox_folders() else None
    work(Working(database, carriers, ended, demo, inbox), ended, after)


@contextlib.contextmanager
def ended_by_signal() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that what is under way is finished first. For the main thread."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
