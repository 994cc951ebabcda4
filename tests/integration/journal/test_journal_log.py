"""The replicated log: never trusted alone, never twice in effect, refused where it is not durable."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import nats as nats_py
import psycopg
import pytest

from everyleg.store.errors import StoreError
from everyleg.store.journal import JournalError
from everyleg.store.journal.bundles import Bundle, forget, take_in
from everyleg.store.journal.servers import JournalAwayError, check_servers
from everyleg.store.settings import store_settings
from tests.factories.nats import Nats, free_ports

from .test_journal_contract import NOW, clean, entry, kept  # noqa: F401 - a fixture


def remove_stream(journal):
    async def work():
        client = await nats_py.connect(list(journal._settings.servers))
        await client.jetstream().delete_stream(journal._settings.stream)
        await client.close()

    asyncio.run(work())


def publish(journal, data):
    async def work():
        client = await nats_py.connect(list(journal._settings.servers))
        await client.jetstream().publish(journal._settings.subject, data)
        await client.close()

    asyncio.run(work())


def test_the_log_lost_with_all_that_is_in_it_loses_nothing(log, database, workspace):
    receiver, worker = log(), log()
    receiver.append([entry(workspace, b"acknowledged")])
    remove_stream(receiver)
    assert worker.fill() == 0
    assert receiver.ship(after_s=0) == 1
    assert [e.body for e in kept(database, workspace)] == [b"acknowledged"]
    receiver.append([entry(workspace, b"later")])
    assert worker.fill() + receiver.ship(after_s=0) >= 1
    assert [e.body for e in kept(database, workspace)] == [b"acknowledged", b"later"]


def test_what_comes_by_the_log_and_from_the_spool_comes_once(log, database, workspace):
    receiver, worker = log(), log()
    receiver.append([entry(workspace)])
    receiver.ship(after_s=0)
    worker.fill()
    receiver.append([entry(workspace)])
    worker.fill()
    receiver.ship(after_s=0)
    assert len(kept(database, workspace)) == 2
    assert receiver.lag().spooled == 0


def test_both_ways_at_the_same_moment_still_come_once(database, workspace):
    bundles = [Bundle(bytes([i]) * 16, NOW, [entry(workspace, bytes([i]))]) for i in range(40)]
    failed = []

    def put(some):
        try:
            for _ in range(3):
                with database.transaction(None, "worker") as connection:
                    take_in(connection, some)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=put, args=(some,)) for some in (bundles, bundles[::-1], bundles[::2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(e.body for e in kept(database, workspace)) == [bytes([i]) for i in range(40)]


def test_a_worker_that_dies_before_it_says_so_gets_it_again_without_effect(log, database, workspace):
    receiver, dying, worker = log(), log(), log()
    receiver.append([entry(workspace)])
    messages = dying._wait_for(dying._fetch(), 5)
    assert len(messages) == 1
    dying._wait_for(messages[0].nak(), 5)  # what the server does by itself after half a minute
    assert worker.fill() == 1
    publish(receiver, messages[0].data)
    worker.fill()
    assert len(kept(database, workspace)) == 1


def test_without_any_server_bodies_are_kept_on_the_disk_and_come_by_themselves(log, database, workspace):
    (nobody,) = free_ports(1)
    receiver = log(servers=(f"nats://127.0.0.1:{nobody}",))
    for i in range(3):
        receiver.append([entry(workspace, bytes([i]))])
    assert receiver.ship(after_s=0) == 3
    assert len(kept(database, workspace)) == 3


def test_a_killed_receiver_leaves_its_spool_to_the_next(log, database, workspace):
    (nobody,) = free_ports(1)
    dead, heir = log(servers=(f"nats://127.0.0.1:{nobody}",)), log()
    dead.append([entry(workspace, b"left behind")])
    dead._spool.close()  # the system takes a dead process's locks back
    heir.ship(after_s=0)
    assert [e.body for e in kept(database, workspace)] == [b"left behind"]


def test_a_full_disk_is_no_reason_to_refuse_while_the_table_takes_it(log, database, workspace, monkeypatch):
    receiver = log()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receiver._spool, "append", full)
    receiver.append([entry(workspace)])
    assert len(kept(database, workspace)) == 1

    class Away:
        def transaction(self, *_):
            raise psycopg.OperationalError("away")

    monkeypatch.setattr(receiver, "_store", Away())
    with pytest.raises(psycopg.OperationalError):
        receiver.append([entry(workspace)])


def test_a_body_that_is_too_large_for_the_log_comes_from_the_spool(log, database, workspace):
    receiver, worker = log(), log()
    receiver.append([entry(workspace, bytes(3_000_000)), entry(workspace, b"small")])
    assert worker.fill() == 1
    receiver.ship(after_s=0)
    assert sorted(len(e.body) for e in kept(database, workspace)) == [5, 3_000_000]


def test_a_message_that_is_no_bundle_holds_nothing_up(log, database, workspace):
    receiver, worker = log(), log()
    receiver.append([entry(workspace, b"before")])
    publish(receiver, b"\xc1 rubbish")
    receiver.append([entry(workspace, b"after")])
    worker.fill()
    worker.fill()
    assert {e.body for e in kept(database, workspace)} == {b"before", b"after"}
    assert worker.lag().bundles == 0


def test_bundles_that_came_in_long_ago_are_forgotten(database, workspace):
    with database.transaction(None, "worker") as worker:
        take_in(worker, [Bundle(b"\x07" * 16, NOW, [entry(workspace)])])
        assert forget(worker, datetime.now(UTC) - timedelta(days=1)) == 0
        assert forget(worker, datetime.now(UTC) + timedelta(days=1)) >= 1


def test_a_server_that_acknowledges_before_its_disk_has_it_is_refused(log):
    with Nats(1, sync=False) as lax:
        (node,) = lax.nodes
        with pytest.raises(JournalError, match=r"n0 acknowledges before its disk.*sync_interval: always"):
            check_servers([node.varz], 1)
        with pytest.raises(JournalError, match="sync_interval"):
            log(servers=(node.url,), monitors=(node.varz,), replicas=1).check()


def test_fewer_servers_than_copies_are_refused(nats):
    with pytest.raises(JournalError, match="EVERYLEG_NATS_MONITOR"):
        check_servers([nats.nodes[0].varz], 3)


def test_one_of_three_away_is_no_reason_to_refuse_two_are(nats):
    gone = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
    check_servers([nats.nodes[0].varz, nats.nodes[1].varz, gone[0]], 3)
    with pytest.raises(JournalAwayError, match="1 of 3"):
        check_servers([nats.nodes[0].varz, *gone], 3)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"EVERYLEG_JOURNAL": "kafka"}, "postgres or jetstream"),
        ({"EVERYLEG_JOURNAL": "jetstream"}, "EVERYLEG_NATS_URL"),
        ({"EVERYLEG_JOURNAL": "jetstream", "EVERYLEG_NATS_URL": "nats://a:1", "EVERYLEG_NATS_REPLICAS": "2"}, "copies"),
    ],
)
def test_half_a_setting_is_refused_with_what_to_do(environ, said):
    with pytest.raises(StoreError, match=said):
        store_settings(environ)


def test_the_monitoring_ports_are_8222_of_each_server_unless_said():
    environ = {"EVERYLEG_JOURNAL": "jetstream", "EVERYLEG_NATS_URL": "nats://a:4222, nats://user:pass@b:4222"}
    assert store_settings(environ).jetstream.monitors == ("http://a:8222", "http://b:8222")
