"""Start, attach to and stop the private server of a data directory.

What happens in each case:

- No cluster: one is made. A cluster of an older major version: upgraded (`upgrade`), if the programs that it needs are
  kept and nobody uses it; else, and a newer one, refused untouched.
- A server runs, started by another process or orphaned by a killed one: this process attaches to it.
- A `postmaster.pid` without its server (a kill, a power cut): removed; PostgreSQL recovers from its log.
- Two processes at once: one starts, the other waits and attaches. The last to leave stops the server; the system gives
  back a killed process's share, so the next one to leave stops what it left behind.
- No room: refused before anything is written.
"""

import errno
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

import psycopg

from everyleg.store.errors import (
    DataFolderBusyError,
    DataFolderUnreachableError,
    DiskFullError,
    ServerFailedError,
)
from everyleg.store.server import binaries, holders, running
from everyleg.store.server import cluster as clusters
from everyleg.store.server.account import Account, closed_folder, server_account
from everyleg.store.server.binaries import programs
from everyleg.store.server.instance import DATABASE, Instance
from everyleg.store.server.upgrade import Carry, beside, settle, upgrade

__all__ = ["DATABASE", "PrivateServer"]


class PrivateServer:
    """The server of one data directory; a context manager. Any number of objects and processes may share one."""

    def __init__(
        self, data: Path, settings: Mapping[str, str] = {}, patience: float = 60.0, carry: Carry | None = None
    ) -> None:
        """Name the server.

        Args:
            data: the data directory; made when missing.
            settings: PostgreSQL's settings beyond the usual ones, for the process that starts it.
            patience: seconds to wait for the server, or for another process that starts it.
            carry: what brings the data over to a newer major version; None: an older one is refused.
        """
        self.data = data.expanduser().absolute()
        self.cluster = self.data / "postgres"
        self.how: Literal["created", "started", "attached"] | None = None
        """How `start` came by the server; None while this object does not use it."""
        self._settings = settings
        self._patience = patience
        self._carry = carry

    def start(self) -> Self:
        """Make, start or attach to the server, whichever it needs; returns when it answers.

        Raises:
            StoreError: as its subclasses say.
        """
        if self.how:
            return self
        account = self._reachable_account()
        with holders.alone(self.data, self._patience), self._no_room_said():
            self._renew(account)
            holders.join(self.data)
            try:
                self.how = self._bring_up(account)
            except BaseException:
                holders.leave(self.data)
                raise
        return self

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it. Calling it again does nothing."""
        if not self.how:
            return
        with holders.alone(self.data, self._patience):
            self.how = None
            if holders.leave(self.data):
                self._instance().stop(programs(self.data, server_account(self.cluster)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, user: str = DATABASE, database: str = DATABASE) -> str:
        """A libpq connection string: the login `everyleg`, which may only take on the store's roles, or `postgres`."""
        seen = running.recorded(self.cluster)
        return self._instance(seen.port if seen else 0).conninfo(user, database)

    @property
    def superuser_conninfo(self) -> str:
        """The connection string for migrations and upkeep."""
        return self.conninfo(clusters.SUPERUSER)

    def _reachable_account(self) -> Account | None:
        """Make the data directory and see that the server's account reaches it."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = server_account(self.cluster)
        if account:
            self.data.chmod(self.data.stat().st_mode | 0o011)
        closed = closed_folder(self.data, account)
        if closed and account:
            raise DataFolderUnreachableError(
                f"as root the server runs as the account {account.name}, which may not enter {closed}: "
                f"set EVERYLEG_DATA to a folder elsewhere (/var/lib/everyleg), or run `chmod o+x {closed}`"
            )
        return account

    def _instance(self, port: int = 0) -> Instance:
        instance = Instance(self.cluster, clusters.password(self.data), self._patience)
        instance.port = port
        return instance

    @contextmanager
    def _no_room_said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(f"no room left on the disk of {self.data}: free some") from error
            raise

    def _renew(self, account: Account | None) -> None:
        """See that the cluster, if there is one, is of our major version."""
        settle(self.cluster)
        if not self.cluster.exists() or (made_by := clusters.made_by(self.cluster)) == binaries.major():
            return
        before = binaries.kept(self.data, made_by, account)
        if made_by > binaries.major() or not before or not self._carry:
            raise clusters.wrong_major(self.cluster)
        if not holders.unused(self.data):
            raise DataFolderBusyError(
                f"{self.data} is to be upgraded from PostgreSQL {made_by} to {binaries.major()}, and a process of the "
                "Everyleg before this one still uses it: end that one first"
            )
        ours = programs(self.data, account)
        target = Instance(beside(self.cluster), clusters.password(self.data), self._patience)
        upgrade(self._instance(), target, (before, ours), self._settings, self._carry)
        binaries.forget(self.data, made_by)

    def _bring_up(self, account: Account | None) -> Literal["created", "started", "attached"]:
        made = not self.cluster.exists()
        if made:
            clusters.check_room(self.data, clusters.ROOM_TO_CREATE)
            sync = self._settings.get("fsync") != "off"
            clusters.create(self.cluster, programs(self.data, account), clusters.password(self.data), sync)
        if not made and self._attach():
            return "attached"
        room = clusters.ROOM_TO_START + (0 if binaries.is_kept(self.data) else clusters.ROOM_FOR_PROGRAMS)
        clusters.check_room(self.data, room)
        binaries.keep(self.data)
        self._instance().launch(programs(self.data, account), clusters.CONFIGURATION | dict(self._settings))
        return "created" if made else "started"

    def _attach(self) -> bool:
        """Whether a running server took us in; waits for one that is starting up or shutting down."""
        deadline = time.monotonic() + self._patience
        while seen := running.recorded(self.cluster):
            if not running.is_alive(seen, self.cluster):
                running.forget_stale(self.cluster)
                return False
            try:
                self._instance(seen.port).bootstrap()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ServerFailedError(f"the server (process {seen.pid}) does not answer: {error}") from error
                time.sleep(0.05)
            else:
                return True
        return False
