"""`everyleg backup`: everything that the store holds, in one file."""

import os
from datetime import UTC, datetime
from pathlib import Path

from everyleg.cli.io import UserError
from everyleg.cli.moving import moving
from everyleg.store.backup.store import backup as back_up
from everyleg.store.errors import StoreError
from everyleg.store.settings import store_settings


def backup(file: Path, /, *, overwrite: bool = False) -> None:
    """Write the whole store into one file, consistent, while it is being used.

    Personal data and secrets stay sealed in it. The keyring that opens them is not in it: keep a copy of that apart.

    Args:
        file: Where to.
        overwrite: Replace a file that is there; it is replaced when the new one is whole.
    """
    if file.exists() and not overwrite:
        raise UserError(f"{file} is there already: give another name, or --overwrite")
    settings = store_settings(os.environ)
    try:
        with moving("backing up") as begin:
            manifest = back_up(settings, file, datetime.now(UTC), begin)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}; give a place that can be written") from error
    except StoreError as error:
        raise UserError(str(error)) from error
    rows = sum(table.rows for table in manifest.inventory.tables)
    print(f"{file}: {rows:,} rows of {len(manifest.inventory.tables)} tables, {file.stat().st_size:,} bytes")
    print(
        f"The keyring is not in it, and without it nobody opens names, addresses or answers again: keep a copy of "
        f"{settings.keyring_file} somewhere safe, apart from the backups."
    )
