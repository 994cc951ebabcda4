"""Where the store is: a database address, or a data directory with a private server."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from msgspec import Struct


class StoreSettings(Struct, frozen=True):
    """Where the store is."""

    data: Path
    """The data directory; holds the private server when there is no address."""
    database_url: str | None = None
    """A PostgreSQL ≥ 15 of one's own, as libpq reads it (`postgresql://…` or `host=… dbname=…`)."""


def store_settings(environ: Mapping[str, str]) -> StoreSettings:
    """The settings that an environment gives: `EVERYLEG_DATA` and `EVERYLEG_DATABASE_URL`."""
    named = environ.get("EVERYLEG_DATA")
    data = Path(named).expanduser().absolute() if named else default_data_folder()
    return StoreSettings(data=data, database_url=environ.get("EVERYLEG_DATABASE_URL") or None)


def default_data_folder() -> Path:
    """The platform's folder for a user's data; for root `/var/lib/everyleg`, as root's home is closed to the server."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/everyleg")
    return platformdirs.user_data_path("everyleg", appauthor=False)
