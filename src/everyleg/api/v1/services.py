"""What the API stands on, handed in by whoever starts it."""

from collections.abc import Callable
from datetime import UTC, datetime

from litestar.di import NamedDependency
from msgspec import Struct

from everyleg.numbers.detector import Detector
from everyleg.ports.registry import Registry
from everyleg.store.db import Database


def clock() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


class Services(Struct, frozen=True):
    """What the API stands on."""

    database: Database
    carriers: Registry
    detector: Detector | None = None
    """Names carriers by their numbers, where the caller does not."""
    now: Callable[[], datetime] = clock


Given = NamedDependency[Services]
"""What a handler asks for (`services`)."""
