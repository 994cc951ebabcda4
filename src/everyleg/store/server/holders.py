"""Who uses the server: locks that the system itself takes back when a process dies.

`start.lock` is held alone while the server is started or stopped. `users.lock` is shared by every process that uses the
server; whoever can have it alone is the last. No list of process ids is kept, so none can go stale.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fasteners import InterProcessLock, InterProcessReaderWriterLock

from everyleg.store.errors import DataFolderBusyError

_here = threading.Lock()
_counts: Counter[Path] = Counter()
_shares: dict[Path, InterProcessReaderWriterLock] = {}


@contextmanager
def alone(data: Path, patience: float) -> Iterator[None]:
    """Be the only one, in this process and on this machine, to start or stop the server.

    Raises:
        DataFolderBusyError: another process did not finish within `patience` seconds.
    """
    if not _here.acquire(timeout=patience):
        raise _busy(data)
    try:
        lock = InterProcessLock(data / "start.lock")
        if not lock.acquire(timeout=patience):
            raise _busy(data)
        try:
            yield
        finally:
            lock.release()
    finally:
        _here.release()


def _busy(data: Path) -> DataFolderBusyError:
    return DataFolderBusyError(f"another process has been starting or stopping the server in {data} for too long")


def join(data: Path) -> None:
    """Count in as a user; to be called `alone`."""
    if not _counts[data]:
        share = InterProcessReaderWriterLock(data / "users.lock")
        share.acquire_read_lock()
        _shares[data] = share
    _counts[data] += 1


def leave(data: Path) -> bool:
    """Count out; whether that was the last user on this machine. To be called `alone`."""
    _counts[data] -= 1
    if _counts[data] > 0:
        return False
    _shares.pop(data).release_read_lock()
    return unused(data)


def unused(data: Path) -> bool:
    """Whether no process uses the server. To be called `alone`."""
    if _counts[data]:
        return False
    last = InterProcessReaderWriterLock(data / "users.lock")
    if last.acquire_write_lock(blocking=False):
        last.release_write_lock()
        return True
    last.lockfile.close()
    return False
