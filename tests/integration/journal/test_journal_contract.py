"""What every engine of the journal promises, each over its real servers."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from everyleg.store.journal import Entry

NOW = datetime(2026, 11, 22, 10, 30, 0, 123456, tzinfo=UTC)


def entry(workspace, body=b"sealed", **changed):
    values = {"source": "webhook", "carrier": "usps", "asked": ("X1", "X2"), "observed_at": NOW, "bodies": 1}
    return Entry(workspace, **{**values, **changed}, body=body)


def kept(database, workspace):
    query = """
        SELECT workspace_id, source, carrier, asked, observed_at, bodies, body FROM inbox
        WHERE workspace_id = %s ORDER BY inbox_id"""
    with database.transaction(None, "worker") as worker:
        return [Entry(*row[:3], tuple(row[3]), *row[4:]) for row in worker.execute(query, (workspace,))]


@pytest.fixture(autouse=True)
def clean(database, workspace):
    yield
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM inbox")


def test_what_was_appended_comes_to_the_table_once_and_as_it_was(journal, database, workspace):
    one = entry(workspace, b"\x00\xff any bytes", carrier=None, asked=(), source="webhook", bodies=7)
    journal.append([one])
    journal.fill()
    journal.fill()
    assert kept(database, workspace) == [one]


def test_many_of_several_workspaces_come_all_of_them(journal, database, workspace, other_workspace):
    sent = [entry(w, f"{w} {i}".encode()) for i in range(700) for w in (workspace, other_workspace)]
    journal.append(sent)
    journal.fill()
    for one in (workspace, other_workspace):
        assert sorted(e.body for e in kept(database, one)) == sorted(e.body for e in sent if e.workspace == one)


def test_the_same_appended_twice_is_there_twice(journal, database, workspace):
    for _ in range(2):
        journal.append([entry(workspace)])
    journal.fill()
    assert len(kept(database, workspace)) == 2


def test_nothing_appended_is_nothing(journal, database, workspace):
    journal.append([])
    assert journal.fill() == 0
    assert kept(database, workspace) == []


def test_threads_append_beside_each_other(journal, database, workspace):
    def send(thread):
        for i in range(20):
            journal.append([entry(workspace, f"{thread}-{i}".encode())])

    threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.fill()
    assert {e.body for e in kept(database, workspace)} == {f"{t}-{i}".encode() for t in range(4) for i in range(20)}


def test_when_it_was_received_is_when_it_was_appended(journal, database, workspace):
    before = datetime.now(UTC) - timedelta(seconds=1)
    journal.append([entry(workspace)])
    journal.fill()
    with database.transaction(None, "worker") as worker:
        query = "SELECT received_at FROM inbox WHERE workspace_id = %s"
        ((received,),) = worker.execute(query, (workspace,)).fetchall()
    assert before < received < datetime.now(UTC) + timedelta(seconds=1)


def test_a_reader_that_comes_later_finds_what_was_appended(journal, database, workspace):
    """Nothing hangs on the object that appended it."""
    journal.append([entry(workspace, b"first")])
    journal.close()
    again = type(journal)(
        *([database] if type(journal).__name__ == "PostgresJournal" else [database, database.keys, journal._settings])
    )
    again.fill()
    again.close()
    assert [e.body for e in kept(database, workspace)] == [b"first"]


def test_it_says_that_it_can_be_reached(journal):
    journal.check()


def test_what_waits_before_the_table_is_told_and_gone_when_it_is_there(journal, database, workspace):
    journal.append([entry(workspace)])
    before = journal.lag()
    journal.fill()
    after = journal.lag()
    assert after.bundles == 0
    assert before.bundles in (0, 1)
    assert before.bundles + len(kept(database, workspace)) >= 1
