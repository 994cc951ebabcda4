"""What the journal holds, and what every engine of it does."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct
from psycopg import Connection

from everyleg.store.errors import StoreError


class JournalError(StoreError):
    """The journal cannot keep bodies, or not as durably as it must; the text says why and what to do."""


class Entry(Struct, frozen=True, array_like=True):
    """A row of the journal: a body that came in, or several packed, sealed, with what its bearer knows of it."""

    workspace: int
    source: str
    carrier: str | None
    asked: tuple[str, ...]
    observed_at: datetime
    """Aware."""
    bodies: int
    """How many bodies are packed in it."""
    body: bytes
    """Sealed about `inbox.body` of its workspace."""


class Lag(Struct, frozen=True):
    """What an engine holds that is not in the table yet."""

    bundles: int = 0
    """Messages in the log that no worker has brought to the table."""
    spooled: int = 0
    """Records of this process's spool of which the table is not known to have the bodies."""


class Transactions(Protocol):
    """The way into the store that an engine needs."""

    def transaction(
        self, workspace: int | None, role: Literal["app", "worker"] = "app", patience: float | None = None
    ) -> AbstractContextManager[Connection[Any]]:
        """A transaction, as `store.db.Database.transaction`."""
        ...


class Journal(Protocol):
    """An engine. Any number of threads and processes may use one journal."""

    def append(self, entries: Sequence[Entry], patience: float | None = None) -> None:
        """Keep bodies: durable when it returns, and nobody may acknowledge them when it raises.

        Args:
            entries: of any workspaces.
            patience: seconds that it may take to get a connection to the store; None: as long as its pool waits.

        Raises:
            psycopg.Error, JournalError: they are not kept.
        """
        ...

    def fill(self) -> int:
        """Bring what waits elsewhere to the table `inbox`, each bundle once; gives how many bodies came. For workers.

        Raises:
            psycopg.Error: the database did not take them; they stay where they are.
        """
        ...

    def check(self) -> None:
        """See that it is reachable and as durable as it must be.

        Raises:
            JournalError, psycopg.Error: it is not.
        """
        ...

    def lag(self) -> Lag:
        """What is not in the table yet; nothing where all is written there at once, or where it cannot be known now."""
        ...

    def close(self) -> None:
        """End its threads and connections."""
        ...
