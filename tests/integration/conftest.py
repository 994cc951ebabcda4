"""One private server for all tests that need a store (one for each xdist worker), and workspaces in it."""

import itertools
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import Keyring
from everyleg.store.server import PrivateServer
from everyleg.store.server.private import DATABASE

QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_serial = itertools.count()


@pytest.fixture
def folder():
    """An empty folder that the server's account can reach (pytest's own are closed when run as root)."""
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def server():
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    with PrivateServer(path, QUICK) as running:
        migrate(running.superuser_conninfo, login=DATABASE)
        yield running
    shutil.rmtree(path)


@pytest.fixture
def empty(server):
    """The superuser's connection string to a database without tables."""
    name = f"empty_{next(_serial)}"
    with psycopg.connect(server.superuser_conninfo, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield server.conninfo("postgres", name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def database(server):
    with Database(server.conninfo(), Keyring({1: bytes(32)}, b"look up")) as opened:
        yield opened


@pytest.fixture
def workspace(database):
    """A new workspace's id."""
    return new_workspace(database)


@pytest.fixture
def other_workspace(database):
    return new_workspace(database)


def new_workspace(database):
    with database.transaction(None, "worker") as worker:
        query = "INSERT INTO workspaces (slug, name, kind) VALUES (%s, 'A shop', 'seller') RETURNING workspace_id"
        return worker.execute(query, (f"shop-{next(_serial)}",)).fetchone()[0]
