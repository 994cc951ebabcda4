"""A new key for all that lies sealed: added, everything sealed anew in batches, and only then the old one dropped.

Killed at any point, it goes on where it was: the keyring tells which key is the new one, each value which key sealed
it. Rows that somebody else is writing are passed over, never waited for, and found in the next round.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import Connection, sql

from everyleg.store.db import Database
from everyleg.store.errors import StoreError
from everyleg.store.sealing import FOLLOWS, Keyring, about_column, add_key, drop_keys, load_keyring
from everyleg.store.tables import metadata
from everyleg.store.tables.personal import SEALED

BATCH = 500
_ROUNDS = 10
_LOCK = 0x65766C72
"""Advisory lock (`evlr`): one rotation at a time."""

Progress = Callable[[str, int], None]
"""Told of each batch: the table, and how many rows of it were sealed anew."""


class NotRotatedError(StoreError):
    """A rotation cannot begin or cannot end now; nothing is lost, and it goes on when it is run again."""


class _Table(Struct, frozen=True):
    """What is sealed in a table, and the statements for it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def _names(self, columns: Sequence[str]) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, columns))

    def _old(self) -> sql.Composed:
        test = sql.SQL("substring({} FROM 1 FOR 2) <> %(head)s")
        return sql.SQL(" OR ").join(test.format(sql.Identifier(column)) for column in self.columns)

    def select(self, *, go_on: bool) -> sql.Composed:
        """Rows that another key sealed, in order of their key; `go_on`: from after one."""
        query = "SELECT {both} FROM {table} WHERE ({old}) {after} ORDER BY {key} LIMIT %(most)s FOR UPDATE SKIP LOCKED"
        marks = sql.SQL(", ").join(sql.Placeholder(f"k{i}") for i in range(len(self.key)))
        after = sql.SQL("AND ({key}) > ({marks})").format(key=self._names(self.key), marks=marks)
        return sql.SQL(query).format(
            both=self._names((*self.key, *self.columns)),
            table=sql.Identifier(self.name),
            old=self._old(),
            after=after if go_on else sql.SQL(""),
            key=self._names(self.key),
        )

    def update(self) -> sql.Composed:
        """Write one row's values back."""
        return sql.SQL("UPDATE {table} SET {values} WHERE {key}").format(
            table=sql.Identifier(self.name),
            values=sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(c)) for c in self.columns),
            key=sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(c)) for c in self.key),
        )

    def any_old(self) -> sql.Composed:
        """Whether a row is left that another key sealed."""
        query = sql.SQL("SELECT EXISTS (SELECT FROM {table} WHERE {old})")
        return query.format(table=sql.Identifier(self.name), old=self._old())


def _tables() -> list[_Table]:
    return [
        _Table(name, tuple(c.name for c in metadata.tables[name].primary_key.columns), tuple(c for _, c in columns))
        for name, columns in groupby(SEALED, key=lambda pair: pair[0])
    ]


def rotate(
    database: Database, keyring: Path, progress: Progress = lambda table, rows: None, settle: float = 2 * FOLLOWS
) -> dict[str, int]:
    """Seal everything with a new key and drop the old ones; gives the rows sealed anew, by table.

    Args:
        database: the store.
        keyring: the file of its keyring; every process that uses the store follows it.
        progress: told of each batch.
        settle: seconds until they all seal with the new key, `FOLLOWS` and some.

    Raises:
        NotRotatedError: another rotation runs, or values sealed with an old key go on appearing.
    """
    with _alone(database):
        began = len(load_keyring(keyring).numbers) > 1
        keys: Keyring = load_keyring(keyring) if began else add_key(keyring)
        time.sleep(settle)
        _outwait(database)
        done: dict[str, int] = {}
        found = ["not looked yet"]
        for _ in range(_ROUNDS):
            for table in _tables():
                for rows in _seal_anew(database, keys, table):
                    done[table.name] = done.get(table.name, 0) + rows
                    progress(table.name, rows)
            quiet, found = not found, left(database, keys.newest)
            if quiet and not found:
                drop_keys(keyring, keep=keys.newest)
                return done
            time.sleep(settle)
        raise NotRotatedError(f"{', '.join(found)}: values go on appearing that an old key sealed; rotate again later")


def left(database: Database, newest: int) -> list[str]:
    """The tables in which something is sealed with another key than the newest."""
    asked = {"head": newest.to_bytes(2, "big")}
    with database.transaction(None, "worker") as worker:
        return [table.name for table in _tables() if (worker.execute(table.any_old(), asked).fetchone() or (0,))[0]]


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    with psycopg.connect(database.conninfo, autocommit=True) as holder:
        if holder.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
            raise NotRotatedError("another rotation is running; wait until it has ended")
        yield


def _outwait(database: Database, longest: float = 60.0) -> None:
    """Wait for the transactions that may have sealed before they knew of the new key."""
    end = time.monotonic() + longest
    with database.transaction(None, "worker") as worker:
        newest = _one(worker, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    while True:
        with database.transaction(None, "worker") as worker:
            oldest = _one(worker, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        if oldest >= newest:
            return
        if time.monotonic() > end:
            raise NotRotatedError("a transaction has been running since before the new key; end it and rotate again")
        time.sleep(0.05)


def _one(connection: Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _seal_anew(database: Database, keys: Keyring, table: _Table) -> Iterator[int]:
    """Walk a table once, a transaction for each batch; gives the rows of each."""
    asked: dict[str, Any] = {"head": keys.newest.to_bytes(2, "big"), "most": BATCH}
    go_on = False
    while True:
        with database.transaction(None, "worker") as worker:
            rows = worker.execute(table.select(go_on=go_on), asked).fetchall()
            if not rows:
                return
            with worker.cursor() as cursor:
                cursor.executemany(table.update(), [_row_anew(keys, table, row) for row in rows])
        yield len(rows)
        asked |= {f"k{i}": value for i, value in enumerate(rows[-1][: len(table.key)])}
        go_on = True


def _row_anew(keys: Keyring, table: _Table, row: tuple[Any, ...]) -> list[Any]:
    key, values = row[: len(table.key)], row[len(table.key) :]
    workspace = key[0]
    anew = [
        value if value is None or keys.key_of(value) == keys.newest else keys.seal(keys.open(value, about), about)
        for column, value in zip(table.columns, values, strict=True)
        for about in (about_column(workspace, f"{table.name}.{column}"),)
    ]
    return [*anew, *key]
