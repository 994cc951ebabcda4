"""Holding an account back that fails: durable, so that a restart does not hammer whoever is down or has banned us."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.sources import HEALTH_DETAIL, Health
from everyleg.core.model import FailedKind
from everyleg.store.sealing import Keyring, about_column

OPENS_AFTER = 5
"""Failures in a row after which an account is held back."""
_REFUSED_AFTER = 2
"""The same for refusals: a login that is wrong stays wrong, and asking on and on gets it banned."""
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)

_ANSWERED_EVERY = timedelta(minutes=1)
"""How often at most it is written that an account works."""

_LOCK = """
SELECT failures, failed_kind, NULL, failed_at, answered_at, retry_at FROM source_health
WHERE workspace_id = %s AND account_id = %s FOR UPDATE
"""

_KEEP = """
INSERT INTO source_health
    (workspace_id, account_id, failures, failed_kind, failed_detail, failed_at, answered_at, retry_at)
VALUES (%(workspace)s, %(account)s, %(failures)s, %(kind)s, %(detail)s, %(failed_at)s, %(answered_at)s, %(retry_at)s)
ON CONFLICT (workspace_id, account_id) DO UPDATE SET failures = excluded.failures,
    failed_kind = coalesce(excluded.failed_kind, source_health.failed_kind),
    failed_detail = coalesce(excluded.failed_detail, source_health.failed_detail),
    failed_at = coalesce(excluded.failed_at, source_health.failed_at),
    answered_at = coalesce(excluded.answered_at, source_health.answered_at),
    retry_at = excluded.retry_at
"""


class Trouble(Struct, frozen=True):
    """A failure that is the account's or its server's, not the number's."""

    kind: FailedKind
    detail: str
    retry_after_s: int | None = None
    """What the server asked for."""
    by_status: bool = False
    """Whether the HTTP status itself says it: a body that says so may be about that one number."""


def after_failure(health: Health, trouble: Trouble, at: datetime) -> Health:
    """How an account is doing after one more failure: held back as long as its server says, or longer and longer where
    it says nothing, or says it again and again.
    """
    failures = health.failures + 1
    opens = {"rate_limited": 1, "refused": _REFUSED_AFTER}.get(trouble.kind) if trouble.by_status else None
    if trouble.retry_after_s:
        opens = None
    opens = opens or OPENS_AFTER
    pause = timedelta(seconds=min(trouble.retry_after_s or 0, 86_400))
    if failures >= opens:
        pause = max(pause, min(_FIRST * 2 ** min(failures - opens, 10), _LONGEST))
    until = at + pause if pause else None
    held = max((one for one in (until, health.retry_at) if one is not None), default=None)
    return Health(failures, trouble.kind, trouble.detail, at, health.answered_at, held)


def is_held(health: Health, now: datetime) -> bool:
    """Whether an account is not to be asked yet."""
    return health.retry_at is not None and health.retry_at > now


def is_suspect(health: Health) -> bool:
    """Whether an account failed so often that one question at a time is enough, until it answers."""
    return health.failures >= _REFUSED_AFTER


def keep_failure(
    worker: Connection[Any], keys: Keyring, place: tuple[int, int], trouble: Trouble, at: datetime
) -> Health:
    """Count a failure of an account (`place`: workspace and account id) and give how it is doing now."""
    there = worker.execute(_LOCK, place).fetchone()
    health = after_failure(Health(*there) if there else Health(), trouble, at)
    _write(worker, place, health, keys.seal_text(trouble.detail, about_column(place[0], HEALTH_DETAIL)))
    return health


def keep_answer(worker: Connection[Any], place: tuple[int, int], known: Health, at: datetime) -> Health:
    """Note that an account works, if that is news; `known`: how it was doing."""
    fresh = known.answered_at is not None and at - known.answered_at < _ANSWERED_EVERY
    if fresh and not known.failures and known.retry_at is None:
        return known
    health = Health(0, None, None, None, at, None)
    _write(worker, place, health, None)
    return health


def _write(worker: Connection[Any], place: tuple[int, int], health: Health, detail: bytes | None) -> None:
    values = {
        "workspace": place[0], "account": place[1], "failures": health.failures, "kind": health.failed_kind,
        "detail": detail, "failed_at": health.failed_at, "answered_at": health.answered_at, "retry_at": health.retry_at,
    }  # fmt: skip
    worker.execute(_KEEP, values)
