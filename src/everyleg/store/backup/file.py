"""The backup file: a ZIP archive of one member a table (COPY's text format, zstd) and, last, a manifest.

Sealed data stay sealed, and the keyring is not in it: the file alone shows nobody. The manifest names the keyring by a
digest, so a restore beside another one is refused before it makes data that nothing opens.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
import zstandard
from msgspec import Struct

from everyleg.store.backup.contents import Contents, Inventory, Source
from everyleg.store.backup.loading import Progress
from everyleg.store.errors import BackupError
from everyleg.store.sealing import Keyring, SealError

SCHEMA = 1
_MANIFEST = "manifest.json"
_PROBE = "backup"
_PIECE = 1 << 20


class Seal(Struct, frozen=True):
    """Which keyring opens what is sealed in it."""

    digest: str
    """Equal for one keyring, whichever keys it holds."""
    keys: list[int]
    """The numbers of its keys at that time."""
    probe: bytes
    """Something sealed with the newest of them."""


class Manifest(Struct, frozen=True):
    """What a backup says of itself."""

    schema: int
    everyleg: str
    made_at: datetime
    seal: Seal
    inventory: Inventory


def seal_of(keys: Keyring) -> Seal:
    """How a manifest names a keyring, telling nothing of its keys."""
    return Seal(keys.digest("everyleg keyring").hex(), keys.numbers, keys.seal(b"", _PROBE))


def why_not_opened(keys: Keyring, seal: Seal) -> str | None:
    """Why a keyring does not open what is sealed in a backup; None: it does."""
    if keys.digest("everyleg keyring").hex() != seal.digest:
        return "that is another one"
    missing = sorted(set(seal.keys) - set(keys.numbers))
    if missing:
        age = "an older copy" if missing[-1] > keys.newest else "a newer one, rotated since"
        return f"that is {age}, without key {missing[-1]}"
    try:
        keys.open(seal.probe, _PROBE)
    except SealError:
        return f"that is another one from key {seal.keys[-1]} on"
    return None


def write(file: Path, source: Source, stamp: tuple[str, datetime, Seal], progress: Progress) -> Manifest:
    """Write a backup beside its place and move it there when it is whole and on the disk; readable by its owner only.

    Args:
        file: where to.
        source: what of.
        stamp: Everyleg's version, the time, the keyring.
        progress: told of rows that are written.

    Raises:
        OSError: it cannot be written; nothing is left.
    """
    version, made_at, seal = stamp
    beside = file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
                tables = tuple(_write_table(archive, source, table, progress) for table in source.inventory.tables)
                inventory = msgspec.structs.replace(source.inventory, tables=tables)
                manifest = Manifest(SCHEMA, version, made_at, seal, inventory)
                archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return manifest


def _member(table: Contents) -> str:
    return f"tables/{table.name}.copy.zst"


def _write_table(archive: zipfile.ZipFile, source: Source, table: Contents, progress: Progress) -> Contents:
    digest = hashlib.sha256()
    with archive.open(_member(table), "w", force_zip64=True) as member:
        packer = zstandard.ZstdCompressor(level=3).compressobj()
        for piece in _gathered(source.rows(table)):
            packed = packer.compress(piece)
            digest.update(packed)
            member.write(packed)
            progress(table.name, piece.count(b"\n"))
        rest = packer.flush()
        digest.update(rest)
        member.write(rest)
    return msgspec.structs.replace(table, sha256=digest.hexdigest())


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Rows by the megabyte: a call for each would cost more than packing them."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held.clear()
            size = 0
    yield b"".join(held)


class BackupFile:
    """A backup as a source. A context manager."""

    def __init__(self, file: Path, newest: str) -> None:
        """Open one and read all of it once, so that whatever is cut or damaged shows before anything is written.

        Args:
            file: the backup.
            newest: the newest revision that this installation knows.

        Raises:
            BackupError: it is no backup, is damaged, or comes from a newer Everyleg.
            OSError: it cannot be read.
        """
        self._file = file
        try:
            self._archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise self._broken("it is no backup of Everyleg, or its end is missing") from error
        try:
            self.manifest = self._read_manifest(newest)
            for table in self.inventory.tables:
                self._check(table)
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            self._archive.close()
            raise self._broken(str(error)) from error
        except BaseException:
            self._archive.close()
            raise

    @property
    def inventory(self) -> Inventory:
        """What it holds."""
        return self.manifest.inventory

    def rows(self, table: Contents) -> Iterator[bytes]:
        """A table's rows in COPY's text format."""
        with self._member(table) as member, zstandard.ZstdDecompressor().stream_reader(member) as reader:
            while piece := reader.read(_PIECE):
                yield piece

    def _member(self, table: Contents) -> IO[bytes]:
        return self._archive.open(_member(table))

    def _read_manifest(self, newest: str) -> Manifest:
        written = self._archive.read(_MANIFEST)
        try:
            head = msgspec.json.decode(written, type=_Head)
            if head.schema <= SCHEMA and str(head.inventory.revision) <= newest:
                return msgspec.json.decode(written, type=Manifest)
        except msgspec.DecodeError as error:
            raise self._broken(f"its manifest does not read: {error}") from error
        raise BackupError(f"{self._file} was made by Everyleg {head.everyleg}, a newer one than this: install that")

    def _check(self, table: Contents) -> None:
        digest = hashlib.sha256()
        with self._member(table) as member:
            while piece := member.read(_PIECE):
                digest.update(piece)
        if digest.hexdigest() != table.sha256:
            raise self._broken(f"table {table.name} is not what was written")

    def _broken(self, why: str) -> BackupError:
        return BackupError(f"{self._file} cannot be restored: {why}. Nothing was written; take another copy of it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()


class _Revision(Struct):
    revision: str | None


class _Head(Struct):
    """What every schema of the manifest has."""

    schema: int
    everyleg: str
    inventory: _Revision
