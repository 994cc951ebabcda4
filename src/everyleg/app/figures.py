"""What the store says of the work that waits: questions whose cost does not grow with the store, asked now and then."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
import structlog
from msgspec import Struct
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

LONGEST_MS = 3000
"""A question that takes longer is given up until next time."""
MOST = 10_000
"""Rows that are counted one by one; where more wait, it is estimated or said to be so many."""
SAMPLE = 50_000
"""Rows of a large table that are looked at."""

_log = structlog.get_logger(__name__)


class Figure(Struct, frozen=True):
    """One question to the store, and the measurements it gives."""

    names: Mapping[str, str]
    """Name and description of each value; the last columns of a row, in this order."""
    query: str
    labels: tuple[str, ...] = ()
    """The first columns of a row."""
    every_s: float = 10.0


_JOURNAL = f"""
WITH first AS (SELECT received_at, attempts, bodies FROM inbox ORDER BY inbox_id LIMIT {MOST}),
few AS (SELECT count(*) AS rows, count(*) FILTER (WHERE attempts >= 3) AS stuck,
               coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE attempts < 3)), 0) AS age FROM first)
SELECT CASE WHEN rows < {MOST} THEN rows ELSE (SELECT max(inbox_id) - min(inbox_id) + 1 FROM inbox) END, age, stuck
FROM few
"""  # noqa: S608 - our own numbers

# the kinds are found by going from one to the next in the index, not by reading all that is due
_DUE = f"""
WITH RECURSIVE kinds AS (
    (SELECT worker_group, kind FROM due ORDER BY worker_group, kind LIMIT 1)
    UNION ALL
    SELECT next.worker_group, next.kind FROM kinds k CROSS JOIN LATERAL (
        SELECT worker_group, kind FROM due WHERE (worker_group, kind) > (k.worker_group, k.kind)
        ORDER BY worker_group, kind LIMIT 1) next)
SELECT k.kind, greatest(0, extract(epoch FROM now() - min(oldest.due_at))), sum(ripe.rows)
FROM kinds k CROSS JOIN LATERAL (
    SELECT due_at FROM due d WHERE (d.worker_group, d.kind) = (k.worker_group, k.kind) ORDER BY due_at LIMIT 1) oldest
CROSS JOIN LATERAL (SELECT count(*) AS rows FROM (
    SELECT FROM due d WHERE (d.worker_group, d.kind) = (k.worker_group, k.kind) AND d.due_at <= now()
    LIMIT {MOST}) few) ripe
GROUP BY k.kind
"""  # noqa: S608

_QUARANTINE = f"""
SELECT quarantine_kind, count(*) FROM (
    SELECT quarantine_kind FROM observations WHERE quarantine_kind IS NOT NULL LIMIT {SAMPLE}) few
