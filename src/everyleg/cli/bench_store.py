"""The bench of the store: raw answers into states, beside a bare COPY of the statements that they hold."""

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from everyleg.app.plugins import registry
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import Way, ways
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import Drained, drain
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

GOALS = {"copy": (0.12, 0.25), "unchanged": (5.0, 10.0)}
"""Floor and goal: statements/s beside bare COPY; an answer with news ÷ one equal to the last, in time."""
STATEMENTS = 12
"""Statements of an answer."""
ROUNDS = 3
"""Rounds of each side; the fastest counts, since noise only ever adds."""
_GROUP = 64
"""Bodies received in one commit, as the receiver does."""
_START = datetime(2026, 11, 20, tzinfo=UTC)


class Round(Struct):
    """Seconds for each wave of answers about new parcels."""

    first: float
    """Each parcel's first answer, twelve statements."""
    same: float
    """The same bytes again."""
    news: float
    """One statement more."""


def run(seed: int, parcels: int) -> dict[str, Any]:
    """The bench document, on a private server of its own, with its usual settings, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="everyleg-bench-") as folder:
        Path(folder).chmod(0o711)
        with connect(StoreSettings(Path(folder) / "data")) as database:
            workspace = default_workspace(database)
            _round(database, workspace, ways(seed + 10_000, 100, STATEMENTS + 1))  # manifests compiled, caches warm
            size = _size(database, workspace, ways(seed + 20_000, parcels, STATEMENTS))
            rounds = [_round(database, workspace, ways(seed + i, parcels, STATEMENTS + 1)) for i in range(ROUNDS)]
            bare, statements = _copy(database, parcels * STATEMENTS)
    first, same, news = (min(getattr(one, wave) for one in rounds) for wave in ("first", "same", "news"))
    figures = {
        "parcels": parcels,
        "statements_per_answer": STATEMENTS,
        "observations_per_s": round(parcels / first),
        "statements_per_s": round(parcels * STATEMENTS / first),
        "copy_statements_per_s": round(statements / bare),
        "unchanged_observations_per_s": round(parcels / same),
        "news_observations_per_s": round(parcels / news),
        "bytes_per_parcel": round(size),
    }
    copy = figures["statements_per_s"] / figures["copy_statements_per_s"]
    return report("store", seed, figures, {"copy": round(copy, 4), "unchanged": round(news / same, 2)}, GOALS)


def _round(database: Database, workspace: int, told: Sequence[Way]) -> Round:
    waves = [(STATEMENTS, len(told), 0), (STATEMENTS, 0, len(told)), (STATEMENTS + 1, len(told), 0)]
    seconds = []
    for hours, (scans, read, unchanged) in enumerate(waves):
        items = _items(workspace, told, scans, _START + timedelta(hours=hours))
        seconds.append(_seconds(partial(_through, database, items), read, unchanged))
    return Round(*seconds)


def _items(workspace: int, told: Sequence[Way], scans: int, at: datetime) -> list[Received]:
    return [Received(workspace, "carrier_api", way.slug, way.answer(scans), (way.number,), at) for way in told]


def _size(database: Database, workspace: int, told: Sequence[Way]) -> float:
    """Bytes that a parcel with one answer takes."""
    empty = _bytes(database)
    _through(database, _items(workspace, told, STATEMENTS, _START))
    return (_bytes(database) - empty) / len(told)


def _through(database: Database, items: Sequence[Received]) -> Drained:
    for at in range(0, len(items), _GROUP):
        receive(database, items[at : at + _GROUP])
    return drain(database, registry())


def _seconds(work: Callable[[], Drained], read: int, unchanged: int) -> float:
    start = time.perf_counter()
    done = work()
    taken = time.perf_counter() - start
    if (done.read, done.unchanged) != (read, unchanged) or done.quarantined:
        raise RuntimeError(f"not what was sent: {done}")
    return taken


def _bytes(database: Database) -> int:
    """Bytes of all tables and indexes, once what was deleted is given back."""
    assert database.server is not None  # noqa: S101 - `run` opens a private one
    with psycopg.connect(database.server.superuser_conninfo, autocommit=True) as connection:
        connection.execute("VACUUM")
        query = """SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
        return int(connection.execute(query).fetchall()[0][0])


def _copy(database: Database, most: int) -> tuple[float, int]:
    """The best time of a COPY of statements into a table with the same columns, keys and indexes; and how many."""
    assert database.server is not None  # noqa: S101 - `run` opens a private one
    with psycopg.connect(database.server.superuser_conninfo) as connection, connection.cursor(binary=True) as cursor:
        rows = cursor.execute("SELECT * FROM statements ORDER BY observation_id DESC LIMIT %s", (most,)).fetchall()
        names = [column.name for column in cursor.description or ()]
        types = [column.type_code for column in cursor.description or ()]
        best = float("inf")
        for _ in range(ROUNDS):
            cursor.execute("CREATE TABLE bare_statements (LIKE statements INCLUDING ALL)")
            connection.commit()
            start = time.perf_counter()
            with cursor.copy(f"COPY bare_statements ({', '.join(names)}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
            connection.commit()
            best = min(best, time.perf_counter() - start)
            cursor.execute("DROP TABLE bare_statements")
        connection.rollback()
    return best, len(rows)
