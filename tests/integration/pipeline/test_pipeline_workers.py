"""Whatever dies happens again wholly, and workers that meet in a parcel come to the same."""

import signal
import subprocess
import sys
import threading
import time

from everyleg.core.fold import Timeline
from everyleg.pipeline import work
from everyleg.pipeline.intake import receive
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain

from .acme import body, carriers, count, event, got, milestones, rows, take, timelines

WORKER = """
import sys
from everyleg.pipeline import work
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring
from tests.integration.pipeline.acme import carriers

settle, batches = work.settle, []

def then_wait(*given):
    states = settle(*given)
    batches.append(states)
    if len(batches) == 2:  # all of the second batch is written, and nothing of it committed
        print("in the middle", flush=True)
        sys.stdin.read()
    return states

work.settle = then_wait
with Database(sys.argv[1], Keyring({1: bytes(32)}, b"look up")) as database:
    work.drain(database, carriers(), most=5)
"""


def killed_in_the_middle(server):
    """A worker, killed when its second batch is all but committed."""
    command = [sys.executable, "-c", WORKER, server.conninfo()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"in the middle\n"
        worker.send_signal(signal.SIGKILL)


def test_a_killed_worker_leaves_nothing_half_done_and_nothing_twice(server, database, workspace):
    answers = [got(workspace, body(event(-5), no=f"AC{i}"), i, asked=(f"AC{i}",)) for i in range(15)]
    receive(database, answers)
    killed_in_the_middle(server)
    drain(database, carriers())
    assert count(database, workspace, "inbox") == 0
    assert [count(database, workspace, t) for t in ("observations", "statements", "states", "changes")] == [15] * 4
    assert rows(database, "SELECT DISTINCT version FROM states WHERE workspace_id = %s", workspace) == [(1,)]
    assert verify(database, workspace) == []


def test_what_was_received_is_there_when_nobody_has_read_it_yet(database, workspace):
    receive(database, [got(workspace, b"\x00 any bytes"), got(workspace, b"")])
    assert count(database, workspace, "inbox") == 2
    ((sealed,), _) = rows(database, "SELECT body FROM inbox WHERE workspace_id = %s ORDER BY 1", workspace)
    assert b"any bytes" not in sealed


def story(workspace):
    """Answers of many numbers that turn out to be few parcels, each told more than once."""
    return [
        answer
        for hour in range(6)
        for i in range(12)
        for answer in (
            got(workspace, body(*(event(h) for h in range(-20, hour)), no=f"AC{i}", next=f"BO{i // 3}"), hour, asked=(f"AC{i}",)),
            got(workspace, body(event(hour, "OD"), no=f"BO{i // 3}", somewhere=f"AC{i}"), hour, "bolt", (f"BO{i // 3}",)),
        )
    ]  # fmt: skip


def told(database, workspace):
    return sorted(
        str(timeline) for timeline in timelines(database, workspace).values() if isinstance(timeline, Timeline)
    )


def test_a_reception_that_two_workers_read_at_once_is_kept_once(database, workspace, monkeypatch):
    for _ in range(2):  # as a log and a spool hand it over, each by itself
        receive(database, [got(workspace, body(event(-5)))])
    written, go_on, settle = threading.Event(), threading.Event(), work.settle

    def then_wait(*given):
        settled = settle(*given)
        if not written.is_set():
            written.set()
            go_on.wait(10)
        return settled

    monkeypatch.setattr(work, "settle", then_wait)
    workers = [threading.Thread(target=drain, args=(database, carriers()), kwargs={"most": 1}) for _ in range(2)]
    workers[0].start()
    assert written.wait(10)
    workers[1].start()
    time.sleep(0.5)  # by now it has seen that nobody told of this reception yet
    go_on.set()
    for worker in workers:
        worker.join(10)
    assert rows(database, "SELECT times FROM observations WHERE workspace_id = %s", workspace) == [(1,)]
    assert count(database, workspace, "inbox") == 0


def test_two_workers_come_to_what_one_comes_to(database, workspace, other_workspace):
    take(database, *story(other_workspace))
    receive(database, story(workspace))
    failed = []

    def work():
        try:
            drain(database, carriers(), most=7)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert told(database, workspace) == told(database, other_workspace)
    assert count(database, workspace, "inbox") == 0
    assert verify(database, workspace) == []


def test_a_broken_answer_does_not_hold_up_those_of_another_workspace(database, workspace, other_workspace):
    broken = body(event(-5, code="A\x00B"))
    take(database, got(workspace, broken), got(other_workspace, body(event(-5))), most=1)
    assert (milestones(database, workspace), milestones(database, other_workspace)) == ([], ["picked_up"])
