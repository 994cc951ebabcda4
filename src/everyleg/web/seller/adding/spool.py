"""What was sent and is not added yet, and what became of it: files that only this installation can read, for an hour.

A sheet holds buyers' addresses: it lies sealed, like everything that tells of people.
"""

import os
import re
import secrets
import tempfile
import time
from pathlib import Path

from everyleg.store.sealing import Keyring, SealError
from everyleg.web.page import Page

KEPT_S = 3600
_NAME = re.compile(r"[A-Za-z0-9_-]{22}\.[a-z]{1,10}", re.ASCII)


class Spool:
    """Sealed files of one person in one workspace."""

    def __init__(self, keys: Keyring, owner: str) -> None:
        """`owner` is who may read them: a file of somebody else does not open."""
        self._keys, self._owner = keys, owner
        self._folder = Path(tempfile.gettempdir()) / f"everyleg-sheets-{os.getuid() if hasattr(os, 'getuid') else 0}"

    def put(self, kind: str, body: bytes, name: str | None = None) -> str:
        """Keep a file and give its name; `name` keeps it beside another one."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._tidy()
        name = name or secrets.token_urlsafe(16)
        path = self._folder / f"{name}.{kind}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(self._keys.seal(body, self._about(kind)))
        return name

    def get(self, kind: str, name: str) -> bytes | None:
        """A file that was kept; None when its time is over, or it is somebody else's."""
        path = self._folder / f"{name}.{kind}"
        if not _NAME.fullmatch(path.name):
            return None
        try:
            return self._keys.open(path.read_bytes(), self._about(kind))
        except (OSError, SealError):
            return None

    def drop(self, kind: str, name: str) -> None:
        """Forget a file."""
        if _NAME.fullmatch(f"{name}.{kind}"):
            (self._folder / f"{name}.{kind}").unlink(missing_ok=True)

    def _about(self, kind: str) -> str:
        return f"{self._owner}/{kind}"

    def _tidy(self) -> None:
        before = time.time() - KEPT_S
        for path in self._folder.iterdir():
            if _NAME.fullmatch(path.name) and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def spool_of(page: Page) -> Spool:
    """Where a reader's own files are kept."""
    return Spool(page.services.database.keys, f"web/{page.workspace}/{page.person.person_id}")
