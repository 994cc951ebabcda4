"""The server, all in one process (and workers beside it) or one role of it: web, ingest, worker, planner."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_address
from typing import Literal

from litestar.types import ASGIApp
from msgspec import Struct

from everyleg.accounts import workspaces
from everyleg.api.intake import Receiver
from everyleg.app.demo import Login, demo_login, open_demo
from everyleg.app.figures import Figures
from everyleg.app.listening import ListenError, address_of, listen, serve, serving, until_signalled
from everyleg.app.logs import log_to_stderr
from everyleg.app.measures import MEASURES, Page, Source, of_intake, of_store
from everyleg.app.operating import Operations, Part, readiness
from everyleg.app.plugins import registry, roots
from everyleg.app.pressure import Pressure, Shedding
from everyleg.app.rounds import clock
from everyleg.app.settings import metrics_token
from everyleg.app.site import pages_and_api, with_intake
from everyleg.app.working import Beside, Job, do, ended_by_signal, strain
from everyleg.ports.number_formats import load_formats
from everyleg.ports.registry import Registry
from everyleg.store.db import Database, connect
from everyleg.store.errors import StoreError
from everyleg.store.settings import StoreSettings

Role = Literal["all", "web", "ingest", "worker", "planner"]

PORTS: dict[Role, int] = {"all": 8017, "web": 8017, "ingest": 8027, "worker": 8037, "planner": 8047}
"""Where each role listens unless it is told; workers and planners answer only how they are."""

_NEEDED: dict[Role, frozenset[Part]] = {
    "all": frozenset({"database", "migrations"}),
    "web": frozenset({"database", "migrations"}),
    "ingest": frozenset(),  # what comes is kept on its disk while the rest is away
    "worker": frozenset({"database", "migrations", "journal"}),
    "planner": frozenset({"database", "migrations", "journal"}),
}


class Wanted(Struct, frozen=True):
    """What to serve."""

    host: str
    port: int | None = None
    """None: the role's own."""
    demo: bool = False
    parcels: int = 1500
    """About how many parcels the demo begins with."""
    role: Role = "all"


class Telling(Struct, frozen=True):
    """How the server tells a person what it is doing."""

    say: Callable[[str], None]
    progress: Callable[[int, int], None]
    """The demo is being loaded: parcels done, parcels in all."""


class RoleError(StoreError):
    """A role that cannot be served so; the text says what to do."""


def run(wanted: Wanted, settings: StoreSettings, telling: Telling) -> None:
    """Serve until a signal ends it.

    Raises:
        RoleError: one role alone needs a database that others reach.
        ListenError: the port cannot be had, or others would reach a store that nobody owns yet.
        StoreError, psycopg.OperationalError: the store does not open.
        DemoError: the demo's workspace is somebody's own.
    """
    if wanted.role != "all":
        _refuse_alone(wanted, settings)
    log_to_stderr()
    here = listen(wanted.host, PORTS[wanted.role] if wanted.port is None else wanted.port)
    match wanted.role:
        case "worker" | "planner" as role:
            _do_rounds(Job(role, settings), here, telling)
        case _:
            _answer(wanted, settings, here, telling)


def _refuse_alone(wanted: Wanted, settings: StoreSettings) -> None:
    if not settings.database_url:
        raise RoleError(
            f"--role {wanted.role} works together with the others over one PostgreSQL: set EVERYLEG_DATABASE_URL to it "
            "for each of them (and bring it up to date once: everyleg migrate); without a role all is one process"
        )
    if wanted.demo:
        raise RoleError("the demo is for all in one: leave out --role")


class _Watch:
    """What a process knows of itself and of the store, and what it tells on `/metrics`."""

    def __init__(self, role: Role, database: Database) -> None:
        self._role, self._database = role, database
        figures = Figures(database.conninfo)
        self.pressure = Pressure(partial(strain, database, figures))
        self.sources: list[tuple[str | None, Source]] = [
            (None, MEASURES.collect),
            (None, figures.collect),
            (None, partial(of_store, database)),
        ]

    def operations(self, app: ASGIApp | None) -> Operations:
        """An application with what operators ask before it; its lesser parts give way under pressure."""
        shedding = None if app is None else Shedding(app, self.pressure)
        ready = partial(readiness, self._database, _NEEDED[self._role])
        return Operations(shedding, ready, Page(self.sources).text, metrics_token())

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Look at the pressure beside the block."""
        ended = threading.Event()
        self.pressure.watch(ended)
        try:
            yield
        finally:
            ended.set()


def _do_rounds(job: Job, here: socket.socket, telling: Telling) -> None:
    with ended_by_signal() as ended, here, connect(job.settings) as database:
        watch = _Watch(job.role, database)
        with serving(watch.operations(None), here), watch.on():
            telling.say(f"Everyleg's {job.role} is at work; how it is: {address_of(here)}/metrics")
            do(job, database, watch.pressure, ended.wait)


def _answer(wanted: Wanted, settings: StoreSettings, here: socket.socket, telling: Telling) -> None:
    with (
        until_signalled(),
        here,
        connect(settings, waiting=wanted.role == "ingest") as database,
        contextlib.ExitStack() as beside,
    ):
        carriers = registry()
        login = _demo(wanted, settings, database, carriers, telling) if wanted.demo else None
        watch = _Watch(wanted.role, database)
        app = None
        if wanted.role != "ingest":
            _keep_strangers_out(here, database)
            app = pages_and_api(database, carriers)
        if wanted.role != "web":
            receiver = beside.enter_context(_receiver(database, settings, carriers))
            watch.sources.append((None, partial(of_intake, receiver)))
            app = with_intake(receiver, app)
        if wanted.role == "all":
            for job in _beside(wanted, settings):
                process = beside.enter_context(Beside(job))
                watch.sources.append((job.role, process.measures))
        beside.enter_context(watch.on())
        serve(watch.operations(app), here, lambda: _tell(telling.say, wanted, address_of(here), database, login))


def _beside(wanted: Wanted, settings: StoreSettings) -> Iterator[Job]:
    yield Job("worker", settings, wanted.parcels if wanted.demo else None)
    yield Job("planner", settings)


def _receiver(database: Database, settings: StoreSettings, carriers: Registry) -> Receiver:
    folder = settings.data / "intake-spool"
    return Receiver(database, folder, carriers.push, carriers.upstream_folders, now=clock)


def _keep_strangers_out(here: socket.socket, database: Database) -> None:
    """Without an owner the first visitor becomes it: fine on one's own machine, not where others reach it.

    Raises:
        ListenError: others reach it, and nobody owns it yet.
    """
    host = here.getsockname()[0]
    if not ip_address(host).is_loopback and workspaces.first_run(database):
        raise ListenError(
            f"{host} can be reached by others, and the first visitor would become the owner; "
            "make yourself the owner first: everyleg people owner YOUR@ADDRESS"
        )


def _demo(wanted: Wanted, settings: StoreSettings, database: Database, carriers: Registry, telling: Telling) -> Login:
    demo = open_demo(database, carriers, load_formats(roots()), clock(), wanted.parcels)
    demo.load(telling.progress)
    return demo_login(database, demo.workspace, settings.data)


def _tell(say: Callable[[str], None], wanted: Wanted, address: str, database: Database, login: Login | None) -> None:
    if wanted.role == "ingest":
        say(f"Everyleg takes in at {address}/in/")
        return
    if login is None:
        first = workspaces.first_run(database)
        say(f"Everyleg is at {address}" + (" · open it to make the first account" if first else ""))
        return
    say(f"Everyleg is at {address}")
    say(f"sign in with {login.email} and {login.password}")
