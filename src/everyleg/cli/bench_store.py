"""The bench of the store: raw answers into states, beside a keyed COPY of the statements that they hold."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import psycopg
from msgspec import Struct

from everyleg.cli.bench_answers import START, STATEMENTS, bench_store, items, through
from everyleg.cli.bench_copy import ROUNDS, beside, copied, figures_of
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import Way, ways
from everyleg.pipeline.work import Drained
from everyleg.store.db import Database

GOALS = {"copy": (0.12, 0.25), "unchanged": (5.0, 10.0)}
"""Floor and goal: statements/s beside keyed COPY (`bench_copy`); seconds of an answer with news ÷ of one as before."""


class Round(Struct):
    """Seconds for each wave of answers about new parcels."""

    first: float
    """Each parcel's first answer, twelve statements."""
    same: float
    """The same bytes again."""
    news: float
    """One statement more."""


def run(seed: int, parcels: int) -> dict[str, Any]:
    """The bench document."""
    with bench_store() as (database, _):
        workspace = default_workspace(database)
        _round(database, workspace, ways(seed + 10_000, 100, STATEMENTS + 1))  # manifests compiled, caches warm
        size = _size(database, workspace, ways(seed + 20_000, parcels, STATEMENTS))
        rounds, references = [], []
        for i in range(ROUNDS):
            rounds.append(_round(database, workspace, ways(seed + i, parcels, STATEMENTS + 1)))
            references.append(copied(database, parcels * STATEMENTS, STATEMENTS))
    first, same, news = (median(getattr(one, wave) for one in rounds) for wave in ("first", "same", "news"))
    copy = beside(parcels * STATEMENTS, [one.first for one in rounds], references)
    figures = {
        "parcels": parcels,
        "statements_per_answer": STATEMENTS,
        "observations_per_s": round(parcels / first),
        "statements_per_s": round(parcels * STATEMENTS / first),
        **figures_of(references),
        "unchanged_observations_per_s": round(parcels / same),
        "news_observations_per_s": round(parcels / news),
        "bytes_per_parcel": round(size),
    }
    return report("store", seed, figures, {"copy": copy, "unchanged": round(news / same, 2)}, GOALS)


def _round(database: Database, workspace: int, told: Sequence[Way]) -> Round:
    waves = [(STATEMENTS, len(told), 0), (STATEMENTS, 0, len(told)), (STATEMENTS + 1, len(told), 0)]
    seconds = []
    for hours, (scans, read, unchanged) in enumerate(waves):
        received = items(workspace, told, scans, START + timedelta(hours=hours))
        seconds.append(_seconds(partial(through, database, received), read, unchanged))
    return Round(*seconds)


def _size(database: Database, workspace: int, told: Sequence[Way]) -> float:
    """Bytes that a parcel with one answer takes."""
    empty = _bytes(database)
    through(database, items(workspace, told, STATEMENTS, START))
    return (_bytes(database) - empty) / len(told)


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
