"""The account that the server runs under: PostgreSQL refuses to run as root."""

import os
import stat
import sys
from pathlib import Path

from msgspec import Struct

from everyleg.store.errors import DataFolderUnreachableError

CANDIDATES = ("everyleg", "postgres", "nobody")
"""Accounts that serve, best first. None is created and no folder outside the data directory is opened up."""


class Account(Struct, frozen=True):
    """A user of the system."""

    name: str
    uid: int
    gid: int


def server_account(cluster: Path) -> Account | None:
    """Whom to run the server as: the owner of an existing cluster, else the first candidate; None when not root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - POSIX only

    if cluster.exists():
        owner = pwd.getpwuid(cluster.stat().st_uid)
        if owner.pw_uid:
            return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)
    known = {user.pw_name: user for user in pwd.getpwall()}
    for name in CANDIDATES:
        if name in known:
            return Account(name, known[name].pw_uid, known[name].pw_gid)
    raise DataFolderUnreachableError(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(CANDIDATES)} exists: "
        "create one, or run Everyleg as an ordinary user"
    )


def closed_folder(path: Path, account: Account | None) -> Path | None:
    """The first part of a path that the account may not enter (for a file: read and run); None when it may."""
    if account is None:
        return None
    whole = path.resolve()
    for part in [*reversed(whole.parents), whole]:
        seen = part.stat()
        shift = 6 if seen.st_uid == account.uid else 3 if seen.st_gid == account.gid else 0
        needed = stat.S_IXOTH if part.is_dir() else stat.S_IXOTH | stat.S_IROTH
        if (seen.st_mode >> shift) & needed != needed:
            return part
    return None
