"""The bench of replay: answers that are stored read and folded again, beside taking them in and reading alone."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from everyleg.app.plugins import registry
from everyleg.cli.bench_answers import START, STATEMENTS, bench_store, items, through
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import ways
from everyleg.pipeline.intake import Received
from everyleg.pipeline.replay import replay
from everyleg.ports.answer import Answer

GOALS = {"ingest": (1.0, 2.0)}
"""Floor and goal: statements/s read and folded again ÷ taken in."""
ROUNDS = 3
"""Rounds of each; the fastest counts, since noise only ever adds. All that was taken in is read again."""


def run(seed: int, parcels: int) -> dict[str, Any]:
    """The bench document."""
    with bench_store() as (database, _):
        workspace, carriers = default_workspace(database), registry()
        through(database, items(workspace, ways(seed + 10_000, 100, STATEMENTS), STATEMENTS, START))
        rounds = [items(workspace, ways(seed + i, parcels, STATEMENTS), STATEMENTS, START) for i in range(ROUNDS)]
        taken = min(_seconds(partial(through, database, received)) for received in rounds)
        again = min(_seconds(partial(replay, database, carriers)) for _ in range(ROUNDS)) / ROUNDS
        read = min(_seconds(partial(_read, received)) for received in rounds)
    figures = {
        "parcels": parcels,
        "statements_per_answer": STATEMENTS,
        "replay_statements_per_s": round((parcels + 100 / ROUNDS) * STATEMENTS / again),
        "ingest_statements_per_s": round(parcels * STATEMENTS / taken),
        "normalize_events_per_s": round(parcels * STATEMENTS / read),
    }
    ratios = {
        "ingest": round(figures["replay_statements_per_s"] / figures["ingest_statements_per_s"], 3),
        "normalize": round(figures["replay_statements_per_s"] / figures["normalize_events_per_s"], 3),
    }
    return report("replay", seed, figures, ratios, GOALS)


def _read(received: Sequence[Received]) -> None:
    """Read answers and do nothing with them, as `bench normalize` does."""
    carriers = registry()
    for one in received:
        carriers.carrier(str(one.carrier)).read(Answer(one.body), audit=False)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
