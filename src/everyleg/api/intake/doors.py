"""Which tokens open what: the set of all addresses, read from the store and kept on the disk for when that is down.

The copy is sealed by the keyring, which authenticates it too: who can change the file cannot make a token valid.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import structlog
import yaml
from msgspec import Struct
from msgspec.structs import replace

from everyleg.accounts.webhooks import Open, all_open
from everyleg.api.intake.signing import Pushed, Verify, verifier
from everyleg.pipeline.intake import UNSIGNED
from everyleg.ports.push import Push, Reply
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, SealError

PUSHED = "webhook"
"""The source of what a carrier pushed and signed."""

_ABOUT = "webhook addresses"
_log = structlog.get_logger(__name__)

Pushes = Callable[[str], Push | None]
"""What the manifest of a source says of its pushes; None where it has none."""


@lru_cache(maxsize=1)
def schemes() -> dict[str, Push]:
    """The common ways of signing, by name."""
    text = resources.files("everyleg.api.intake").joinpath("schemes.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Push])


def accepted(reply: Reply) -> tuple[Any, ...]:
    """What a source wants to hear, as messages of ASGI, made once."""
    kind = ((b"content-type", reply.type.encode()),) if reply.body else ()
    return answer_of(reply.status, reply.body.encode(), kind)


def answer_of(status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> tuple[Any, ...]:
    """An answer as messages of ASGI."""
    told = [(b"content-length", str(len(body)).encode()), *headers]
    return (
        {"type": "http.response.start", "status": status, "headers": told},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


class Door(Struct, frozen=True):
    """One address, ready to be knocked at."""

    workspace: int
    source: str
    observed_as: str
    """The source of what comes through it."""
    carrier: str | None
    answer: tuple[Any, ...]
    """The messages of ASGI that its sender takes for "accepted"."""
    verify: Verify | None
    """None: nobody signs."""

    def lets(self, pushed: Pushed, now: datetime) -> bool:
        """Whether a push is from who it says, as far as that can be known."""
        return self.verify is None or self.verify(pushed, now)


class Doors:
    """Every address by the hash of its token."""

    def __init__(self, database: Database, pushes: Pushes, aggregators: Iterable[str], cache: Path) -> None:
        """Nothing is read yet; `aggregators` are slugs whose pushes count as their answers."""
        self._database, self._pushes, self._cache = database, pushes, cache
        self._aggregators = frozenset(aggregators)
        self._guard = threading.Lock()
        self._known: list[Open] | None = None
        self._copied_with = 0
        self._doors: dict[bytes, Door] = {}
        self.fresh = False
        """Whether the last reading was from the store itself."""

    def find(self, source: str, token_hash: bytes) -> Door | None:
        """The address of a token; looked up by hash, so that the time it takes says nothing of the token."""
        door = self._doors.get(token_hash)
        return door if door is not None and door.source == source else None

    def refresh(self, patience: float) -> None:
        """Read all addresses anew; from the copy on the disk while the store does not answer and none are known."""
        with self._guard:
            try:
                with self._database.transaction(None, "worker", patience) as worker:
                    found = all_open(worker, self._database.keys)
                self.fresh = True
            except Exception as error:
                self.fresh = False
                if self._known is None:
                    self._take(_read(self._cache, self._database.keys))
                _log.warning("webhook_addresses_not_read", error=type(error).__name__, known=len(self._doors))
                return
            if found != self._known:
                self._take(found)
                self._copied_with = 0
            if self._copied_with != self._database.keys.newest:  # also when the keyring was rotated
                self._copied_with = self._database.keys.newest
                _write(self._cache, self._database.keys, found)

    def _take(self, found: list[Open]) -> None:
        doors: dict[bytes, Door] = {}
        for one in found:
            try:
                doors[one.token_hash] = self._door(one)
            except ValueError as error:
                _log.warning("webhook_address_unusable", source=one.source, why=str(error))
        self._known, self._doors = found, doors

    def _door(self, one: Open) -> Door:
        own = self._pushes(one.carrier or one.source) or Push()
        if one.scheme is not None and one.scheme not in schemes():
            raise ValueError(f"no scheme is called {one.scheme!r}")
        push = own if one.scheme is None else replace(own, signature=schemes()[one.scheme].signature)
        signed = push.signature is not None and one.secret is not None
        verify = verifier(push.signature, one.secret) if push.signature and one.secret is not None else None
        reader = one.carrier or one.source
        as_signed = reader if reader in self._aggregators else PUSHED
        return Door(
            one.workspace, one.source, as_signed if signed else UNSIGNED, one.carrier, accepted(push.reply), verify
        )


def _read(path: Path, keys: Keyring) -> list[Open]:
    """The copy on the disk; none where there is none, or it was tampered with."""
    try:
        return keys.open_json(path.read_bytes(), _ABOUT, list[Open])
    except FileNotFoundError:
        return []
    except (OSError, SealError, msgspec.DecodeError) as error:
        _log.warning("webhook_addresses_copy_unusable", error=type(error).__name__)
        return []


def _write(path: Path, keys: Keyring, found: list[Open]) -> None:
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_bytes(keys.seal_json(found, _ABOUT))
        beside.replace(path)
    except OSError as error:
        _log.warning("webhook_addresses_not_copied", error=type(error).__name__)
