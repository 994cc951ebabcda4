"""`everyleg restore`: a backup into an empty store."""

import os
from pathlib import Path

from everyleg.cli.io import UserError
from everyleg.cli.moving import moving
from everyleg.store.backup.store import restore as put_back
from everyleg.store.errors import StoreError
from everyleg.store.settings import store_settings


def restore(file: Path, /) -> None:
    """Fill an empty store with a backup; one that holds anything is refused, and so is a damaged file.

    The store is the one that EVERYLEG_DATA or EVERYLEG_DATABASE_URL name. The keyring that sealed the data must be in
    its place. A backup of an older version is brought to this one's tables.

    Args:
        file: What `everyleg backup` wrote.
    """
    settings = store_settings(os.environ)
    try:
        with moving("restoring") as begin:
            manifest = put_back(settings, file, begin)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}; give a backup that can be read") from error
    except StoreError as error:
        raise UserError(str(error)) from error
    rows = sum(table.rows for table in manifest.inventory.tables)
    print(f"{rows:,} rows as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC are back, and were counted.")
