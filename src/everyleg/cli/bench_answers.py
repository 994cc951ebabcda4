"""What the benches of store and pipeline have in common: a store of its own, answers, and taking them in."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from everyleg.app.plugins import registry
from everyleg.lab.mix import Way
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import Drained, drain
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

STATEMENTS = 12
"""Statements of an answer."""
GROUP = 64
"""Bodies received in one commit, as the receiver does."""
START = datetime(2026, 11, 20, tzinfo=UTC)
"""When the first answers are received."""


@contextmanager
def bench_store() -> Iterator[tuple[Database, StoreSettings]]:
    """A private server of its own, with its usual settings, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="everyleg-bench-") as folder:
        Path(folder).chmod(0o711)
        settings = StoreSettings(Path(folder) / "data")
        with connect(settings) as database:
            yield database, settings


def items(workspace: int, told: Sequence[Way], scans: int, at: datetime) -> list[Received]:
    """The answers about parcels once they have had so many scans."""
    return [Received(workspace, "carrier_api", way.slug, way.answer(scans), (way.number,), at) for way in told]


def take(database: Database, received: Sequence[Received]) -> None:
    """Receive bodies, so many a commit."""
    for at in range(0, len(received), GROUP):
        receive(database, received[at : at + GROUP])


def through(database: Database, received: Sequence[Received]) -> Drained:
    """Receive bodies and take all that waits to states."""
    take(database, received)
    return drain(database, registry())
