"""From an older major version to the wheel's: the old one's kept programs serve, a new cluster takes everything over.

`postgres` is the cluster, `postgres.next` the one that is being made and filled, `postgres.old` the one it replaces,
for the moment between two renames. Until everything has been carried over and counted, the old cluster is only read;
killed at any point, the next start begins anew (`postgres.next` is thrown away) or finishes the renames.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from everyleg.store.server import cluster as clusters
from everyleg.store.server.binaries import Programs
from everyleg.store.server.instance import DATABASE, Instance

Carry = Callable[[str, str], None]
"""Brings everything from one server to another (connection strings of their superusers), checks it, or raises."""

_SETTINGS = {"max_wal_size": "4GB", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
"""What the new server runs with while it takes everything over; the data itself is synced to disk as always."""


def beside(cluster: Path) -> Path:
    """Where the new cluster is made."""
    return cluster.with_name(f"{cluster.name}.next")


def _old(cluster: Path) -> Path:
    return cluster.with_name(f"{cluster.name}.old")


def settle(cluster: Path) -> None:
    """Finish an upgrade that was killed between the renames, or before the old cluster was removed."""
    fresh, old = beside(cluster), _old(cluster)
    if not old.exists():
        return
    if not cluster.exists():
        (fresh if fresh.exists() else old).rename(cluster)
        _sync(cluster.parent)
    shutil.rmtree(old, ignore_errors=True)


def upgrade(
    source: Instance, target: Instance, programs: tuple[Programs, Programs], settings: Mapping[str, str], carry: Carry
) -> None:
    """Make the cluster one of this installation's major version, with all that it holds.

    Args:
        source: of the cluster; nobody uses it, and if a killed process left it running it is ended.
        target: of the new one, at `beside`.
        programs: the old major version's, and this installation's.
        settings: what the new server runs with, beside its own for this.
        carry: what brings over the data.

    Raises:
        StoreError: no room, a server does not start, or what was carried over is not all; the old cluster stays.
    """
    before, after = programs
    cluster, fresh, old = source.cluster, target.cluster, _old(source.cluster)
    target.stop(after)
    shutil.rmtree(fresh, ignore_errors=True)
    clusters.check_room(cluster.parent, _size(cluster) + clusters.ROOM_TO_CREATE)
    try:
        clusters.create(fresh, after, target.secret, sync=settings.get("fsync") != "off")
        with source.up(before), target.up(after, clusters.CONFIGURATION | dict(settings) | _SETTINGS):
            carry(*(one.conninfo(clusters.SUPERUSER, DATABASE) for one in (source, target)))
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    cluster.rename(old)
    fresh.rename(cluster)
    _sync(cluster.parent)
    shutil.rmtree(old, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _sync(folder: Path) -> None:
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
