"""What each check of a number gave: news, nothing new, unknown to the carrier, or failed and why; source by source.

A body that came in says so itself (`write_outcomes`, `count_outcomes`); a check that brought none is told by whoever
asked (`record_failure`). Rows are merged by time, so late ones count and do not speak last.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from psycopg import Connection

from everyleg.core.model import Reason
from everyleg.pipeline.bulk import Target, array_of, insert
from everyleg.pipeline.known import Store
from everyleg.pipeline.observing import Count
from everyleg.store.sealing import Keyring

Outcome = Literal["news", "nothing_new", "unknown", "failed"]
"""The four outcomes of a check (design §2)."""

DETAIL = "checks.failed_detail"


class Check(NamedTuple):
    """What one check of a number gave."""

    number_id: int
    source: str
    at: datetime
    outcome: Outcome
    reason: Reason | None = None
    """Why it failed."""


_MERGE = """
ON CONFLICT (workspace_id, number_id, source) DO UPDATE SET times = checks.times + excluded.times,
    answered_at = greatest(checks.answered_at, excluded.answered_at),
    news_at = greatest(checks.news_at, excluded.news_at),
    failures = CASE WHEN excluded.checked_at < checks.checked_at THEN checks.failures
        WHEN excluded.outcome <> 'failed' THEN 0
        WHEN excluded.failures < excluded.times THEN excluded.failures
        ELSE checks.failures + excluded.failures END,
    unknowns = CASE WHEN excluded.checked_at < checks.checked_at THEN checks.unknowns
        WHEN excluded.outcome IN ('news', 'nothing_new') THEN 0
        WHEN excluded.news_at IS NOT NULL THEN excluded.unknowns
        ELSE checks.unknowns + excluded.unknowns END,
    outcome = CASE WHEN excluded.checked_at < checks.checked_at THEN checks.outcome ELSE excluded.outcome END,
    failed_kind = CASE WHEN excluded.checked_at < checks.checked_at THEN checks.failed_kind
        ELSE excluded.failed_kind END,
    failed_detail = CASE WHEN excluded.checked_at < checks.checked_at THEN checks.failed_detail
        ELSE excluded.failed_detail END,
    checked_at = greatest(checks.checked_at, excluded.checked_at)
"""

_CHECKS = Target(
    "checks",
    (
        ("workspace_id", "integer"), ("number_id", "bigint"), ("source", "text"), ("checked_at", "timestamptz"),
        ("outcome", "text"), ("failed_kind", "text"), ("failed_detail", "bytea"), ("answered_at", "timestamptz"),
        ("news_at", "timestamptz"), ("failures", "integer"), ("unknowns", "integer"), ("times", "integer"),
    ),
    _MERGE,
)  # fmt: skip

# An answer received again has nothing new, or says again what it said: that it does not know the number, or an error.
_AGAIN = f"""
INSERT INTO checks ({_CHECKS.names})
SELECT DISTINCT ON (r.number_id, r.source) r.workspace_id, r.number_id, r.source, c.at,
    CASE r.outcome WHEN 'found' THEN 'nothing_new' ELSE r.outcome END, r.failed_kind, NULL,
    CASE WHEN r.outcome <> 'failed' THEN c.at END, NULL::timestamptz,
    CASE WHEN r.outcome = 'failed' THEN c.times ELSE 0 END, CASE WHEN r.outcome = 'unknown' THEN c.times ELSE 0 END,
    c.times
FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[], %(times)s::integer[]) AS c (id, at, times)
CROSS JOIN LATERAL (SELECT * FROM readings r
    WHERE r.workspace_id = %(workspace)s AND r.observation_id = c.id OFFSET 0) r
ORDER BY r.number_id, r.source, c.at DESC
{_MERGE}
"""  # noqa: S608 - our own words


def write_outcomes(store: Store, checks: Iterable[Check]) -> None:
    """Keep what checks gave, in the caller's transaction; several of one number and source count together."""
    told: dict[tuple[int, str], list[Check]] = {}
    for check in checks:
        told.setdefault((check.number_id, check.source), []).append(check)
    insert(store.connection, _CHECKS, [_row(store, told[place]) for place in sorted(told)])


def count_outcomes(store: Store, counts: Sequence[Count]) -> None:
    """Keep that answers were received again, for all the numbers that they speak of."""
    if counts:
        asked = {
            "workspace": store.workspace,
            "ids": array_of(count.observation_id for count in counts),
            "at": array_of(count.last_observed_at for count in counts),
            "times": array_of(count.times for count in counts),
        }
        store.connection.execute(_AGAIN, asked)


def record_failure(
    connection: Connection[Any], keys: Keyring, workspace: int, checks: Sequence[tuple[int, str, datetime]], why: Reason
) -> None:
    """Keep that checks brought no body at all, in the caller's transaction of a worker.

    Args:
        connection: of a worker.
        keys: the keyring; the reason may hold the carrier's own words.
        workspace: whose numbers.
        checks: number id, source and time of each.
        why: what they failed of.
    """
    store = Store(connection, keys, workspace)
    write_outcomes(store, [Check(number, source, at, "failed", why) for number, source, at in checks])


def _row(store: Store, checks: list[Check]) -> tuple[Any, ...]:
    """One number's checks by one source: the last one speaks, the streaks are those up to it."""
    if len(checks) > 1:
        checks.sort(key=lambda check: check.at)
    number, source, at, outcome, reason = checks[-1]
    return (
        store.workspace, number, source, at, outcome, reason.kind if reason else None,
        store.keys.seal_text(reason.detail, store.about(DETAIL)) if reason else None,
        max((c.at for c in checks if c.outcome != "failed"), default=None),
        max((c.at for c in checks if c.outcome == "news"), default=None),
        _streak(checks, {"failed"}), _streak(checks, {"unknown"}), len(checks),
    )  # fmt: skip


def _streak(checks: list[Check], outcomes: set[Outcome]) -> int:
    streak = 0
    for check in reversed(checks):
        if check.outcome not in outcomes:
            break
        streak += 1
    return streak
