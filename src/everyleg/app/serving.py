"""The all-in-one server: the store, the pages, a worker process, and if asked for the demo."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address

from msgspec import Struct

from everyleg.accounts import workspaces
from everyleg.app.demo import Login, demo_login, open_demo
from everyleg.app.listening import ListenError, address_of, listen, serve, until_signalled
from everyleg.app.logs import log_to_stderr
from everyleg.app.plugins import registry, roots
from everyleg.app.working import Job, Worker
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.ports.registry import Registry
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings
from everyleg.web.app import make_app
from everyleg.web.services import Services


class Wanted(Struct, frozen=True):
    """What to serve."""

    host: str
    port: int
    demo: bool = False
    parcels: int = 1500
    """About how many parcels the demo begins with."""


class Telling(Struct, frozen=True):
    """How the server tells a person what it is doing."""

    say: Callable[[str], None]
    progress: Callable[[int, int], None]
    """The demo is being loaded: parcels done, parcels in all."""


def run(wanted: Wanted, settings: StoreSettings, telling: Telling) -> None:
    """Serve until a signal ends it.

    Raises:
        ListenError: the port cannot be had, or others would reach a store that nobody owns yet.
        StoreError, psycopg.OperationalError: the store does not open.
        DemoError: the demo's workspace is somebody's own.
    """
    log_to_stderr()
    here = listen(wanted.host, wanted.port)
    with until_signalled(), here, connect(settings) as database:
        carriers = registry()
        login = _demo(wanted, settings, database, carriers, telling) if wanted.demo else None
        _keep_strangers_out(here, database)
        app = make_app(Services(database, carriers, Detector(load_formats(roots())), now=_now))
        with Worker(Job(settings, wanted.parcels if wanted.demo else None)):
            serve(app, here, lambda: _tell(telling.say, address_of(here), database, login))


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
    demo = open_demo(database, carriers, load_formats(roots()), _now(), wanted.parcels)
    demo.load(telling.progress)
    return demo_login(database, demo.workspace, settings.data)


def _tell(say: Callable[[str], None], address: str, database: Database, login: Login | None) -> None:
    if login is None:
        first = workspaces.first_run(database)
        say(f"Everyleg is at {address}" + (" · open it to make the first account" if first else ""))
        return
    say(f"Everyleg is at {address}")
    say(f"sign in with {login.email} and {login.password}")


def _now() -> datetime:
    return datetime.now(UTC)
