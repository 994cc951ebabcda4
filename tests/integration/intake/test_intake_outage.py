"""The database dies, and the receiver too: nothing is refused, nothing lost, nothing twice in effect."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import load_keyring
from everyleg.store.server import PrivateServer
from everyleg.store.server.private import DATABASE
from tests.integration.conftest import new_workspace
from tests.integration.pipeline.acme import body, carriers, event, milestones

from .receiving import address_for, push, receiving, signed, until


@pytest.fixture
def own():
    """A server and a store of one's own, to be killed."""
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    path.chmod(0o711)
    with PrivateServer(path / "data") as server:
        migrate(server.superuser_conninfo, login=DATABASE)
        with Database(server.conninfo(), load_keyring(path / "keys.json")) as database:
            yield path, server, database
        for other in _back:
            other.stop()
        _back.clear()
    shutil.rmtree(path)


_back = []
"""Servers brought back from the dead, to be left by the fixture."""


def kill(server):
    """Kill every process of a database server."""
    main = int((server.cluster / "postmaster.pid").read_text().split()[0])
    os.kill(main, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(main) or psutil.Process(main).status() == psutil.STATUS_ZOMBIE)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(main, 0)  # ours where this process adopts orphans
    (server.cluster / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # a dead server's, where nobody buries zombies


def bring_back(server):
    other = PrivateServer(server.data)
    _back.append(other.start())


def bodies(numbers):
    return [body(event(-5), event(-1, "DL"), no=f"AC{i}") for i in numbers]


def test_while_the_database_is_dead_pushes_are_taken_and_then_catch_up(own):
    path, server, database = own
    workspace = new_workspace(database)
    made = address_for(database, workspace).path
    with receiving(database, path) as (receiver, address):
        sent = bodies(range(60))
        assert {push(address, made, one).status_code for one in sent[:20]} == {200}
        kill(server)
        assert {push(address, made, one).status_code for one in sent[20:]} == {200}
        assert receiver.counts.spooled > 0 == receiver.counts.refused
        bring_back(server)
        until(lambda: not receiver.spooling)
        assert push(address, made, sent[0]).status_code == 200
        assert not receiver.spooling
    drain(database, carriers())
    assert milestones(database, workspace) == ["delivered"] * 60
    assert verify(database, workspace) == []


def test_a_receiver_that_starts_while_the_database_is_dead_knows_its_addresses(own):
    path, server, database = own
    made = address_for(database, new_workspace(database)).path
    with receiving(database, path) as (_, address):
        assert push(address, made, b"{}").status_code == 200
    kill(server)
    with receiving(database, path) as (receiver, address):
        assert push(address, made, b"{}").status_code == 200
        assert push(address, made, b"{}", {}).status_code == 401
        assert push(address, made[:-4] + "AAAA", b"{}").status_code == 503  # it may be a new one: send it again
        assert receiver.counts.spooled == 1
        bring_back(server)
        until(lambda: not receiver.spooling)


def processes(server):
    main = psutil.Process(int((server.cluster / "postmaster.pid").read_text().split()[0]))
    return [main, *main.children(recursive=True)]


def test_a_database_that_hangs_keeps_nobody_waiting(own):
    path, server, database = own
    workspace = new_workspace(database)
    made = address_for(database, workspace).path
    sent = bodies(range(12))
    with receiving(database, path) as (receiver, address):
        assert push(address, made, sent[0]).status_code == 200
        frozen = processes(server)
        try:
            for one in frozen:
                one.suspend()
            assert {push(address, made, one).status_code for one in sent[1:]} == {200}
            assert receiver.counts.spooled == 11
        finally:
            for one in frozen:
                one.resume()
        until(lambda: not receiver.spooling)
    drain(database, carriers())
    assert milestones(database, workspace) == ["delivered"] * 12
    assert verify(database, workspace) == []


def test_what_neither_store_nor_disk_takes_is_to_be_sent_again(own):
    path, server, database = own
    made = address_for(database, new_workspace(database)).path
    with receiving(database, path) as (receiver, address):
        kill(server)
        shutil.rmtree(path / "spool")
        (path / "spool").write_text("no folder any more")
        answer = push(address, made, b"{}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        (path / "spool").unlink()
        (path / "spool").mkdir()
        assert push(address, made, b"{}").status_code == 200
        assert (receiver.counts.refused, receiver.counts.spooled) == (1, 1)
        bring_back(server)
        until(lambda: not receiver.spooling)


SERVER = """
import sys
from pathlib import Path
from everyleg.store.db import Database
from everyleg.store.sealing import load_keyring
from tests.integration.intake.receiving import receiving
with Database(sys.argv[1], load_keyring(Path(sys.argv[2]) / "keys.json")) as database:
    with receiving(database, Path(sys.argv[2])) as (_, address):
        print(address, flush=True)
        sys.stdin.read()
"""


def test_a_receiver_killed_at_any_moment_loses_nothing_that_it_acknowledged(own):
    path, server, database = own
    workspace = new_workspace(database)
    made = address_for(database, workspace).path
    acknowledged = []

    def feed(address, numbers):
        with httpx.Client(timeout=5) as client:
            for number in numbers:
                (one,) = bodies([number])
                try:
                    if client.post(address + made, content=one, headers=signed(one)).status_code == 200:
                        acknowledged.append(number)
                except httpx.HTTPError:
                    return

    for life, dead in enumerate([False, True, True]):  # the database dies in the second life
        command = [sys.executable, "-c", SERVER, server.conninfo(), str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receiver:
            address = next(line for line in receiver.stdout if line.startswith("http")).strip()
            before = len(acknowledged)
            feeders = [
                threading.Thread(target=feed, args=(address, range(life * 10_000 + k, life * 10_000 + 10_000, 4)))
                for k in range(4)
            ]
            for feeder in feeders:
                feeder.start()
            if dead and life == 1:
                kill(server)
            until(lambda before=before: len(acknowledged) > before + 40)
            receiver.kill()
            for feeder in feeders:
                feeder.join()
    bring_back(server)
    with receiving(database, path) as (receiver, _):
        until(lambda: not receiver.spooling)
    drain(database, carriers())
    with database.transaction(None, "worker") as worker:
        query = "SELECT tracking_number FROM numbers WHERE workspace_id = %s"
        known = {number for (number,) in worker.execute(query, (workspace,))}
    assert {f"AC{number}" for number in acknowledged} <= known
    assert milestones(database, workspace) == ["delivered"] * len(known)
    assert verify(database, workspace) == []
