"""The API as a server of its own, and callers with keys."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import uvicorn

from everyleg.accounts import keys
from everyleg.accounts.actors import command_line
from everyleg.api.v1 import Services, make_api
from everyleg.app.plugins import registry, roots
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from tests.factories.site import NOW


@contextmanager
def serving(app):
    """The address of an ASGI application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def api(database, now=lambda: NOW):
    """The API over a database."""
    return make_api(Services(database, registry(), Detector(load_formats(roots())), now))


def key(database, workspace, *scopes):
    """A new key; every scope unless told."""
    with database.transaction(workspace) as app:
        wanted = scopes or tuple(keys.SCOPES)
        return keys.make(app, database.keys, command_line(workspace), "a test", wanted, NOW).key


def caller(address, token=None):
    """A client that sends a key."""
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"} if token else {})
