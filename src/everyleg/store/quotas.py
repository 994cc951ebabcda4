"""Durable reservations of calls: made and committed before a call leaves, by any number of processes.

Whatever is counted (an account; all accounts that a server cannot tell apart) has a clock of its own that only elapsed
time moves on: by the database's clock, but not backwards, and not faster than this process's monotonic clock says since
it last looked. So no jump of a clock makes room that is not there. (A jump forward while no process runs cannot be told
from time that passed.)
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

from everyleg.store.db import Database
from everyleg.store.windows import Count, Quota, Used, Verdict, reserve, windows

INSTALLATION = 0
"""Stands for the workspace of rows that belong to none: no workspace has this id, so only workers see them."""

# The lock first, then the clock: read in one statement, the clock could be older than what the lock waited for.
_CLOCK = "SELECT clock_timestamp()"

_PATIENCE = "SET LOCAL lock_timeout = '2s'"
"""Whoever stands still with a row locked must not keep every thread of every other process waiting for it."""
_LOCKED_S = 10.0
"""When it is tried again then."""

_DRIFT = 1.001
"""How much faster than ours the database's clock may run without having jumped."""
_LEAP_S = 0.5
"""By so much it may be ahead as we were slow to look at ours."""
_LEAPS = 100


class Pool(Struct, frozen=True):
    """Accounts that a server cannot tell apart, of all workspaces: it counts them as one."""

    name: str
    """Says which server it is and from which address it is asked; kept as a keyed digest only."""
    quota: Quota
    """What all of them may ask together."""


class Allowance(Struct, frozen=True):
    """What an account may ask."""

    quota: Quota
    pool: Pool | None = None
    """Whom it is counted together with; None: nobody, as it has a login of its own."""

    @property
    def limits(self) -> bool:
        """Whether there is anything to count."""
        return self.pool is not None or bool(windows(self.quota))


class _Place(Struct, frozen=True):
    """Where something is counted."""

    statements: "_Statements"
    workspace: int
    key: int | bytes

    @property
    def row(self) -> dict[str, int | bytes]:
        return {"workspace": self.workspace, "key": self.key}


class _Statements(Struct, frozen=True):
    """Of one table."""

    make: str
    lock: str
    keep: str


_OF_ACCOUNT = _Statements(
    make="""
INSERT INTO source_quotas (workspace_id, account_id, clock, seen_at)
VALUES (%(workspace)s, %(key)s, 0, clock_timestamp()) ON CONFLICT (workspace_id, account_id) DO NOTHING
""",
    lock="""
SELECT clock, seen_at, used, NULL::float FROM source_quotas
WHERE workspace_id = %(workspace)s AND account_id = %(key)s FOR UPDATE
""",
    keep="""
UPDATE source_quotas SET clock = %(clock)s, seen_at = %(now)s, used = %(used)s
WHERE workspace_id = %(workspace)s AND account_id = %(key)s
""",
)

_OF_POOL = _Statements(
    make="""
INSERT INTO shared_quotas (workspace_id, pool, clock, seen_at)
VALUES (%(workspace)s, %(key)s, 0, clock_timestamp()) ON CONFLICT (workspace_id, pool) DO NOTHING
""",
    lock="""
SELECT clock, seen_at, used, held_until FROM shared_quotas
WHERE workspace_id = %(workspace)s AND pool = %(key)s FOR UPDATE
""",
    keep="""
UPDATE shared_quotas SET clock = %(clock)s, seen_at = %(now)s, used = %(used)s, held_until = %(held_until)s
WHERE workspace_id = %(workspace)s AND pool = %(key)s
""",
)


class _Book(Struct):
    """What is counted somewhere, as it stands now and locked for us."""

    place: _Place
    used: Used
    clock: float
    now: datetime
    held_until: float | None
    """Nobody asks before this clock shows so much."""

    @property
    def held_s(self) -> float:
        """Seconds for which nobody may ask."""
        return max(0.0, (self.held_until or 0.0) - self.clock)

    def write(self, connection: Connection[Any]) -> None:
        """Keep it as it is now."""
        values = {"clock": self.clock, "now": self.now, "used": Jsonb(self.used), "held_until": self.held_until}
        connection.execute(self.place.statements.keep, {**self.place.row, **values})


class _Look(Struct, frozen=True):
    """What this process last saw of a clock."""

    clock: float
    at: float
    """By the monotonic clock of this process."""


