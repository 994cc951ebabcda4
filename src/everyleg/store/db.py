"""The way into the store: a pool of connections, and transactions that see one workspace.

A login of the store has no rights of its own: each transaction takes on a role, and the app's role sees the rows of the
workspace that the transaction names and of no other, whatever a query forgets (row-level security).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Literal, Self

import psycopg
from psycopg_pool import ConnectionPool

from everyleg.store.backup.loading import carry
from everyleg.store.errors import NotMigratedError
from everyleg.store.journal import Journal, PostgresJournal
from everyleg.store.journal.jetstream import JetStreamJournal
from everyleg.store.journal.servers import JournalAwayError
from everyleg.store.migrations import current, migrate, newest
from everyleg.store.sealing import Keyring, load_keyring
from everyleg.store.server import PrivateServer
from everyleg.store.server.private import DATABASE
from everyleg.store.settings import StoreSettings

Role = Literal["app", "worker"]
"""Who asks: *app* on behalf of one workspace, *worker* for all of them."""


_BEGIN = """
SELECT set_config('role', %s, true), set_config('everyleg.workspace', %s, true), set_config('TimeZone', 'UTC', true)
"""


class Database:
    """An open store. A context manager; closing it leaves the private server, if it came from one."""

    def __init__(self, conninfo: str, keys: Keyring, server: PrivateServer | None = None, most: int = 16) -> None:
        """Open a pool of at most `most` connections; connecting happens at first use. `keys` seal personal data."""
        # after two seconds of failing it begins anew: it would try ever less, and be late when the server is back
        self._pool = ConnectionPool(conninfo, min_size=0, max_size=most, open=True, timeout=5.0, reconnect_timeout=2.0)
        self._most = most
        self.conninfo = conninfo
        self.keys = keys
        self.server = server
        self.journal: Journal = PostgresJournal(self)

    @contextmanager
    def transaction(
        self, workspace: int | None, role: Role = "app", patience: float | None = None
    ) -> Iterator[psycopg.Connection[Any]]:
        """A transaction: committed at the end of the block, rolled back on any exception.

        Args:
            workspace: whose rows are seen; None only for a worker, which sees all.
            role: who asks.
            patience: seconds to wait for a connection; None: as long as the pool waits.
        """
        if workspace is None and role == "app":
            raise ValueError("the app acts for one workspace: name it")
        with ExitStack() as lent:
            yield self._begun(lent, (f"everyleg_{role}", "" if workspace is None else str(workspace)), patience)

    def _begun(self, lent: ExitStack, who: tuple[str, str], patience: float | None) -> psycopg.Connection[Any]:
        """A connection in a transaction of somebody. Those that died with a server that is back by now are passed over:
        nothing was done on them yet.
        """
        for left in reversed(range(self._most + 1)):
            with ExitStack() as attempt:
                connection = attempt.enter_context(self._pool.connection(patience))
                try:
                    # `set_config(…, true)` is SET LOCAL with parameters: one round trip, gone with the transaction
                    connection.execute(_BEGIN, who)
                except psycopg.OperationalError:
                    if not (left and connection.broken):
                        raise
                else:
                    lent.push(attempt.pop_all())
                    return connection
        raise AssertionError("the last attempt raises")

    @property
    def waiting(self) -> int:
        """How many threads of this process wait for a connection."""
        return self._pool.get_stats().get("requests_waiting", 0)

    def close(self) -> None:
        """Close the journal and the connections, and leave the private server."""
        self.journal.close()
        self._pool.close()
        if self.server:
            self.server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(settings: StoreSettings, *, waiting: bool = False) -> Database:
    """Open the store that the settings name.

    Args:
        settings: where it is.
        waiting: open it also when neither an address nor the journal's log answers: for whoever keeps what comes in
            until they do.

    With an address, the database must have been migrated; without one, the private server of the data directory is
    started or attached to, upgraded when it is of an older major version, and migrated.

    Raises:
        NotMigratedError: the database is of another version of Everyleg.
        JournalError: the journal's log is away, or not as durable as it must be.
        StoreError: as the private server says, or the keyring does not read.
        psycopg.OperationalError: the address does not answer.
    """
    if settings.database_url:
        try:
            _check(settings.database_url)
        except psycopg.OperationalError:
            if not waiting:
                raise
        return _with_journal(Database(settings.database_url, load_keyring(settings.keyring_file)), settings, waiting)
    server = PrivateServer(settings.data, carry=carry).start()
    try:
        with psycopg.connect(server.superuser_conninfo) as connection:
            there = current(connection)
        _refuse_newer(there)
        if there is None or there < newest():
            migrate(server.superuser_conninfo, login=DATABASE)
        database = Database(server.conninfo(), load_keyring(settings.keyring_file), server)
        return _with_journal(database, settings, waiting)
    except BaseException:
        server.stop()
        raise


def _with_journal(database: Database, settings: StoreSettings, waiting: bool) -> Database:
    if settings.jetstream is not None:
        database.journal = JetStreamJournal(database, database.keys, settings.jetstream)
        try:
            database.journal.check()
        except JournalAwayError:
            if not waiting:
                database.close()
                raise
        except BaseException:
            database.close()
            raise
    return database


def _refuse_newer(there: str | None) -> None:
    if there is not None and there > newest():
        raise _other(there)


def _check(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        if connection.execute("SELECT to_regrole('everyleg_app')").fetchone() == (None,):
            raise _other(None)
        connection.execute("SET LOCAL ROLE everyleg_app")
        there = current(connection)
    if there != newest():
        raise _other(there)


def _other(there: str | None) -> NotMigratedError:
    if there is None or there < newest():
        return NotMigratedError(f"the database is at revision {there}, and {newest()} is needed: run everyleg migrate")
    return NotMigratedError(
        f"the database is at revision {there}, from a newer Everyleg; this one knows {newest()}: install the newer one"
    )
