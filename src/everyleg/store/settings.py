"""Where the store is: a database address, or a data directory with a private server."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from msgspec import Struct

from everyleg.store.errors import StoreError
from everyleg.store.journal.jetstream import JetStream


class StoreSettings(Struct, frozen=True):
    """Where the store is."""

    data: Path
    """The data directory; holds the private server when there is no address."""
    database_url: str | None = None
    """A PostgreSQL ≥ 15 of one's own, as libpq reads it (`postgresql://…` or `host=… dbname=…`)."""
    keys: Path | None = None
    """The keyring that seals personal data; None: beside the data, in the data directory."""
    jetstream: JetStream | None = None
    """The replicated log in front of the journal's table; None: there is none."""

    @property
    def keyring_file(self) -> Path:
        """Where the keyring lies."""
        return self.keys or self.data / "keys.json"


def store_settings(environ: Mapping[str, str]) -> StoreSettings:
    """The settings that an environment gives: `EVERYLEG_DATA`, `EVERYLEG_DATABASE_URL`, `EVERYLEG_KEYS`, and those of
    the journal.

    Raises:
        StoreError: the journal is set half, or to what there is not.
    """
    named, keys = environ.get("EVERYLEG_DATA"), environ.get("EVERYLEG_KEYS")
    data = Path(named).expanduser().absolute() if named else default_data_folder()
    return StoreSettings(
        data,
        environ.get("EVERYLEG_DATABASE_URL") or None,
        Path(keys).absolute() if keys else None,
        _jetstream(environ, data),
    )


def _jetstream(environ: Mapping[str, str], data: Path) -> JetStream | None:
    engine = environ.get("EVERYLEG_JOURNAL") or "postgres"
    if engine == "postgres":
        return None
    if engine != "jetstream":
        raise StoreError(f"EVERYLEG_JOURNAL={engine} is no journal; set it to postgres or jetstream")
    servers = _listed(environ.get("EVERYLEG_NATS_URL", ""))
    if not servers:
        raise StoreError(
            "EVERYLEG_JOURNAL=jetstream needs EVERYLEG_NATS_URL, the servers with commas between (nats://nats-1:4222,…)"
        )
    monitors = _listed(environ.get("EVERYLEG_NATS_MONITOR", "")) or tuple(map(_monitor_of, servers))
    replicas = environ.get("EVERYLEG_NATS_REPLICAS") or "3"
    if replicas not in ("1", "3", "5"):
        raise StoreError(f"EVERYLEG_NATS_REPLICAS={replicas}: the log has 1, 3 or 5 copies")
    return JetStream(servers, monitors, data / "journal-spool", int(replicas))


def _listed(value: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.split(",") if one.strip())


def _monitor_of(server: str) -> str:
    """Where a server's monitoring port is unless it is said: 8222 of the same host."""
    return f"http://{urlsplit(server).hostname}:8222"


def default_data_folder() -> Path:
    """The platform's folder for a user's data; for root `/var/lib/everyleg`, as root's home is closed to the server."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/everyleg")
    return platformdirs.user_data_path("everyleg", appauthor=False)
