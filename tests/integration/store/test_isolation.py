"""Tenants: nobody sees another's rows, whatever a query forgets."""

import psycopg
import pytest

from everyleg.store.tables import metadata
from everyleg.store.tables.personal import HARMLESS, PERSONAL

from .rows import fill

TABLES = sorted(metadata.tables)
SOUNDS_PERSONAL = (
    "email",
    "name",
    "phone",
    "postcode",
    "address",
    "ip",
    "user_agent",
    "body",
    "text",
    "detail",
    "reason",
)


@pytest.fixture
def neighbours(server, database, workspace, other_workspace):
    """Two workspaces with a row in every table; gone afterwards, as no worker could make anything of them."""
    with database.transaction(None, "worker") as worker:
        fill(worker, workspace)
        fill(worker, other_workspace)
    yield workspace, other_workspace
    with psycopg.connect(server.superuser_conninfo) as admin:
        for table in reversed(metadata.sorted_tables):
            admin.execute(f"DELETE FROM {table.name} WHERE workspace_id IN (%s, %s)", (workspace, other_workspace))  # noqa: S608


def seen(connection, table):
    """Whose rows a query without any filter on the workspace returns."""
    return {row[0] for row in connection.execute(f"SELECT workspace_id FROM {table}")}  # noqa: S608


def test_without_the_applications_filter_no_table_shows_another_tenant(database, neighbours):
    for mine in neighbours:
        with database.transaction(mine) as app:
            assert {table: seen(app, table) for table in TABLES} == {table: {mine} for table in TABLES}


def test_a_worker_sees_every_tenant(database, neighbours):
    with database.transaction(None, "worker") as worker:
        assert all(set(neighbours) <= seen(worker, table) for table in TABLES)


def test_the_app_without_a_workspace_sees_nothing(database, neighbours):
    with database.transaction(neighbours[0]) as app:
        app.execute("SELECT set_config('everyleg.workspace', '', true)")
        assert {table: seen(app, table) for table in TABLES} == {table: set() for table in TABLES}


def test_a_login_that_takes_on_no_role_may_do_nothing(database, neighbours):
    with psycopg.connect(database.conninfo) as bare, pytest.raises(psycopg.errors.InsufficientPrivilege):
        bare.execute("SELECT FROM parcels")


def test_the_role_and_the_workspace_end_with_the_transaction(server, workspace):
    from everyleg.store.db import Database
    from everyleg.store.sealing import Keyring

    with Database(server.conninfo(), Keyring({1: bytes(32)}, b"look up"), most=1) as one_connection:
        with one_connection.transaction(workspace):
            pass
        with one_connection.transaction(None, "worker") as worker:
            assert worker.execute("SELECT current_setting('everyleg.workspace')").fetchone() == ("",)
        with one_connection._pool.connection() as bare:
            assert bare.execute("SELECT current_user::text").fetchone() == ("everyleg",)


def test_the_app_must_name_its_workspace(database):
    with pytest.raises(ValueError, match="name it"), database.transaction(None):
        pass


def test_the_app_cannot_write_into_another_workspace(database, workspace, other_workspace):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(workspace) as app:
        app.execute("INSERT INTO tags (workspace_id, name) VALUES (%s, 'mine')", (other_workspace,))


def test_the_app_cannot_change_or_remove_another_tenants_rows(database, neighbours):
    mine, theirs = neighbours
    with database.transaction(mine) as app:
        assert app.execute("UPDATE remarks SET body = 'changed'").rowcount == 1
        assert app.execute("DELETE FROM remarks WHERE workspace_id = %s", (theirs,)).rowcount == 0


@pytest.mark.parametrize("command", ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit", "DELETE FROM changes"])
def test_what_is_written_once_stays(database, neighbours, command):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(neighbours[0]) as app:
        app.execute(command)


def test_every_table_is_closed_by_row_level_security_for_the_app(server):
    with psycopg.connect(server.superuser_conninfo) as admin:
        open_tables = admin.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND c.relname <> 'alembic_version' AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p"
            " WHERE p.polrelid = c.oid AND p.polroles = ARRAY['everyleg_app'::regrole::oid]"
            " AND pg_get_expr(p.polqual, c.oid) LIKE '%everyleg.workspace%'))"
        ).fetchall()
    assert open_tables == []


def test_every_primary_key_starts_with_the_workspace(server):
    with psycopg.connect(server.superuser_conninfo) as admin:
        first = dict(
            admin.execute(
                "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
                " WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'"
            ).fetchall()
        )
    assert first == dict.fromkeys(TABLES, "workspace_id")


def test_search_finds_parts_of_numbers_in_ones_own_workspace_only(database, workspace, other_workspace):
    with database.transaction(None, "worker") as worker:
        for tenant in (workspace, other_workspace):
            parcel = worker.execute("INSERT INTO parcels (workspace_id) VALUES (%s) RETURNING 1, parcel_id", (tenant,))
            parcel_id = parcel.fetchone()[1]
            number = "INSERT INTO numbers (workspace_id, carrier, tracking_number) VALUES (%s, 'usps', 'EL_00%%7XY')"
            number_id = worker.execute(f"{number} RETURNING number_id", (tenant,)).fetchone()[0]
            leg = "INSERT INTO legs (workspace_id, parcel_id, number_id) VALUES (%s, %s, %s)"
            worker.execute(leg, (tenant, parcel_id, number_id))
    with database.transaction(workspace) as app:
        mine = app.execute("SELECT parcel_id FROM parcels").fetchall()
        assert app.execute("SELECT * FROM search_parcels('l_00%7x', 10)").fetchall() == mine
        assert app.execute("SELECT * FROM search_parcels('l000', 10)").fetchall() == []


def test_every_column_that_sounds_personal_or_is_free_form_is_decided():
    suspects = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if any(word in column.name.split("_") or word == column.name for word in SOUNDS_PERSONAL)
        or str(column.type) == "JSONB"
    }
    hashes = {(table, column) for table, column in suspects if column.endswith("_hash")}
    assert suspects - hashes - set(PERSONAL) - HARMLESS == set()
