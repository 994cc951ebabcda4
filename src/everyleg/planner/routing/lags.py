"""How old news are when a source tells them: measured from what it told, beside what is known beforehand."""

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from msgspec import Struct
from psycopg import Connection

PRIOR, WEIGHT = timedelta(hours=6), 20
"""What is taken for the lag of a source that told nothing yet, and how many numbers' news that is worth."""
LONGEST = timedelta(days=3)
"""News older than this were not waited for: the number was first asked late."""

# The newest fact of a number, by the source whose answer brought it first: when it happened, and when it was told.
_TOLD = """
SELECT r.source, extract(epoch FROM r.observed_at - s.occurred_at)
FROM (SELECT source, number_id, observation_id, observed_at FROM readings
      WHERE workspace_id = %(workspace)s AND source = ANY(%(sources)s) AND outcome = 'found'
        AND observed_at > %(since)s
      ORDER BY observed_at DESC LIMIT %(most)s) r
CROSS JOIN LATERAL (
    SELECT max(occurred_at) AS occurred_at FROM statements s
    WHERE s.workspace_id = %(workspace)s AND s.number_id = r.number_id AND s.source = r.source
        AND s.observation_id = r.observation_id) s
WHERE s.occurred_at IS NOT NULL AND s.occurred_at <= r.observed_at
    AND s.occurred_at > r.observed_at - %(longest)s
"""


class Lag(Struct, frozen=True):
    """How late a source tells."""

    hours: float
    """Between a fact and its being told: the median, drawn to what is taken beforehand while few are known."""
    measured: int
    """On how many news it stands."""


def measure(
    worker: Connection[Any], workspace: int, sources: list[str], now: datetime, most: int = 2_000
) -> dict[str, Lag]:
    """How late each source told a workspace its news in the last thirty days, from the newest answers."""
    asked = {
        "workspace": workspace,
        "sources": sources,
        "since": now - timedelta(days=30),
        "most": most,
        "longest": LONGEST,
    }
    told: dict[str, list[float]] = {source: [] for source in sources}
    for source, seconds in worker.execute(_TOLD, asked):
        told[source].append(float(seconds) / 3600)
    return {source: _lag(hours) for source, hours in told.items()}


def _lag(hours: list[float]) -> Lag:
    prior = PRIOR.total_seconds() / 3600
    middle = median(hours) if hours else prior
    return Lag(round((len(hours) * middle + WEIGHT * prior) / (len(hours) + WEIGHT), 3), len(hours))