GROUP BY quarantine_kind
"""  # noqa: S608

_CHECKS = """
SELECT n.carrier, c.source, c.outcome, count(*) * {times}
FROM checks c TABLESAMPLE SYSTEM ({percent}) JOIN numbers n USING (workspace_id, number_id)
GROUP BY 1, 2, 3
"""

_HELD = """
SELECT a.source, a.account_id, greatest(0, extract(epoch FROM h.retry_at - now())), h.failures
FROM source_health h JOIN source_accounts a USING (workspace_id, account_id) WHERE h.failures > 0 LIMIT 1000
"""

_SPENT = """
SELECT source, account_id, what, sum(times), sum(money) FROM spending
WHERE month = date_trunc('month', now() AT TIME ZONE 'UTC')::date GROUP BY 1, 2, 3
"""

_ROWS = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'checks'::regclass"

_TRANSACTIONS = """
SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
"""

FIGURES: tuple[Figure, ...] = (
    Figure(
        {
            "everyleg_journal_rows": "Rows of the journal that wait to be read; estimated above ten thousand.",
            "everyleg_journal_seconds": "Age of the oldest row of the journal that waits.",
            "everyleg_journal_stuck_rows": "Rows that could not even be put aside: their key is gone.",
        },
        _JOURNAL,
    ),
    Figure(
        {
            "everyleg_due_oldest_seconds": "How long the longest due of its kind has been due.",
            "everyleg_due_rows": "How many of its kind are due; counted up to ten thousand.",
        },
        _DUE,
        ("kind",),
    ),
    Figure(
        {
            "everyleg_transaction_oldest_seconds": "Age of the oldest transaction; readers of changes wait for it.",
            "everyleg_connections": "Connections to the database.",
        },
        _TRANSACTIONS,
    ),
    Figure(
        {"everyleg_quarantined": "Answers put aside, by reason; counted up to fifty thousand."},
        _QUARANTINE,
        ("kind",),
        60.0,
    ),
    Figure(
        {
            "everyleg_account_held_seconds": "How long an account is not asked yet, after failures.",
            "everyleg_account_failures": "Failures of an account in a row.",
        },
        _HELD,
        ("source", "account"),
    ),
    Figure(
        {
            "everyleg_spent_times": "What an account was used for this month, in times.",
            "everyleg_spent_money": "The same in money, as its prices say.",
        },
        _SPENT,
        ("source", "account", "what"),
        60.0,
    ),
    Figure(
        {"everyleg_checks_last": "Numbers by what the last check gave; from a sample where there are many."},
        _CHECKS,
        ("carrier", "source", "outcome"),
        60.0,
    ),
)
"""All questions."""


class Figures:
    """Asks the store, by a connection of its own: also when the pool is empty it can be seen why."""

    def __init__(self, conninfo: str, figures: Sequence[Figure] = FIGURES) -> None:
        """`conninfo`: of the store's login."""
        self._conninfo, self._figures = conninfo, figures
        self._lock = threading.Lock()
        self._known: dict[int, tuple[float, list[Metric]]] = {}
        self._up = 0.0

    def collect(self) -> Iterator[Metric]:
        """What is known, asked anew where it is old."""
        with self._lock:
            stale = [at for at, one in enumerate(self._figures) if self._is_stale(at, one)]
            if stale:
                self._ask(stale)
            known = [metric for _, metrics in self._known.values() for metric in metrics]
        yield GaugeMetricFamily("everyleg_database_up", "Whether the database answers.", self._up)
        yield from known

    def value(self, name: str) -> float:
        """One figure without labels; 0 where it is not known."""
        for metric in self.collect():
            if metric.name == name and metric.samples:
                return float(metric.samples[0].value)
        return 0.0

    def _is_stale(self, at: int, figure: Figure) -> bool:
        return at not in self._known or time.monotonic() - self._known[at][0] >= figure.every_s

    def _ask(self, stale: Sequence[int]) -> None:
        try:
            with psycopg.connect(self._conninfo, connect_timeout=3, autocommit=True) as connection:
                for at in stale:
                    self._known[at] = (time.monotonic(), self._answer(connection, self._figures[at]))
            self._up = 1.0
        except psycopg.Error as error:
            _log.warning("figures_not_known", error=type(error).__name__)
            self._up = 0.0
            now = time.monotonic()
            self._known |= {at: (now, []) for at in stale}  # rather nothing than what was true once

    def _answer(self, connection: psycopg.Connection[Any], figure: Figure) -> list[Metric]:
        families = [GaugeMetricFamily(name, told, labels=figure.labels) for name, told in figure.names.items()]
        labels = len(figure.labels)
        try:
            with connection.transaction():
                connection.execute(
                    "SELECT set_config('role', 'everyleg_worker', true), set_config('statement_timeout', %s, true)",
                    (str(LONGEST_MS),),
                )
                for row in connection.execute(_query(connection, figure)):
                    for family, value in zip(families, row[labels:], strict=True):
                        family.add_metric([str(label) for label in row[:labels]], float(value))
        except psycopg.Error as error:
            if connection.closed:
                raise
            _log.warning("figure_given_up", names=[*figure.names], error=type(error).__name__)
        return list(families)


def _query(connection: psycopg.Connection[Any], figure: Figure) -> str:
    if figure.query is not _CHECKS:
        return figure.query
    row = connection.execute(_ROWS).fetchone()
    percent = min(100.0, 100.0 * SAMPLE / max(1.0, row[0] if row else 1.0))
    return _CHECKS.format(percent=f"{percent:.4f}", times=f"{100 / percent:.2f}")
