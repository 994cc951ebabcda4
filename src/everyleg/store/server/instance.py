"""One cluster's running server: launched with given programs, reached by socket or loopback, stopped."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from everyleg.store.errors import DiskFullError, ServerFailedError
from everyleg.store.server import cluster as clusters
from everyleg.store.server import running
from everyleg.store.server.binaries import Programs, failure

DATABASE = "everyleg"
"""The database and the login of the private server."""

_BOOTSTRAP = (
    ("pg_roles WHERE rolname", "CREATE ROLE everyleg LOGIN NOINHERIT PASSWORD {}"),
    ("pg_database WHERE datname", "CREATE DATABASE everyleg"),
)


class Instance:
    """The server of one cluster, whoever started it."""

    def __init__(self, cluster: Path, secret: str, patience: float) -> None:
        """Name it; `secret` is the superuser's and the login's password, `patience` the seconds to wait for it."""
        self.cluster = cluster
        self.port = 0
        self.secret = secret
        self._patience = patience

    def launch(self, tools: Programs, settings: Mapping[str, str]) -> None:
        """Start it with these programs and settings, and see that login and database are there.

        Raises:
            DiskFullError: no room.
            ServerFailedError: it does not start; the text has the end of its log.
        """
        folder = running.socket_folder(self.cluster)
        self.port = 5432 if folder else _free_port()
        listen = {
            "listen_addresses": "" if folder else "127.0.0.1",
            "unix_socket_directories": "." if folder else "",
            "port": str(self.port),
        }
        clusters.configure(self.cluster, listen | dict(settings))
        log = self.cluster / "server.log"
        log.unlink(missing_ok=True)
        wait = f"--timeout={int(self._patience)}"
        try:
            tools.run("pg_ctl", f"--pgdata={self.cluster}", f"--log={log}", "--wait", wait, "start")
            self.bootstrap()
        except psycopg.errors.DiskFull as error:
            raise DiskFullError(f"no room on the disk of {self.cluster}: free some and start again") from error
        except (ServerFailedError, psycopg.OperationalError) as error:
            said = log.read_text(errors="replace") if log.exists() else ""
            raise failure("postgres", f"{said}\n{error}") from error

    def stop(self, tools: Programs) -> None:
        """End it if it runs, waiting until it has written everything."""
        seen = running.recorded(self.cluster)
        if seen and running.is_alive(seen, self.cluster):
            tools.run("pg_ctl", f"--pgdata={self.cluster}", "--mode=fast", "--wait", "stop")
        elif seen:
            running.forget_stale(self.cluster)

    @contextlib.contextmanager
    def up(self, tools: Programs, settings: Mapping[str, str] = {}) -> Iterator[Self]:
        """Have it run for the length of a block; one that a killed process left running is ended first."""
        self.stop(tools)
        try:
            self.launch(tools, settings)
            yield self
        finally:
            self.stop(tools)

    def conninfo(self, user: str, database: str) -> str:
        """A libpq connection string."""
        folder = running.socket_folder(self.cluster)
        return make_conninfo(
            host=str(folder or "127.0.0.1"),
            port=self.port,
            user=user,
            password=self.secret,
            dbname=database,
            connect_timeout=10,
        )

    def bootstrap(self) -> None:
        """See that login and database are there.

        Raises:
            psycopg.OperationalError: it does not answer.
        """
        secret = sql.Literal(self.secret)
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
