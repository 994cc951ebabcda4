"""Back up the store that the settings name, and restore one into it."""

from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from pathlib import Path

import psycopg
from psycopg import IsolationLevel

from everyleg.store import migrations
from everyleg.store.backup.contents import Inventory, Living
from everyleg.store.backup.file import BackupFile, Manifest, Seal, seal_of, why_not_opened, write
from everyleg.store.backup.loading import Progress, carry, load
from everyleg.store.db import connect
from everyleg.store.errors import BackupError
from everyleg.store.sealing import load_keyring
from everyleg.store.server import PrivateServer
from everyleg.store.server.private import DATABASE
from everyleg.store.settings import StoreSettings

Begin = Callable[[Inventory], Progress]
"""Told what is to come, gives whom to tell of it."""


def backup(settings: StoreSettings, file: Path, now: datetime, begin: Begin) -> Manifest:
    """Write everything that the store holds at this moment into a file, while others go on working.

    Raises:
        StoreError: the store does not open.
        OSError: the file cannot be written; nothing is left of it.
    """
    with connect(settings) as database, psycopg.connect(database.conninfo) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET LOCAL ROLE everyleg_worker")
        source = Living(connection)
        stamp = (metadata.version("everyleg"), now, seal_of(database.keys))
        return write(file, source, stamp, begin(source.inventory))


def restore(settings: StoreSettings, file: Path, begin: Begin) -> Manifest:
    """Fill an empty store with a backup and bring it to this version's tables; whole or not at all.

    Raises:
        BackupError: the file is damaged or from a newer Everyleg, or not sealed with the keyring that is here.
        NotEmptyError: the store holds data.
        StoreError: the store does not open.
        OSError: the file cannot be read.
    """
    with BackupFile(file, migrations.newest()) as source:
        _check_keyring(settings.keyring_file, source.manifest.seal)
        if settings.database_url:
            load(settings.database_url, source, None, begin(source.inventory))
        else:
            with PrivateServer(settings.data, carry=carry) as server:
                load(server.superuser_conninfo, source, DATABASE, begin(source.inventory))
        return source.manifest


def _check_keyring(path: Path, sealed: Seal) -> None:
    why = why_not_opened(load_keyring(path), sealed) if path.exists() else "there is none"
    if why:
        raise BackupError(
            f"personal data in this backup open only with the keyring that sealed them, kept apart from it; at {path} "
            f"{why}. Put the copy from the time of the backup there (or name it in EVERYLEG_KEYS) and try again. "
            "Nothing was written"
        )
