"""The reference of the benches that write statements: PostgreSQL's own COPY of the same rows, on the same server."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import psycopg
from msgspec import Struct

from everyleg.pipeline.bulk import insert
from everyleg.pipeline.settle import STATEMENTS
from everyleg.pipeline.work import BATCH
from everyleg.store.db import Database

ROUNDS = 5
"""Rounds of either side, in turns: a machine that is slow for a while is so for both. The middle ratio counts."""


class Copied(Struct):
    """Statements per second."""

    keyed: float
    """COPY to a temporary table and from there by key into the table (design §4), one commit for as many statements as
    a batch of the pipeline writes: what keeps each statement once."""
    bare: float
    """COPY straight into the table, one commit: refused by row-level security, and by the first row that is there."""


def beside(statements: int, seconds: Sequence[float], references: Sequence[Copied]) -> float:
    """The middle of the ratios of rounds: so many statements in so many seconds ÷ a keyed COPY right after."""
    return round(median(statements / took / one.keyed for took, one in zip(seconds, references, strict=True)), 4)


def figures_of(references: Sequence[Copied]) -> dict[str, int]:
    """The middle of what the references did, as figures of a bench."""
    return {
        "keyed_copy_statements_per_s": round(median(one.keyed for one in references)),
        "bare_copy_statements_per_s": round(median(one.bare for one in references)),
    }


def copied(database: Database, most: int, an_answer: int) -> Copied:
    """How fast statements that are in the store go into a table with the same columns, key and indexes.

    Args:
        database: on a private server, whose superuser passes row-level security.
        most: statements.
        an_answer: statements of an answer, so that batches are those of the pipeline.
    """
    assert database.server is not None  # noqa: S101 - benches open a private one
    with psycopg.connect(database.server.superuser_conninfo) as connection, connection.cursor(binary=True) as cursor:
        query = f"SELECT {STATEMENTS.names} FROM statements ORDER BY observation_id DESC LIMIT %s"  # noqa: S608
        rows = cursor.execute(query, (most,)).fetchall()
        connection.execute("CREATE SCHEMA beside")
        connection.execute("SET search_path TO beside, public")
        keyed, bare = _keyed(connection, rows, BATCH * an_answer), _bare(connection, rows)
        connection.rollback()
        connection.execute("DROP SCHEMA beside CASCADE")
    return Copied(len(rows) / keyed, len(rows) / bare)


def _table(connection: psycopg.Connection[Any]) -> None:
    connection.execute("DROP TABLE IF EXISTS beside.statements")
    connection.execute("CREATE TABLE beside.statements (LIKE public.statements INCLUDING ALL)")
    connection.commit()


def _keyed(connection: psycopg.Connection[Any], rows: Sequence[Any], batch: int) -> float:
    _table(connection)
    start = time.perf_counter()
    for at in range(0, len(rows), batch):
        insert(connection, STATEMENTS, rows[at : at + batch])
        connection.commit()
    return time.perf_counter() - start


def _bare(connection: psycopg.Connection[Any], rows: Sequence[Any]) -> float:
    _table(connection)
    start = time.perf_counter()
    copy_in = f"COPY beside.statements ({STATEMENTS.names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        copy.set_types([kind for _, kind in STATEMENTS.columns])
        for row in rows:
            copy.write_row(row)
    connection.commit()
    return time.perf_counter() - start
