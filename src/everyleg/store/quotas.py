"""Durable reservations of calls: made and committed before a call leaves, by any number of processes.

Every account has a clock of its own that only elapsed time moves on: by the database's clock, but not backwards, and
not faster than this process's monotonic clock says since it last looked. So no jump of a clock makes room that is not
there. (A jump forward while no process runs cannot be told from time that passed.)
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.types.json import Jsonb

from everyleg.store.db import Database
from everyleg.store.windows import Quota, Used, Verdict, left, reserve, windows

_MAKE = """
INSERT INTO source_quotas (workspace_id, account_id, clock, seen_at) VALUES (%s, %s, 0, clock_timestamp())
ON CONFLICT (workspace_id, account_id) DO NOTHING
"""

# The lock first, then the clock: read in one statement, the clock could be older than what the lock waited for.
_LOCK = "SELECT clock, seen_at, used FROM source_quotas WHERE workspace_id = %s AND account_id = %s FOR UPDATE"

_CLOCK = "SELECT clock_timestamp()"

_KEEP = """
UPDATE source_quotas SET clock = %s, seen_at = %s, used = %s WHERE workspace_id = %s AND account_id = %s
"""

_DRIFT = 1.001
"""How much faster than ours the database's clock may run without having jumped."""


class Look(Struct, frozen=True):
    """What this process last saw of an account's clock."""

    clock: float
    at: float
    """By the monotonic clock of this process."""


class Quotas:
    """Reservations of calls; safe between threads."""

    def __init__(self, database: Database, ticks: Callable[[], float] = time.monotonic) -> None:
        """`ticks`: seconds that never jump."""
        self._database, self._ticks = database, ticks
        self._seen: dict[tuple[int, int], Look] = {}
        self._lock = threading.Lock()

    def reserve(self, account: tuple[int, int], quota: Quota, wanted: int = 1, keep: float = 0.0) -> Verdict:
        """Reserve calls, durably; each has to leave at once (`windows.LATE_S`) or is lost.

        Args:
            account: workspace and account id.
            quota: what the account may ask.
            wanted: how many calls.
            keep: share of the quota that is left for whoever asks now.

        Raises:
            psycopg.Error: the database did not take it; nothing may be sent.
        """
        limits = windows(quota)
        if not limits:
            return Verdict(wanted, 0.0)
        with self._locked(account) as (connection, used, clock, now):
            after, verdict = reserve(used, limits, clock, wanted, keep)
            connection.execute(_KEEP, (clock, now, Jsonb(after), *account))
        return verdict

    def left(self, account: tuple[int, int], quota: Quota) -> dict[str, int]:
        """Window → calls that it still holds at this moment."""
        limits = windows(quota)
        with self._locked(account) as (_, used, clock, _now):
            return dict(left(used, limits, clock))

    @contextmanager
    def _locked(self, account: tuple[int, int]) -> Iterator[tuple[Connection[Any], Used, float, datetime]]:
        with self._database.transaction(None, "worker") as worker:
            row = worker.execute(_LOCK, account).fetchone()
            if row is None:
                worker.execute(_MAKE, account)
                row = worker.execute(_LOCK, account).fetchone()
            found = worker.execute(_CLOCK).fetchone()
            if row is None or found is None:
                raise LookupError(f"there is no account {account[1]}")
            clock = self._clock(account, row[0], (found[0] - row[1]).total_seconds())
            yield worker, msgspec.convert(row[2], Used), clock, found[0]

    def _clock(self, account: tuple[int, int], clock: float, elapsed: float) -> float:
        """What the account's clock shows now."""
        ticks = self._ticks()
        with self._lock:
            seen = self._seen.get(account)
            shown = clock + max(0.0, elapsed)
            if seen is not None:
                shown = max(clock, min(shown, seen.clock + (ticks - seen.at) * _DRIFT))
            self._seen[account] = Look(shown, ticks)
        return shown
