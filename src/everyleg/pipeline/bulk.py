"""Many rows at once: COPY to a temporary table, then one statement that merges them (COPY into a table with row-level
security is refused). A handful goes in by a prepared INSERT.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct
from psycopg import Connection, Cursor
from xxhash import xxh3_64_hexdigest

FEW = 40
"""Up to this many rows a temporary table costs more than it saves."""


def each(select: str, order: str = "") -> str:
    """A query for a workspace and a list of ids, in this order, from one for a single id.

    Each id is looked up by itself (`OFFSET 0` keeps the planner from joining otherwise): in a young table it has no
    statistics, and would rather read the whole workspace.

    Args:
        select: a query that names the workspace `a.workspace_id` and the id `w.id`.
        order: the `ORDER BY` clause of the whole.
    """
    asked = "(VALUES (%s::integer)) AS a (workspace_id) CROSS JOIN unnest(%s::bigint[]) AS w (id)"
    return f"SELECT x.* FROM {asked} CROSS JOIN LATERAL ({select} OFFSET 0) x {order}"  # noqa: S608 - our own words


def array_of(values: Iterable[int | datetime]) -> str:
    """Numbers or times as PostgreSQL writes an array of them; a list would be walked through three times to find out
    its type.
    """
    return "{" + ",".join(map(str, values)) + "}"


def array_of_bytes(values: Iterable[bytes]) -> str:
    """Bytes as PostgreSQL writes an array of them, as `array_of`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


class Target(Struct, frozen=True):
    """Where rows go. All of it is written by us, nothing in it is read from anywhere."""

    table: str
    columns: tuple[tuple[str, str], ...]
    """Name and type of each value of a row."""
    conflict: str = ""
    """The `ON CONFLICT` clause."""
    returning: str = ""
    """What each new row gives, as a list of columns."""

    @property
    def names(self) -> str:
        """The columns, as SQL lists them."""
        return ", ".join(name for name, _ in self.columns)

    @property
    def tail(self) -> str:
        """What stands behind the rows."""
        return self.conflict + (f" RETURNING {self.returning}" if self.returning else "")


def insert(connection: Connection[Any], target: Target, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Put rows in; gives what the target returns, one tuple for each row that went in.

    No two rows may have the same key.
    """
    if not rows:
        return []
    found: list[Any] = []
    with connection.cursor() as cursor:
        _stage(cursor, target, rows)
        _merge(cursor, target, rows)
        while target.returning:
            found += cursor.fetchall()
            if not cursor.nextset():
                break
    return found


Writes = Sequence[tuple[Target, Sequence[Sequence[Any]]]]
"""What is to be put in, in this order; of targets that return nothing."""


@contextmanager
def inserting(connection: Connection[Any], writes: Writes) -> Iterator[None]:
    """Put rows in while the block does something else: the server merges what was copied to it meanwhile.

    The block must not use the connection. What the server refuses is raised at its end.
    """
    writes = [(target, rows) for target, rows in writes if rows]
    if not writes:
        yield
        return
    with connection.cursor() as cursor:
        for target, rows in writes:
            _stage(cursor, target, rows)
        with connection.pipeline():
            for target, rows in writes:
                _merge(cursor, target, rows)
            yield


@lru_cache(maxsize=64)
def _one_by_one(target: Target) -> str:
    marks = ", ".join(f"%s::{kind}" for _, kind in target.columns)
    return f"INSERT INTO {target.table} ({target.names}) VALUES ({marks}) {target.tail}"  # noqa: S608 - our own words


@lru_cache(maxsize=64)
def _whole(target: Target) -> tuple[str, str, str]:
    columns = ", ".join(f"{name} {kind}" for name, kind in target.columns)
    staged = f"new_{target.table}_{xxh3_64_hexdigest(columns.encode())}"
    return (
        f"""DO $$ BEGIN IF to_regclass('pg_temp.{staged}') IS NULL THEN
            CREATE TEMPORARY TABLE {staged} ({columns}) ON COMMIT DELETE ROWS;
            GRANT ALL ON {staged} TO PUBLIC;
        END IF; END $$;
        DELETE FROM {staged}""",  # noqa: S608 - our own words
        f"COPY {staged} ({target.names}) FROM STDIN (FORMAT BINARY)",
        f"INSERT INTO {target.table} ({target.names}) SELECT {target.names} FROM {staged} {target.tail}",  # noqa: S608
    )


def _stage(cursor: Cursor[Any], target: Target, rows: Sequence[Sequence[Any]]) -> None:
    """Copy rows, more than a few, to the session's temporary table of a target; making one costs as much as merging a
    hundred rows.
    """
    if len(rows) <= FEW:
        return
    make, fill, _ = _whole(target)
    cursor.execute(make)
    with cursor.copy(fill) as copy:
        copy.set_types([kind for _, kind in target.columns])
        for row in rows:
            copy.write_row(row)


def _merge(cursor: Cursor[Any], target: Target, rows: Sequence[Sequence[Any]]) -> None:
    """Put rows in: a few by themselves, more from where they were staged."""
    if len(rows) > FEW:
        cursor.execute(_whole(target)[2])
    else:
        cursor.executemany(_one_by_one(target), rows, returning=bool(target.returning))
