"""The bench of intake: answers received by one process and taken to states by one worker, as the server does it."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

from everyleg.app.plugins import registry
from everyleg.cli.bench_answers import START, STATEMENTS, bench_store, items, take, through
from everyleg.cli.bench_copy import ROUNDS, beside, copied, figures_of
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import ways
from everyleg.pipeline.intake import Received
from everyleg.pipeline.work import drain
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

GOALS = {"copy": (0.12, 0.25)}
"""Floor and goal: statements/s from raw answers to states, durably received, beside keyed COPY (`bench_copy`)."""
_SPAWN = multiprocessing.get_context("spawn")


def run(seed: int, parcels: int) -> dict[str, Any]:
    """The bench document."""
    with bench_store() as (database, settings):
        workspace = default_workspace(database)
        through(database, items(workspace, ways(seed + 10_000, 100, STATEMENTS), STATEMENTS, START))
        ours, theirs = _SPAWN.Pipe()
        worker = _SPAWN.Process(target=_work, args=(settings, theirs), daemon=True)
        worker.start()
        ours.recv()
        rounds, references = [], []
        for i in range(ROUNDS):
            received = items(workspace, ways(seed + i, parcels, STATEMENTS), STATEMENTS, START)
            rounds.append(_round(database, ours, received))
            references.append(copied(database, parcels * STATEMENTS, STATEMENTS))
        ours.send(0)
        worker.join()
    durable, done = (median(seconds) for seconds in zip(*rounds, strict=True))
    copy = beside(parcels * STATEMENTS, [done for _, done in rounds], references)
    figures = {
        "parcels": parcels,
        "statements_per_answer": STATEMENTS,
        "durable_observations_per_s": round(parcels / durable),
        "observations_per_s": round(parcels / done),
        "statements_per_s": round(parcels * STATEMENTS / done),
        **figures_of(references),
    }
    return report("ingest", seed, figures, {"copy": copy}, GOALS)


def _round(database: Database, worker: Connection, received: Sequence[Received]) -> tuple[float, float]:
    """Seconds until all is durable, and until all is in states."""
    worker.send(len(received))
    start = time.perf_counter()
    take(database, received)
    durable = time.perf_counter() - start
    worker.recv()
    return durable, time.perf_counter() - start


def _work(settings: StoreSettings, lead: Connection) -> None:
    """A worker: told how many bodies come, it says when it has taken them in; 0 ends it."""
    with connect(settings) as database:
        carriers = registry()
        through(database, items(default_workspace(database), ways(0, 100, STATEMENTS), STATEMENTS, START))
        lead.send(True)
        while coming := lead.recv():
            while coming > 0:
                coming -= drain(database, carriers).bodies
            lead.send(True)
