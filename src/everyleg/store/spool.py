"""A spool: where things wait that the store does not have yet, in files of sealed records, on the disk before anybody
is told.

A file belongs to the process that holds its lock, which the system takes back from a dead one; whoever empties takes
only files that nobody holds. A record is its length, a checksum and the sealed bodies. What a killed process left half
written at the end was never acknowledged and is dropped. What a disk spoilt before that was: the records behind it are
found by their mark and handed over, and the file is put aside as `.damaged` for whoever can mend it.
"""

import os
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog
from fasteners import InterProcessLock
from xxhash import xxh3_64_intdigest

from everyleg.store.sealing import Keyring

_HEAD = struct.Struct(">4sIQ")
_MAGIC = b"ELS1"
_ABOUT = "spool"
FULL = 64_000_000
"""Bytes after which a new file is begun, so that what is emptied goes away piece by piece."""

_here: set[Path] = set()
"""Files that are being written by this process: the system's locks do not keep a process from itself."""

_log = structlog.get_logger(__name__)
_encode = msgspec.msgpack.Encoder().encode

T = TypeVar("T")


class Spool(Generic[T]):
    """The spool of one process in a folder that several may share; it holds values of one type."""

    def __init__(self, folder: Path, keys: Keyring, kind: type[T]) -> None:
        """Make the folder, closed to others; `kind` is anything that msgspec packs."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._keys = folder, keys
        self._decode: Callable[[bytes], list[T]] = msgspec.msgpack.Decoder(list[kind]).decode  # type: ignore[valid-type]
        self._guard = threading.Lock()
        self._file: FileIO | None = None
        self._path = folder
        self._lock: InterProcessLock | None = None
        self._size = 0

    def append(self, items: Sequence[T]) -> None:
        """Keep some: on the disk when it returns.

        Raises:
            OSError: the disk does not take them; nobody may acknowledge them.
        """
        sealed = self._keys.seal(_encode(items), _ABOUT)
        record = _HEAD.pack(_MAGIC, len(sealed), xxh3_64_intdigest(sealed)) + sealed
        with self._guard:
            file = self._open()
            try:
                _write_all(file, record)
                os.fsync(file.fileno())
            except OSError:
                self._cut(file)
                raise
            self._size += len(record)
            if self._size >= FULL:
                self._leave()

    def empty_into(self, keep: Callable[[Sequence[T]], object], rested_s: float = 0.0) -> int:
        """Hand everything over that no other living process is writing; gives how much there was.

        Args:
            keep: keeps some durably, or raises.
            rested_s: only files to which nothing was written for so long.

        A file is removed when all of it was kept. Who dies in between hands some over twice, which has no effect
        twice: equal bodies are counted, not told again.

        Raises:
            Whatever `keep` raises; what it did not keep is still there.
        """
        with self._guard:
            self._leave()
        files = [path for path in sorted(self._folder.glob("*.spool")) if not rested_s or _age(path) >= rested_s]
        return sum(self._empty(path, keep) for path in files)

    @property
    def waiting(self) -> bool:
        """Whether there is any file, of this process or another."""
        return any(self._folder.glob("*.spool"))

    def close(self) -> None:
        """Leave the file to whoever empties next."""
        with self._guard:
            self._leave()

    def _empty(self, path: Path, keep: Callable[[Sequence[T]], object]) -> int:
        lock = InterProcessLock(_lock_of(path))
        if path in _here or not _acquired(lock):
            return 0
        try:
            if not path.exists():
                _lock_of(path).unlink(missing_ok=True)
                return 0
            count, spoilt = 0, 0
            for gap, items in self._records(path):
                spoilt += gap
                keep(items)
                count += len(items)
            if spoilt:
                _log.error("spool_damaged", file=path.name, bytes=spoilt)
                path.rename(path.with_suffix(".damaged"))
            else:
                path.unlink()
            _lock_of(path).unlink(missing_ok=True)
            return count
        finally:
            lock.release()

    def _records(self, path: Path) -> Iterator[tuple[int, list[T]]]:
        """What each whole record holds, with how many bytes before it are of none."""
        written, at, end = path.read_bytes(), 0, 0
        while at < len(written):
            sealed = _record_at(written, at)
            if sealed is None:
                following = written.find(_MAGIC, at + 1)
                at = following if following >= 0 else len(written)
                continue
            yield at - end, self._decode(self._keys.open(sealed, _ABOUT))
            at = end = at + _HEAD.size + len(sealed)
        if end < len(written):
            _log.warning("spool_torn", file=path.name, bytes=len(written) - end)

    def _open(self) -> FileIO:
        if self._file is None:
            self._path = self._folder / f"{uuid.uuid4().hex}.spool"
            _here.add(self._path)
            self._lock, self._size = InterProcessLock(_lock_of(self._path)), 0
            self._lock.acquire()
            try:
                self._file = self._path.open("xb", buffering=0)
                _sync_folder(self._folder)
            except OSError:
                self._leave()
                raise
        return self._file

    def _cut(self, file: FileIO) -> None:
        """Take back what may have been half written; where not even that can be done, the file is left as it is."""
        try:
            os.ftruncate(file.fileno(), self._size)
            os.lseek(file.fileno(), self._size, os.SEEK_SET)
        except OSError:
            pass
        self._leave()

    def _leave(self) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                _log.warning("spool_not_closed")
            self._file = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        _here.discard(self._path)


def _age(path: Path) -> float:
    """Seconds since it was written to; a file that is gone, or from a clock that jumped back, is old."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
    return age if age >= 0 else float("inf")


def _write_all(file: FileIO, record: bytes) -> None:
    left = memoryview(record)
    while left:
        left = left[file.write(left) :]


def _record_at(written: bytes, at: int) -> bytes | None:
    """What the record that begins there holds; None where none does, or not a whole one."""
    body = at + _HEAD.size
    if body > len(written):
        return None
    magic, size, checksum = _HEAD.unpack_from(written, at)
    sealed = written[body : body + size] if magic == _MAGIC else b""
    return sealed if sealed and len(sealed) == size and xxh3_64_intdigest(sealed) == checksum else None


def _acquired(lock: InterProcessLock) -> bool:
    """Whether nobody else holds it; a lock that somebody does hold is not kept open."""
    if lock.acquire(blocking=False):
        return True
    if lock.lockfile is not None:
        lock.lockfile.close()
    return False


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file durable, where the system knows how."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
