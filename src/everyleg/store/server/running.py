"""Is a server of this cluster running, and where does it listen? From `postmaster.pid`, believed only when checked."""

import contextlib
import os
from pathlib import Path

import psutil
from msgspec import Struct

_LONGEST_SOCKET = 100
"""Bytes of a Unix socket's path; the shortest limit of any system is 104."""


class Postmaster(Struct, frozen=True):
    """A server as its `postmaster.pid` describes it."""

    pid: int
    port: int


def recorded(cluster: Path) -> Postmaster | None:
    """What `postmaster.pid` says; None when there is none, or it is only half written."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return Postmaster(pid=int(lines[0]), port=int(lines[3]))
    return None


def is_alive(postmaster: Postmaster, cluster: Path) -> bool:
    """Whether that process is a server of this very cluster, and not another one with a recycled id."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(postmaster.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = process.cmdline()
        return bool(words) and Path(words[0]).stem == "postgres" and str(cluster) in words
    return False


def forget_stale(cluster: Path) -> None:
    """Remove the `postmaster.pid` of a server that is gone.

    The server does that itself unless another process has the same id by now; then it would refuse to start.
    """
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def socket_folder(cluster: Path) -> Path | None:
    """Where the server's Unix socket is: in the cluster, closed to others; None where the system or the path's length
    does not allow it and it listens on 127.0.0.1 instead."""
    fits = len(os.fsencode(cluster / ".s.PGSQL.65535")) <= _LONGEST_SOCKET
    return cluster if os.name != "nt" and fits else None
