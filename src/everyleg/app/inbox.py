"""Folders into which forwarders' files are put (`EVERYLEG_INBOX`), looked through between a worker's rounds."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from everyleg.accounts import workspaces
from everyleg.accounts.errors import UnknownError
from everyleg.numbers.detector import Detector
from everyleg.sheets.traces.taking import Bearer
from everyleg.sheets.traces.watching import Outcome, Watch
from everyleg.store.db import Database

_log = structlog.get_logger(__name__)


def inbox_folders() -> list[tuple[str | None, Path]]:
    """The watched folders, each with the slug of its workspace (None: the only or oldest one).

    `EVERYLEG_INBOX` is one folder, or several as `WORKSPACE=FOLDER` with `;` between.
    """
    found: list[tuple[str | None, Path]] = []
    for part in filter(None, map(str.strip, os.environ.get("EVERYLEG_INBOX", "").split(";"))):
        slug, said, folder = part.partition("=")
        found.append((slug.strip(), Path(folder.strip())) if said else (None, Path(part)))
    return found


class Inbox:
    """All watched folders."""

    def __init__(self, database: Database, slug_of: Callable[[str], str | None], detector: Detector) -> None:
        """`slug_of` gives a carrier's slug by its name; `detector` names carriers by their numbers."""
        self._database, self._slug_of, self._detector = database, slug_of, detector
        self._watches: dict[tuple[str | None, Path], Watch] = {}

    def round(self, now: datetime) -> int:
        """Take what is whole by now; gives how many files there were. A folder that is not there is waited for."""
        count = 0
        for slug, folder in inbox_folders():
            try:
                watch = self._watch(slug, folder)
                count += sum(_told(one) for one in watch.round(now)) if watch is not None else 0
            except OSError as error:
                _log.warning("inbox_cannot_be_read", folder=str(folder), error=type(error).__name__)
        return count

    def _watch(self, slug: str | None, folder: Path) -> Watch | None:
        if not folder.is_dir():
            return None
        if (slug, folder) not in self._watches:
            try:
                known = workspaces.named(self._database, slug).workspace_id if slug else None
            except UnknownError:
                _log.warning("inbox_of_no_workspace", workspace=slug)
                return None
            workspace = workspaces.default(self._database) if known is None else known
            bearer = Bearer(workspace, self._slug_of, self._detector)
            self._watches[slug, folder] = Watch(self._database, bearer, folder)
        return self._watches[slug, folder]


def _told(one: Outcome) -> int:
    """One, once the log has it; names of files may tell of people and stay out of it."""
    rows = (one.taken.rows, len(one.taken.refused)) if one.taken is not None else (None, None)
    _log.info("file_taken", fate=one.fate, rows=rows[0], refused=rows[1], kind=one.path.suffix)
    return 1
