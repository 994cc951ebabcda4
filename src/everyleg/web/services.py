"""What the pages stand on, handed in by whoever starts them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from litestar.di import NamedDependency
from msgspec import Struct, field

from everyleg.accounts.passwords import Passwords
from everyleg.numbers.detector import Detector
from everyleg.ports.registry import Registry
from everyleg.store.db import Database


def clock() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


class Services(Struct, frozen=True):
    """What the pages stand on."""

    database: Database
    carriers: Registry
    detector: Detector | None = None
    """Names carriers by their numbers, where people add some."""
    forwarders: Path | None = None
    """The installation's own folder of carriers, where people add forwarders; None: there is none."""
    base_url: str = ""
    """Where the pages are reached from outside (`https://track.example.com`); empty: as the request says."""
    now: Callable[[], datetime] = clock
    passwords: Passwords = field(default_factory=Passwords)
    """Hashes and compares; tests give one that is quick."""


Given = NamedDependency[Services]
"""What a handler asks for (`services`)."""
