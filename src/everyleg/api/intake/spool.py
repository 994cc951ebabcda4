"""Where bodies wait when the database does not take them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from everyleg.pipeline.intake import Received
from everyleg.store import spool
from everyleg.store.sealing import Keyring

Keep = Callable[[Sequence[Received]], None]
"""Keeps bodies durably, or raises."""


class Spool(spool.Spool[Received]):
    """The spool of bodies (`store/spool.py`, shared with the journal)."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        """Make the folder, closed to others."""
        super().__init__(folder, keys, Received)
