"""The real command: it serves, it is killed, it serves again with all that was there."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import httpx
import psutil
import pytest

from everyleg.accounts import workspaces
from everyleg.pipeline.intake import Received, receive
from everyleg.store.db import connect
from everyleg.store.settings import StoreSettings


class Server:
    """`everyleg serve` in a process of its own."""

    def __init__(self, data, *arguments, port=0):
        self.environment = {**os.environ, "EVERYLEG_DATA": str(data), "PYTHONUNBUFFERED": "1"}
        self.environment.pop("EVERYLEG_DATABASE_URL", None)
        command = [
            sys.executable,
            "-c",
            "from everyleg.cli import main; main()",
            "serve",
            "--port",
            str(port),
            *arguments,
        ]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def lines(self, count):
        return [self.process.stdout.readline().strip() for _ in range(count)]

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        out, errors = self.process.communicate(timeout=20)
        return self.process.returncode, out, errors


@pytest.fixture
def serve(folder):
    running = []

    def start(*arguments, **named):
        running.append(Server(folder / "data", *arguments, **named))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.end()
    if (folder / "data").exists():
        with connect(StoreSettings(folder / "data")):  # attaches to what a killed one left; the last to leave stops it
            pass


def address(line):
    return re.search(r"http://\S+", line)[0]


def counted(data):
    with connect(StoreSettings(data)) as database, database.transaction(None, "worker") as worker:
        return worker.execute("SELECT (SELECT count(*) FROM parcels), (SELECT count(*) FROM states)").fetchone()


def test_a_demo_is_served_killed_and_served_again_with_its_data(serve, folder):
    first = serve("--demo", "--parcels", "25")
    where, login = first.lines(2)
    assert httpx.get(f"{address(where)}/healthz").json() == {"status": "ok"}
    assert "demo@example.com" in login
    before = counted(folder / "data")
    assert before[0] >= 15
    first.end(signal.SIGKILL)

    again = serve("--demo", "--parcels", "25")
    where, same = again.lines(2)
    assert same == login
    assert httpx.get(f"{address(where)}/healthz").status_code == 200
    assert counted(folder / "data")[0] >= before[0]
    code, _, errors = again.end()
    assert (code, errors) == (0, "")


def test_without_demo_an_empty_store_is_served_and_ends_on_ctrl_c(serve):
    server = serve()
    (where,) = server.lines(1)
    assert "first account" in where
    assert httpx.get(f"{address(where)}/healthz").status_code == 200
    assert server.end(signal.SIGINT)[0] == 0


def test_a_store_without_an_owner_is_not_served_where_others_reach_it(serve):
    server = serve("--host", "0.0.0.0")  # noqa: S104 - refused
    _, errors = server.process.communicate(timeout=40)
    assert server.process.returncode == 2
    assert "everyleg people owner" in errors
    assert len(errors.strip().splitlines()) == 1


def test_a_worker_that_was_killed_is_started_again(serve, folder):
    server = serve()
    server.lines(1)
    wait_until(lambda: workers(server))
    killed = workers(server)[0]
    killed.kill()
    with connect(StoreSettings(folder / "data")) as database:
        workspace = workspaces.default(database)
        receive(database, [Received(workspace, "file", "usps", b"{}", ("X1",), datetime(2026, 11, 1, tzinfo=UTC))])
        wait_until(lambda: waiting(database) == 0)
    assert killed.pid not in {process.pid for process in workers(server)}


def workers(server):
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if any("spawn_main" in part for part in child.cmdline())]


def waiting(database):
    with database.transaction(None, "worker") as worker:
        return worker.execute("SELECT count(*) FROM inbox").fetchone()[0]


def wait_until(true, seconds=40):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_port_in_use_is_one_helpful_line_and_nothing_is_started(serve, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = serve(port=port)
        out, errors = server.process.communicate(timeout=20)
    assert (server.process.returncode, out) == (2, "")
    assert errors == f"everyleg: port {port} is in use; stop what listens there, or give another one with --port\n"
    assert not (folder / "data").exists()


def test_a_store_that_does_not_open_is_one_helpful_line(serve, folder):
    (folder / "data").mkdir()
    (folder / "data" / "postgres").mkdir()
    (folder / "data" / "postgres" / "PG_VERSION").write_text("99\n")
    server = serve()
    out, errors = server.process.communicate(timeout=20)
    assert (server.process.returncode, out, len(errors.splitlines())) == (2, "", 1)
    assert errors.startswith("everyleg: ")
    (folder / "data" / "postgres" / "PG_VERSION").unlink()
    (folder / "data" / "postgres").rmdir()
