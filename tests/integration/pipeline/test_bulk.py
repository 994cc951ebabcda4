"""Many rows at once: each is there once, whoever puts them in, and the server works while the caller does."""

from threading import Event

import psycopg
import pytest

from everyleg.pipeline.bulk import FEW, Target, insert, inserting

NUMBERS = Target(
    "numbers",
    (("workspace_id", "integer"), ("carrier", "text"), ("tracking_number", "text")),
    "ON CONFLICT DO NOTHING",
    "tracking_number",
)
SILENT = Target(NUMBERS.table, NUMBERS.columns)


def rows(workspace, several, first=0):
    return [(workspace, "usps", f"LX{number}") for number in range(first, first + several)]


def counted(connection):
    return connection.execute("SELECT count(*) FROM numbers").fetchone()[0]


@pytest.mark.parametrize("several", [1, FEW, FEW + 1, 500])
def test_rows_go_in_once_and_those_that_are_new_are_told(database, workspace, several):
    with database.transaction(workspace, "app") as app:
        insert(app, NUMBERS, rows(workspace, several))
        again = insert(app, NUMBERS, rows(workspace, several + 3))

        assert [number for (number,) in again] == [f"LX{number}" for number in range(several, several + 3)]
        assert counted(app) == several + 3


def test_of_two_lists_in_one_transaction_neither_goes_in_with_the_other(database, workspace):
    with database.transaction(workspace, "app") as app:
        first = insert(app, NUMBERS, rows(workspace, 100))
        second = insert(app, NUMBERS, rows(workspace, 60, first=100))

    assert (len(first), len(second)) == (100, 60)


def test_app_and_worker_on_one_connection_do_not_stand_in_each_others_way(database, workspace):
    for role, first in (("worker", 0), ("app", 100), ("worker", 200)):
        with database.transaction(workspace, role) as connection:
            insert(connection, NUMBERS, rows(workspace, 50, first))

    with database.transaction(workspace, "app") as app:
        assert counted(app) == 150


def test_a_list_that_was_rolled_back_leaves_nothing_behind(database, workspace):
    with pytest.raises(RuntimeError), database.transaction(workspace, "app") as app:
        insert(app, NUMBERS, rows(workspace, 50))
        raise RuntimeError

    with database.transaction(workspace, "app") as app:
        insert(app, NUMBERS, rows(workspace, 50, first=100))
        assert counted(app) == 50


@pytest.mark.parametrize("several", [3, 100])
def test_the_block_runs_while_the_server_merges(database, workspace, several):
    ran = Event()
    with database.transaction(workspace, "app") as app:
        with inserting(app, [(SILENT, rows(workspace, several)), (SILENT, [])]):
            ran.set()

        assert ran.is_set()
        assert counted(app) == several


@pytest.mark.parametrize("several", [3, 100])
def test_what_the_server_refuses_is_raised_at_the_end_of_the_block(database, workspace, several):
    with pytest.raises(psycopg.errors.UniqueViolation), database.transaction(workspace, "app") as app:  # noqa: SIM117
        with inserting(app, [(SILENT, rows(workspace, several) * 2)]):
            pass

    with database.transaction(workspace, "app") as app:
        assert counted(app) == 0


def test_what_the_block_raises_is_what_is_raised(database, workspace):
    with pytest.raises(RuntimeError), database.transaction(workspace, "app") as app:  # noqa: SIM117
        with inserting(app, [(SILENT, rows(workspace, 100))]):
            raise RuntimeError
