"""The bench of replay: answers that are stored read and folded again, beside taking them in and reading alone."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from msgspec import Struct

from everyleg.app.plugins import registry
from everyleg.cli.bench_answers import START, STATEMENTS, bench_store, items, through
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import ways
from everyleg.pipeline.intake import Received
from everyleg.pipeline.replay import replay
from everyleg.ports.answer import Answer
from everyleg.store.db import Database

GOALS = {"ingest": (1.0, 2.0)}
"""Floor and goal: statements/s read and folded again ÷ taken in."""
ROUNDS = 4
"""Rounds of each, in turns: a machine that is slow for a while is so for all. The middle ratio counts. Each round reads
again all that was taken in so far.
"""


class Round(Struct):
    """Answers per second."""

    taken: float
    again: float
    read: float


def run(seed: int, parcels: int) -> dict[str, Any]:
    """The bench document."""
    with bench_store() as (database, _):
        workspace = default_workspace(database)
        through(database, items(workspace, ways(seed + 10_000, 100, STATEMENTS), STATEMENTS, START))
        told = (items(workspace, ways(seed + i, parcels, STATEMENTS), STATEMENTS, START) for i in range(ROUNDS))
        rounds = [_round(database, received, 100 + parcels * i) for i, received in enumerate(told, 1)]
    figures = {
        "parcels": parcels,
        "statements_per_answer": STATEMENTS,
        "replay_statements_per_s": round(median(one.again for one in rounds) * STATEMENTS),
        "ingest_statements_per_s": round(median(one.taken for one in rounds) * STATEMENTS),
        "normalize_events_per_s": round(median(one.read for one in rounds) * STATEMENTS),
    }
    ratios = {
        "ingest": round(median(one.again / one.taken for one in rounds), 3),
        "normalize": round(median(one.again / one.read for one in rounds), 3),
    }
    return report("replay", seed, figures, ratios, GOALS)


def _round(database: Database, received: Sequence[Received], stored: int) -> Round:
    carriers = registry()
    return Round(
        len(received) / _seconds(partial(through, database, received)),
        stored / _seconds(partial(replay, database, carriers)),
        len(received) / _seconds(partial(_read, received)),
    )


def _read(received: Sequence[Received]) -> None:
    """Read answers and do nothing with them, as `bench normalize` does."""
    carriers = registry()
    for one in received:
        carriers.carrier(str(one.carrier)).read(Answer(one.body), audit=False)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
