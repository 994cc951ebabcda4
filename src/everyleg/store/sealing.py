"""Sealed values: how personal data and secrets lie in the database, unreadable without the keyring beside it.

A keyring holds several keys: the newest seals, every one opens. AES-256-GCM (`cryptography`), the key's number and a
random nonce in front; what the value is about is authenticated with it, so a sealed value moved to another column or
another workspace does not open.
"""

import hmac
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from everyleg.store.errors import StoreError

T = TypeVar("T")

FOLLOWS = 1.0
"""Seconds after which every process seals with a key that was added to its keyring's file."""

_NONCE = 12
_PLAIN, _ZSTD = b"\0", b"\1"
_WORTH_PACKING = 200
"""Bytes from which compressing gains more than it costs."""
_LEVEL = 1
"""Of zstd: a fifth quicker than the usual 3, and answers and timelines come out 1 to 2 % larger."""


_OF_THREAD = threading.local()


def _zstd() -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    """This thread's compressor and decompressor; making them takes longer than packing a small answer."""
    try:
        return _OF_THREAD.zstd  # type: ignore[no-any-return]
    except AttributeError:
        _OF_THREAD.zstd = zstandard.ZstdCompressor(_LEVEL), zstandard.ZstdDecompressor()
        return _OF_THREAD.zstd  # type: ignore[no-any-return]


def pack(value: bytes) -> bytes:
    """A value, compressed where that gains something; `unpack` gives it back."""
    return _PLAIN + value if len(value) < _WORTH_PACKING else _ZSTD + _zstd()[0].compress(value)


def unpack(packed: bytes) -> bytes:
    """What was packed."""
    return packed[1:] if packed[:1] == _PLAIN else _zstd()[1].decompress(packed[1:])


class SealError(StoreError):
    """A sealed value does not open: its key is gone, or it is not what its place says."""


class _KeyFile(Struct):
    """The keyring as it lies on disk: JSON, keys in Base64."""

    lookup: bytes
    keys: dict[str, bytes]


class Keyring:
    """Seals with the newest key, opens with any."""

    def __init__(self, keys: Mapping[int, bytes], lookup: bytes) -> None:
        """Keys of 32 bytes by their number (1 to 65535), and the key of `digest`, which never changes."""
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._lookup = lookup
        self.newest = max(keys)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the keys that it holds, oldest first."""
        return sorted(self._ciphers)

    def seal(self, value: bytes, about: str) -> bytes:
        """A sealed value; sealing twice gives two different ones.

        Args:
            value: what nobody may read.
            about: what it is, as `about_column` says it; needed again to open it.
        """
        return self.seal_all((value,), about)[0]

    def seal_all(self, values: Sequence[bytes], about: str) -> list[bytes]:
        """Several values about the same, sealed; half as dear as one by one."""
        return self.seal_packed([pack(value) for value in values], about)

    def seal_packed(self, packed: Sequence[bytes], about: str) -> list[bytes]:
        """Several values that are packed already (`pack`, `open_packed`), sealed."""
        head = self.newest.to_bytes(2, "big")
        encrypt, context = self._ciphers[self.newest].encrypt, head + about.encode()
        random = os.urandom(_NONCE * len(packed))
        sealed = []
        for at, value in enumerate(packed):
            nonce = random[_NONCE * at : _NONCE * (at + 1)]
            sealed.append(head + nonce + encrypt(nonce, value, context))
        return sealed

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed.

        Raises:
            SealError: its key is gone, or it was sealed about something else.
        """
        return unpack(self.open_packed(sealed, about))

    def open_packed(self, sealed: bytes, about: str) -> bytes:
        """What was sealed, packed as it is: for whoever seals it anew. Raises as `open`."""
        head, nonce = sealed[:2], sealed[2 : 2 + _NONCE]
        cipher = self._ciphers.get(self.key_of(sealed))
        if cipher is None:
            raise SealError(f"a value is sealed with key {self.key_of(sealed)}, which the keyring does not hold")
        try:
            return cipher.decrypt(nonce, sealed[2 + _NONCE :], head + about.encode())
        except InvalidTag as error:
            raise SealError(f"a sealed value is damaged, or not about {about}") from error

    @staticmethod
    def key_of(sealed: bytes) -> int:
        """The number of the key that sealed it."""
        return int.from_bytes(sealed[:2], "big")

    def seal_text(self, value: str | None, about: str) -> bytes | None:
        """A sealed text; nothing stays nothing."""
        return None if value is None else self.seal(value.encode(), about)

    def open_text(self, sealed: bytes | None, about: str) -> str | None:
        """The text that was sealed."""
        return None if sealed is None else self.open(sealed, about).decode()

    def seal_json(self, value: Any, about: str) -> bytes:
        """A sealed value of any type that msgspec writes as JSON."""
        return self.seal(msgspec.json.encode(value), about)

    def open_json(self, sealed: bytes, about: str, kind: type[T]) -> T:
        """The value that was sealed, of its type."""
        return msgspec.json.decode(self.open(sealed, about), type=kind)

    def digest(self, value: str) -> bytes:
        """A keyed digest, equal for equal texts: to look up what is sealed (an e-mail address) without opening it."""
        return hmac.digest(self._lookup, value.encode(), "sha256")


