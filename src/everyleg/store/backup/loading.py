"""Into an empty database, whole or not at all: tables of the source's revision, its rows, then the steps since."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection, IsolationLevel, sql

from everyleg.store import migrations
from everyleg.store.backup.contents import Contents, Living, Source, columns, count, has_tables
from everyleg.store.errors import BackupError, NotEmptyError, StoreError
from everyleg.store.server.instance import DATABASE

Progress = Callable[[str, int], None]
"""Told a table and how many more of its rows are through."""


def nobody_asks(table: str, rows: int) -> None:
    """Progress that nobody looks at."""


def carry(before: str, after: str) -> None:
    """Bring everything from one server to another: what the upgrade to a newer major version asks for.

    Args:
        before: connection string of the old server's superuser.
        after: the new one's.

    Raises:
        StoreError: somebody's own tables or databases are there, which would be lost; or rows did not arrive.
    """
    with psycopg.connect(before) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        _refuse_foreign(connection)
        source = Living(connection)
        if source.inventory.revision is not None:
            load(after, source, DATABASE)


_FOREIGN = """
SELECT 'database ' || datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', %s)
UNION ALL
SELECT 'table ' || c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p', 'f', 'm') AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
  AND relowner IS DISTINCT FROM to_regrole('everyleg_owner') LIMIT 3
"""


def _refuse_foreign(connection: Connection[Any]) -> None:
    found = [name for (name,) in connection.execute(_FOREIGN, (DATABASE,))]
    if found:
        raise StoreError(
            f"this server also holds what is not Everyleg's ({', '.join(found)}), and an upgrade would leave it "
            "behind. Nothing was touched. Go back to the version before, move it elsewhere, drop it there, start again"
        )


def load(conninfo: str, source: Source, login: str | None, progress: Progress = nobody_asks) -> None:
    """Fill an empty database, in one transaction.

    Args:
        conninfo: of a login that may migrate.
        source: what to fill it with; it has a revision.
        login: as for `migrate`.
        progress: told of rows that are in.

    Raises:
        NotEmptyError: the database holds rows already.
        BackupError: what the source gave is not what it said it would.
    """
    with migrations.alone(conninfo) as connection:
        raw = migrations.bare(connection)
        if has_tables(raw):
            _refuse_filled(raw)
            # They may be of a newer revision than the source's; being empty, they are made anew
            raw.execute("SET LOCAL ROLE everyleg_owner")
            raw.execute("DROP OWNED BY everyleg_owner")
            raw.execute("RESET ROLE")
        migrations.become_owner(connection, login)
        migrations.upgrade(connection, str(source.inventory.revision))
        for table in source.inventory.tables:
            _fill(raw, source, table, progress)
        _raise_base(raw, source.inventory.position)
        migrations.upgrade(connection)


def _refuse_filled(connection: Connection[Any]) -> None:
    connection.execute("SET LOCAL ROLE everyleg_worker")
    for table in columns(connection):
        if connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(table))).rowcount:
            raise NotEmptyError(
                f"the store holds data already (table {table}) and a restore never mixes nor overwrites: set "
                "EVERYLEG_DATA to a new folder, or EVERYLEG_DATABASE_URL to an empty database"
            )
    connection.execute("RESET ROLE")


def _fill(connection: Connection[Any], source: Source, table: Contents, progress: Progress) -> None:
    name, names = sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    forced = connection.execute("SELECT relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", (table.name,))
    hidden = forced.fetchone() == (True,)
    if hidden:  # the owner itself may neither COPY into such a table nor count it
        connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(name))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, names)) as copy,
    ):
        for piece in source.rows(table):
            copy.write(piece)
            progress(table.name, piece.count(b"\n"))
    there = count(connection, table.name)
    if there != table.rows:
        raise BackupError(f"table {table.name} has {there} rows, and {table.rows} were expected: nothing was kept")
    for column, last in table.given.items():
        connection.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table.name, column, last))
    connection.execute(sql.SQL("ANALYZE {}").format(name))
    if hidden:
        connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name))


def _raise_base(connection: Connection[Any], position: int) -> None:
    """Put this database's positions above all of before, and above what the old server may have written since."""
    base = ((position >> 32) + 2) << 32
    connection.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION position_base() RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS {}"
        ).format(sql.Literal(f"SELECT {base}::bigint"))
    )
