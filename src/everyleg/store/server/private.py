"""Start, attach to and stop the private server of a data directory.

What happens in each case:

- No cluster: one is made. A cluster of another major version: refused untouched.
- A server runs, started by another process or orphaned by a killed one: this process attaches to it.
- A `postmaster.pid` without its server (a kill, a power cut): removed; PostgreSQL recovers from its log.
- Two processes at once: one starts, the other waits and attaches. The last to leave stops the server; the system gives
  back a killed process's share, so the next one to leave stops what it left behind.
- No room: refused before anything is written.
"""

import errno
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from everyleg.store.errors import DataFolderUnreachableError, DiskFullError, ServerFailedError
from everyleg.store.server import cluster as clusters
from everyleg.store.server import holders, running
from everyleg.store.server.account import Account, closed_folder, server_account
from everyleg.store.server.binaries import Programs, failure, programs

DATABASE = "everyleg"
"""The database and the login of the private server."""

_BOOTSTRAP = (
    ("pg_roles WHERE rolname", "CREATE ROLE everyleg LOGIN NOINHERIT PASSWORD {}"),
    ("pg_database WHERE datname", "CREATE DATABASE everyleg"),
)


class PrivateServer:
    """The server of one data directory; a context manager. Any number of objects and processes may share one."""

    def __init__(self, data: Path, settings: Mapping[str, str] = {}, patience: float = 60.0) -> None:
        """Name the server.

        Args:
            data: the data directory; made when missing.
            settings: PostgreSQL's settings beyond the usual ones, for the process that starts it.
            patience: seconds to wait for the server, or for another process that starts it.
        """
        self.data = data.expanduser().absolute()
        self.cluster = self.data / "postgres"
        self.how: Literal["created", "started", "attached"] | None = None
        """How `start` came by the server; None while this object does not use it."""
        self._settings = settings
        self._patience = patience
        self._port = 0

    def start(self) -> Self:
        """Make, start or attach to the server, whichever it needs; returns when it answers.

        Raises:
            StoreError: as its subclasses say.
        """
        if self.how:
            return self
        account = self._reachable_account()
        with holders.alone(self.data, self._patience):
            holders.join(self.data)
            try:
                self.how = self._bring_up(account)
            except BaseException as error:
                holders.leave(self.data)
                if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFullError(f"no room left on the disk of {self.data}: free some") from error
                raise
        return self

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it. Calling it again does nothing."""
        if not self.how:
            return
        with holders.alone(self.data, self._patience):
            self.how = None
            seen = running.recorded(self.cluster)
            if holders.leave(self.data) and seen and running.is_alive(seen, self.cluster):
                tools = programs(self.data, server_account(self.cluster))
                tools.run("pg_ctl", f"--pgdata={self.cluster}", "--mode=fast", "--wait", "stop")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, user: str = DATABASE, database: str = DATABASE) -> str:
        """A libpq connection string: the login `everyleg`, which may only take on the store's roles, or `postgres`."""
        folder = running.socket_folder(self.cluster)
        return make_conninfo(
            host=str(folder or "127.0.0.1"),
            port=self._port,
            user=user,
            password=clusters.password(self.data),
            dbname=database,
            connect_timeout=10,
        )

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

    def _bring_up(self, account: Account | None) -> Literal["created", "started", "attached"]:
        made = not self.cluster.exists()
        if made:
            clusters.check_room(self.data, clusters.ROOM_TO_CREATE)
            sync = self._settings.get("fsync") != "off"
            clusters.create(self.cluster, programs(self.data, account), clusters.password(self.data), sync)
        clusters.check_major(self.cluster)
        if not made and self._attach():
            return "attached"
        self._launch(programs(self.data, account))
        return "created" if made else "started"

    def _attach(self) -> bool:
        """Whether a running server took us in; waits for one that is starting up or shutting down."""
        deadline = time.monotonic() + self._patience
        while seen := running.recorded(self.cluster):
            if not running.is_alive(seen, self.cluster):
                running.forget_stale(self.cluster)
                return False
            self._port = seen.port
            try:
                self._bootstrap()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ServerFailedError(f"the server (process {seen.pid}) does not answer: {error}") from error
                time.sleep(0.05)
            else:
                return True
        return False

    def _launch(self, tools: Programs) -> None:
        clusters.check_room(self.data, clusters.ROOM_TO_START)
        folder = running.socket_folder(self.cluster)
        self._port = 5432 if folder else _free_port()
        listen = {
            "listen_addresses": "" if folder else "127.0.0.1",
            "unix_socket_directories": "." if folder else "",
            "port": str(self._port),
        }
        clusters.configure(self.cluster, clusters.CONFIGURATION | listen | dict(self._settings))
        log = self.cluster / "server.log"
        log.unlink(missing_ok=True)
        wait = f"--timeout={int(self._patience)}"
        try:
            tools.run("pg_ctl", f"--pgdata={self.cluster}", f"--log={log}", "--wait", wait, "start")
            self._bootstrap()
        except psycopg.errors.DiskFull as error:
            raise DiskFullError(f"no room on the disk of {self.data}: free some and start again") from error
        except (ServerFailedError, psycopg.OperationalError) as error:
            said = log.read_text(errors="replace") if log.exists() else ""
            raise failure("postgres", f"{said}\n{error}") from error

    def _bootstrap(self) -> None:
        """See that login and database are there."""
        secret = sql.Literal(clusters.password(self.data))
        with psycopg.connect(self.conninfo(clusters.SUPERUSER, clusters.SUPERUSER), autocommit=True) as connection:
            for where, statement in _BOOTSTRAP:
                query = sql.SQL(f"SELECT FROM {where} = %s")
                if not connection.execute(query, (DATABASE,)).rowcount:
                    connection.execute(sql.SQL(statement).format(secret))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
