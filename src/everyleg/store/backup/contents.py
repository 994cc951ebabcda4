"""What there is to move, and a running database as the place it comes from."""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any, Protocol

from msgspec import Struct
from psycopg import Connection, sql

from everyleg.store.migrations import current


class Contents(Struct, frozen=True, kw_only=True):
    """One table with its rows."""

    name: str
    columns: tuple[str, ...]
    rows: int
    given: dict[str, int] = {}
    """Column that the database numbers → the last number it gave out."""
    sha256: str = ""
    """Of the table's bytes in a file."""


class Inventory(Struct, frozen=True):
    """Everything that there is to move, of one moment."""

    revision: str | None
    """Which tables: the migration that made them; None when there are none."""
    position: int
    """Every change of before stands below this (`migrations/versions/0001_positions.sql`)."""
    tables: tuple[Contents, ...]
    """In an order in which each refers to earlier ones only."""


class Source(Protocol):
    """Where rows come from."""

    @property
    def inventory(self) -> Inventory:
        """What it holds."""

    def rows(self, table: Contents) -> Iterable[bytes]:
        """A table's rows in COPY's text format, in pieces of any size."""


_OURS = "relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner = 'everyleg_owner'::regrole"

_COLUMNS = f"""
SELECT relname::text, array_agg(attname::text ORDER BY attnum),
       array_agg(attname::text ORDER BY attnum) FILTER (WHERE attidentity <> '')
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
WHERE {_OURS} AND relname <> 'alembic_version' GROUP BY relname
"""  # noqa: S608 - a constant

_REFERENCES = f"""
SELECT a.relname::text, b.relname::text FROM pg_constraint
JOIN (SELECT * FROM pg_class WHERE {_OURS}) a ON a.oid = conrelid JOIN pg_class b ON b.oid = confrelid
WHERE contype = 'f' AND a.oid <> b.oid
"""  # noqa: S608 - a constant

_GIVEN = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)"

_POSITION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + position_base()"


def has_tables(connection: Connection[Any]) -> bool:
    """Whether the database has tables of ours."""
    row = connection.execute("SELECT to_regrole('everyleg_owner') IS NOT NULL").fetchone()
    return row == (True,) and connection.execute(f"SELECT FROM pg_class WHERE {_OURS} LIMIT 1").rowcount > 0


def columns(connection: Connection[Any]) -> dict[str, tuple[list[str], list[str]]]:
    """Table → its columns, and those that the database numbers; each table refers to earlier ones only."""
    found = {name: (all_of, numbered or []) for name, all_of, numbered in connection.execute(_COLUMNS)}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(sorted(found), ()))
    for table, to in connection.execute(_REFERENCES):
        order.add(table, to)
    return {name: found[name] for name in order.static_order()}


def count(connection: Connection[Any], table: str) -> int:
    """How many rows of a table the connection's role sees."""
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


class Living:
    """A database as a source: the connection is in one snapshot (repeatable read), its role sees all rows."""

    def __init__(self, connection: Connection[Any]) -> None:
        """Count what is there."""
        self._connection = connection
        self.inventory = _taken(connection) if has_tables(connection) else Inventory(None, 0, ())

    def rows(self, table: Contents) -> Iterator[bytes]:
        """A table's rows in COPY's text format."""
        names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table.name), names)
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for piece in copy:
                yield bytes(piece)


def _taken(connection: Connection[Any]) -> Inventory:
    row = connection.execute(_POSITION).fetchone()
    tables = tuple(
        Contents(
            name=name,
            columns=tuple(all_of),
            rows=count(connection, name),
            given=dict(_given(connection, name, numbered)),
        )
        for name, (all_of, numbered) in columns(connection).items()
    )
    return Inventory(current(connection), int(row[0]) if row else 0, tables)


def _given(connection: Connection[Any], table: str, numbered: list[str]) -> Iterator[tuple[str, int]]:
    for column in numbered:
        row = connection.execute(_GIVEN, (table, column)).fetchone()
        if row and row[0] is not None:
            yield column, row[0]