class _Leaps:
    """How far the database's clock leapt ahead of this process's own while it ran; for clocks that it never saw."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None
        self._leaps: list[tuple[datetime, float]] = []

    def look(self, now: datetime, ticks: float) -> None:
        """Note what both clocks show."""
        if self._last is not None and now > self._last[0]:
            ahead = (now - self._last[0]).total_seconds() - (ticks - self._last[1]) * _DRIFT
            if ahead > _LEAP_S:
                self._leaps = [*self._leaps[-_LEAPS:], (self._last[0], ahead)]
        if self._last is None or now > self._last[0]:
            self._last = now, ticks

    def since(self, at: datetime) -> float:
        """Seconds that it leapt after it had shown `at`."""
        return sum(seconds for before, seconds in self._leaps if before >= at)


class Quotas:
    """Reservations of calls; safe between threads."""

    def __init__(self, database: Database, ticks: Callable[[], float] = time.monotonic) -> None:
        """`ticks`: seconds that never jump."""
        self._database, self._ticks = database, ticks
        self._seen: dict[tuple[int, int | bytes], _Look] = {}
        self._leaps = _Leaps()
        self._lock = threading.Lock()

    def reserve(self, account: tuple[int, int], allowance: Allowance, wanted: int = 1, keep: float = 0.0) -> Verdict:
        """Reserve calls, durably; each has to leave at once (`windows.LATE_S`) or is lost.

        Args:
            account: workspace and account id.
            allowance: what the account may ask, and those that it is counted together with.
            wanted: how many calls.
            keep: share of the quota that is left for whoever asks now.

        Raises:
            psycopg.Error: the database did not take it; nothing may be sent.
        """
        if not allowance.limits:
            return Verdict(wanted, 0.0, self._ticks())
        try:
            return self._reserved(account, allowance, wanted, keep)
        except LockNotAvailable:
            return Verdict(0, _LOCKED_S)

    def _reserved(self, account: tuple[int, int], allowance: Allowance, wanted: int, keep: float) -> Verdict:
        with self._database.transaction(None, "worker") as worker:
            mine, all_ = self._books(worker, account, allowance)
            at = self._seen[account].at
            if all_ is not None and all_.held_s:
                return Verdict(0, all_.held_s, at)
            own = Count(mine.used, allowance.quota, mine.clock)
            shared = Count(all_.used, allowance.pool.quota, all_.clock) if all_ and allowance.pool else None
            verdict = reserve(own, wanted, keep, shared)
            mine.used = own.used
            mine.write(worker)
            if all_ is not None and shared is not None:
                all_.used = shared.used
                all_.write(worker)
        return replace(verdict, at=at)

    def left(self, account: tuple[int, int], allowance: Allowance) -> dict[str, int]:
        """Window → calls that it still holds at this moment, what others have used counted in; empty where that cannot
        be told, as somebody stands still who counts.
        """
        try:
            return self._left(account, allowance)
        except LockNotAvailable:
            return {}

    def _left(self, account: tuple[int, int], allowance: Allowance) -> dict[str, int]:
        with self._database.transaction(None, "worker") as worker:
            mine, all_ = self._books(worker, account, allowance)
            left = dict(Count(mine.used, allowance.quota, mine.clock).left())
            if all_ is not None and allowance.pool is not None:
                for name, calls in Count(all_.used, allowance.pool.quota, all_.clock).left().items():
                    left[name] = min(calls, left.get(name, calls))
        return left

    def hold(self, account: tuple[int, int], allowance: Allowance, seconds: float) -> None:
        """Let nobody ask for so long who is counted together with an account: their server wants no more of them."""
        if allowance.pool is None:
            return
        with suppress(LockNotAvailable), self._database.transaction(None, "worker") as worker:
            _, all_ = self._books(worker, account, allowance)
            if all_ is not None and seconds > all_.held_s:
                all_.held_until = all_.clock + seconds
                all_.write(worker)

    def _books(
        self, worker: Connection[Any], account: tuple[int, int], allowance: Allowance
    ) -> tuple[_Book, _Book | None]:
        """The account's own, and that of its pool; always locked in this order."""
        worker.execute(_PATIENCE)
        mine = self._book(worker, _Place(_OF_ACCOUNT, *account))
        if allowance.pool is None:
            return mine, None
        name = self._database.keys.digest(allowance.pool.name)
        return mine, self._book(worker, _Place(_OF_POOL, INSTALLATION, name))

    def _book(self, worker: Connection[Any], place: _Place) -> _Book:
        statements = place.statements
        row = worker.execute(statements.lock, place.row).fetchone()
        if row is None:
            worker.execute(statements.make, place.row)
            row = worker.execute(statements.lock, place.row).fetchone()
        found = worker.execute(_CLOCK).fetchone()
        assert row is not None and found is not None  # noqa: S101 (made above, by us or by whoever came first)
        clock, seen_at, used, held_until = row
        shows = self._clock(place, clock, seen_at, found[0])
        return _Book(place, msgspec.convert(used, Used), shows, found[0], held_until)

    def _clock(self, place: _Place, clock: float, seen_at: datetime, now: datetime) -> float:
        """What a clock shows now, by the database's time."""
        ticks, where = self._ticks(), (place.workspace, place.key)
        with self._lock:
            self._leaps.look(now, ticks)
            seen = self._seen.get(where)
            shown = clock + max(0.0, (now - seen_at).total_seconds() - self._leaps.since(seen_at))
            if seen is not None:
                shown = max(clock, min(shown, seen.clock + (ticks - seen.at) * _DRIFT))
            self._seen[where] = _Look(shown, ticks)
        return shown
