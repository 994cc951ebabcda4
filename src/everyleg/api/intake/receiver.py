"""The receiver of one process: its addresses, its group commit, its spool, and the thread that keeps them in order."""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import structlog

from everyleg.api.intake.committer import Committer, Counts
from everyleg.api.intake.doors import Doors, Pushes
from everyleg.api.intake.spool import Spool
from everyleg.pipeline.intake import Received, receive
from everyleg.store.db import Database

EVERY_S = 2.0
"""How often addresses are read anew, and the spool is tried to be emptied."""
_PATIENCE_S = 1.0

_log = structlog.get_logger(__name__)


class Receiver:
    """What takes pushes in; a context manager. Made before the event loop, used in it."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        pushes: Pushes,
        aggregators: Iterable[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`folder` holds the spool and the copy of the addresses; several receivers may share it."""
        self._database, self.now = database, now
        self._spool = Spool(folder, database.keys)
        self.doors = Doors(database, pushes, aggregators, folder / "addresses.sealed")
        self.committer = Committer(self._keep, self._spool)
        self._stop, self._asked = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._tend, name="tends webhooks", daemon=True)

    def __enter__(self) -> Self:
        self.doors.refresh(_PATIENCE_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._asked.set()
        self._thread.join(timeout=10)
        self.committer.close()
        self._spool.close()

    @property
    def counts(self) -> Counts:
        """What became of bodies so far."""
        return self.committer.counts

    @property
    def spooling(self) -> bool:
        """Whether anything waits on the disk for the store."""
        return self.committer.down or self._spool.waiting

    def look_again(self) -> None:
        """Read the addresses soon: somebody knocked at one that is not known."""
        self._asked.set()

    def _keep(self, items: Sequence[Received]) -> None:
        receive(self._database, items, _PATIENCE_S)

    def _tend(self) -> None:
        while not self._stop.is_set():
            self._asked.wait(EVERY_S)
            self._asked.clear()
            if self._stop.is_set():
                return
            self.doors.refresh(_PATIENCE_S)
            self._empty()
            self._stop.wait(0.2)  # however often somebody knocks

    def _empty(self) -> None:
        if not self.doors.fresh:
            return
        try:
            count = self._spool.empty_into(self._keep)
        except Exception as error:
            _log.warning("spool_waits", error=type(error).__name__)
            return
        if count:
            _log.info("spool_emptied", bodies=count)
        self.committer.down = False
