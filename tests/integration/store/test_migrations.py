"""Migrations go forward, on an empty and on a filled database, and end where the tables' description says."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from everyleg.store.db import connect
from everyleg.store.errors import NotMigratedError
from everyleg.store.migrations import current, migrate, newest
from everyleg.store.settings import StoreSettings
from everyleg.store.tables import metadata

from .rows import fill, tables_of

# Indexes by expression or operator class live in the migrations only.
ONLY_IN_SQL = {
    "numbers_bare_idx",
    "numbers_search_idx",
    "shipments_search_idx",
    "states_list_idx",
    "states_milestone_idx",
    "states_exception_idx",
    "states_open_idx",
}


def counts(connection):
    return {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables_of(connection)}  # noqa: S608


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_an_empty_database_becomes_what_the_tables_say(empty):
    migrate(empty)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(empty), poolclass=NullPool)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [d for d in found if not (d[0] == "remove_index" and d[1].name in ONLY_IN_SQL)] == []


def test_a_filled_database_keeps_its_rows(empty):
    migrate(empty, to="0001")
    with psycopg.connect(empty) as admin:
        insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller') RETURNING workspace_id"
        fill(admin, admin.execute(insert).fetchone()[0])
        before = counts(admin)
    assert set(before.values()) == {1}
    migrate(empty)
    with psycopg.connect(empty) as admin:
        assert {table: n for table, n in counts(admin).items() if table in before} == before
        assert current(admin) == newest()


def test_migrating_again_changes_nothing(empty):
    migrate(empty)
    migrate(empty)
    with psycopg.connect(empty) as admin:
        assert current(admin) == newest()


def test_the_tables_belong_to_the_owner_role_that_nobody_logs_in_with(server):
    with psycopg.connect(server.superuser_conninfo) as admin:
        owners = admin.execute(
            "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT LIKE 'pg_stat%'"
        ).fetchall()
        roles = dict(admin.execute("SELECT rolname::text, rolcanlogin FROM pg_roles WHERE rolname LIKE 'everyleg_%'"))
    assert owners == [("everyleg_owner",)]
    assert roles == dict.fromkeys(("everyleg_owner", "everyleg_app", "everyleg_worker"), False)


def test_an_address_whose_database_is_not_migrated_is_refused_with_what_to_do(empty, tmp_path):
    with pytest.raises(NotMigratedError, match="everyleg migrate"):
        connect(StoreSettings(data=tmp_path, database_url=empty))


def test_a_database_of_a_newer_everyleg_is_refused(empty, tmp_path):
    migrate(empty)
    with psycopg.connect(empty) as admin:
        admin.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NotMigratedError, match="install the newer one"):
        connect(StoreSettings(data=tmp_path, database_url=empty))


def test_a_migrated_address_opens(empty, tmp_path):
    migrate(empty)
    with connect(StoreSettings(data=tmp_path, database_url=empty)) as database, database.transaction(1) as app:
        assert app.execute("SELECT count(*) FROM parcels").fetchone() == (0,)


def test_an_ordinary_owner_of_a_database_can_migrate_it(server, empty):
    """Somebody else's server: the login is no superuser, only the owner of its database, and may create roles."""
    name = psycopg.conninfo.conninfo_to_dict(empty)["dbname"]
    with psycopg.connect(empty, autocommit=True) as admin:
        admin.execute("CREATE ROLE theirs LOGIN NOINHERIT CREATEROLE PASSWORD 'theirs'")
        admin.execute("GRANT everyleg_owner, everyleg_app, everyleg_worker TO theirs WITH ADMIN TRUE, INHERIT FALSE")
        admin.execute(f"ALTER DATABASE {name} OWNER TO theirs")
    theirs = psycopg.conninfo.make_conninfo(empty, user="theirs", password="theirs")  # noqa: S106
    migrate(theirs)
    with psycopg.connect(theirs) as connection:
        connection.execute("SET LOCAL ROLE everyleg_app")
        assert current(connection) == newest()
        connection.rollback()
    with psycopg.connect(empty, autocommit=True) as admin:
        admin.execute("REASSIGN OWNED BY theirs TO postgres")
        admin.execute("DROP OWNED BY theirs")
        admin.execute("DROP ROLE theirs")
