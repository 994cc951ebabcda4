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
    keys: Path | None = None
    """The keyring that seals personal data; None: beside the data, in the data directory."""

    @property
    def keyring_file(self) -> Path:
        """Where the keyring lies."""
        return self.keys or self.data / "keys.json"


def store_settings(environ: Mapping[str, str]) -> StoreSettings:
    """The settings that an environment gives: `EVERYLEG_DATA`, `EVERYLEG_DATABASE_URL` and `EVERYLEG_KEYS`."""
    named, keys = environ.get("EVERYLEG_DATA"), environ.get("EVERYLEG_KEYS")
    data = Path(named).expanduser().absolute() if named else default_data_folder()
    return StoreSettings(data, environ.get("EVERYLEG_DATABASE_URL") or None, Path(keys).absolute() if keys else None)


def default_data_folder() -> Path:
    """The platform's folder for a user's data; for root `/var/lib/everyleg`, as root's home is closed to the server."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/everyleg")
    return platformdirs.user_data_path("everyleg", appauthor=False)
