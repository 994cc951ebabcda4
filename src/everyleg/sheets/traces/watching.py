"""A folder into which forwarders' systems put files: each is taken once it is whole, then moved beside.

    INBOX/traces.xlsx               rows say whose numbers they are
    INBOX/yunexpress/traces.xlsx    YunExpress's
    INBOX/yunexpress/answer.json    a raw answer of YunExpress
    INBOX/…/done/, …/rejected/      where they go; refused rows come as a sheet with the reasons in `rejected`

A file is taken when it has not changed for a while. What dies between taking and moving is taken again, which only
counts it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from everyleg.pipeline.intake import FILE, Received, receive
from everyleg.sheets.notes import SheetError
from everyleg.sheets.outgoing import rejected
from everyleg.sheets.traces.taking import Bearer, Taken, take
from everyleg.store.db import Database

QUIET, PATIENCE = timedelta(seconds=5), timedelta(seconds=60)
"""How long a file must have stayed as it is; how long one that cannot be read may still be on its way."""
LARGEST_ANSWER = 32 << 20
"""Bytes of a raw answer."""
DONE, REJECTED = "done", "rejected"

_SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt"})
_ANSWERS = frozenset({".json", ".xml"})
_UNFINISHED = frozenset(
    {".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".lock", ".swp"}
)

Said = tuple[int, int]
"""Size and time of a file, by which one sees that it changed."""


class Outcome(Struct, frozen=True):
    """What became of a file."""

    path: Path
    """Where it was."""
    fate: Literal["done", "rejected"]
    why: str = ""
    """Why it was rejected as a whole; empty where it was not."""
    taken: Taken | None = None
    """What became of its rows; None of a raw answer, and of what is no sheet."""


class Watch:
    """Looks through a folder, round by round. Two may look at one folder: a file counts once."""

    def __init__(self, database: Database, bearer: Bearer, folder: Path, quiet: timedelta = QUIET) -> None:
        """`bearer` knows what is true of all files; a sub-folder says whose they are."""
        self._database, self._bearer, self._folder, self._quiet = database, bearer, folder, quiet
        self._seen: dict[Path, tuple[Said, datetime]] = {}

    def round(self, now: datetime) -> Iterator[Outcome]:
        """Take what is whole by now, file by file.

        Raises:
            psycopg.Error: the database did not take a file; it stays where it is.
        """
        there = dict(self._files())
        self._seen = {path: seen for path, seen in self._seen.items() if path in there}
        for path, carrier in there.items():
            try:
                outcome = self._look(path, carrier, now)
            except OSError:  # gone meanwhile, or not ours to read yet: the next round sees
                continue
            if outcome is not None:
                yield outcome

    def _files(self) -> Iterator[tuple[Path, str | None]]:
        for path in sorted(self._folder.iterdir()):
            if path.is_dir() and not path.is_symlink() and path.name not in (DONE, REJECTED) and path.name[0] != ".":
                yield from ((file, path.name) for file in sorted(path.iterdir()) if _is_file(file))
            elif _is_file(path):
                yield path, None

    def _look(self, path: Path, carrier: str | None, now: datetime) -> Outcome | None:
        stat = path.stat()
        said = (stat.st_size, stat.st_mtime_ns)
        before = self._seen.get(path)
        since = before[1] if before is not None and before[0] == said else now
        self._seen[path] = (said, since)
        if now - since < self._quiet:
            return None
        try:
            return self._take(path, carrier, datetime.fromtimestamp(stat.st_mtime, UTC))
        except SheetError as error:
            if now - since < max(self._quiet, PATIENCE) and path.suffix.lower() in _SHEETS:
                return None
            return _reject(path, f"{error.note.said('zh')}\n{error.note.said('en')}\n")

    def _take(self, path: Path, name: str | None, at: datetime) -> Outcome:
        kind = path.suffix.lower()
        carrier = self._bearer.slug_of(name) if name else self._bearer.carrier
        if name and carrier is None:
            return _reject(path, f"没有名为“{name}”的承运商：请按承运商代码命名文件夹\nno carrier is called {name}\n")
        if kind in _ANSWERS:
            if path.stat().st_size > LARGEST_ANSWER:
                return _reject(path, f"文件超过 {LARGEST_ANSWER >> 20} MB\nthe file is too large for one answer\n")
            receive(self._database, [Received(self._bearer.workspace, FILE, carrier, path.read_bytes(), (), at)])
            return Outcome(_move(path, DONE), "done")
        if kind not in _SHEETS:
            return _reject(path, "无法读取这种文件：请使用 XLSX、CSV、JSON 或 XML\nnot XLSX, CSV, JSON or XML\n")
        own = Bearer(self._bearer.workspace, self._bearer.slug_of, self._bearer.detector, carrier)
        taken = take(self._database, own, path, at)
        if taken.refused:
            _write(path, ".rejected.xlsx", rejected(taken.fates, "zh"))
        if not taken.rows:
            return Outcome(_move(path, REJECTED), "rejected", "no row was taken", taken)
        return Outcome(_move(path, DONE), "done", taken=taken)


def _is_file(path: Path) -> bool:
    hidden = path.name.startswith((".", "~$")) or path.suffix.lower() in _UNFINISHED
    return not hidden and not path.is_symlink() and path.is_file()


def _reject(path: Path, why: str) -> Outcome:
    _write(path, ".reason.txt", why.encode())
    return Outcome(_move(path, REJECTED), "rejected", why.strip().splitlines()[-1])


def _write(path: Path, suffix: str, body: bytes) -> None:
    """Write what is to say of a file to where rejected ones go."""
    _free(path.parent / REJECTED / (path.name + suffix)).write_bytes(body)


def _move(path: Path, to: str) -> Path:
    """Move a file away; gives where it was."""
    path.rename(_free(path.parent / to / path.name))
    return path


def _free(path: Path) -> Path:
    """A path that nothing has yet: the one wanted, or numbered."""
    path.parent.mkdir(exist_ok=True)
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