class FileKeyring(Keyring):
    """A keyring that follows its file: another process may add a key and drop old ones while this one runs."""

    def __init__(self, path: Path) -> None:
        """The keyring that lies there."""
        self._path = path
        self.refresh()

    def refresh(self) -> None:
        """Read the file again.

        Raises:
            SealError: it does not read.
        """
        self._read_at, self._stamp = time.monotonic(), _stamp(self._path)
        file = _read(self._path)
        super().__init__({int(number): key for number, key in file.keys.items()}, file.lookup)

    def seal_packed(self, packed: Sequence[bytes], about: str) -> list[bytes]:
        """As a keyring does, with a key that was added `FOLLOWS` seconds ago or longer."""
        if (now := time.monotonic()) - self._read_at > FOLLOWS:
            self._read_at = now
            if _stamp(self._path) != self._stamp:
                self.refresh()
        return super().seal_packed(packed, about)

    def open_packed(self, sealed: bytes, about: str) -> bytes:
        """As a keyring does; a key that it does not know may have been added since."""
        if self.key_of(sealed) not in self._ciphers:
            self.refresh()
        return super().open_packed(sealed, about)


def about_column(workspace: int, column: str) -> str:
    """What a column's value is about; `column` as `table.column`."""
    return f"{workspace}/{column}"


def load_keyring(path: Path) -> FileKeyring:
    """The keyring of a file; made with one new key when there is none, readable by its owner only."""
    if not path.exists():
        _write(path, _KeyFile(lookup=os.urandom(32), keys={"1": AESGCM.generate_key(256)}))
    return FileKeyring(path)


def add_key(path: Path) -> FileKeyring:
    """Add a key, which seals from now on; what older ones sealed stays readable until it is sealed anew."""
    file = _read(path)
    file.keys[str(max(map(int, file.keys)) + 1)] = AESGCM.generate_key(256)
    _write(path, file)
    return FileKeyring(path)


def drop_keys(path: Path, keep: int) -> FileKeyring:
    """Forget all keys but one: whatever they sealed and nobody sealed anew is lost for ever."""
    file = _read(path)
    file.keys = {str(keep): file.keys[str(keep)]}
    _write(path, file)
    return FileKeyring(path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        seen = path.stat()
    except OSError:
        return (0, 0)
    return (seen.st_mtime_ns, seen.st_ino)


def _read(path: Path) -> _KeyFile:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    except (OSError, msgspec.DecodeError) as error:
        raise SealError(f"{path}: no keyring ({error}); put back the one that sealed this data") from error


def _write(path: Path, file: _KeyFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(msgspec.json.encode(file))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
