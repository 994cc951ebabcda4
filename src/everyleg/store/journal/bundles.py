"""Bundles: rows of the journal on their way to the table, under an id by which none comes in twice."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection

from everyleg.store.journal.entries import Entry
from everyleg.store.journal.postgres import keep

MOST_BYTES = 900_000
"""About the most bytes of a bundle; a server takes messages of 1 MB unless told otherwise."""
MOST_ENTRIES = 256


class Bundle(Struct, frozen=True, array_like=True):
    """Rows that were received together."""

    bundle_id: bytes
    received_at: datetime
    entries: list[Entry]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Bundle).decode

_NEW = """
INSERT INTO bundles (workspace_id, bundle_id)
SELECT * FROM unnest(%s::integer[], %s::bytea[]) AS b (workspace_id, bundle_id) ORDER BY bundle_id, workspace_id
ON CONFLICT DO NOTHING RETURNING workspace_id, bundle_id
"""

_FORGET = "DELETE FROM bundles WHERE kept_at < %s"


def bundled(entries: Sequence[Entry], now: datetime) -> Iterator[Bundle]:
    """Entries in bundles of bounded size; one that is larger by itself is a bundle of its own."""
    some: list[Entry] = []
    size = 0
    for entry in entries:
        if some and (size + len(entry.body) > MOST_BYTES or len(some) == MOST_ENTRIES):
            yield Bundle(uuid.uuid4().bytes, now, some)
            some, size = [], 0
        some.append(entry)
        size += len(entry.body)
    if some:
        yield Bundle(uuid.uuid4().bytes, now, some)


def take_in(connection: Connection[Any], bundles: Sequence[Bundle]) -> int:
    """Put bundles into the table, those that were put there before left out; gives how many rows came.

    In the caller's transaction of a worker. Whoever else puts the same one in at this moment is waited for.
    """
    parts: dict[tuple[int, bytes], tuple[datetime, list[Entry]]] = {}
    for bundle in bundles:
        if any((entry.workspace, bundle.bundle_id) in parts for entry in bundle.entries):
            continue
        for entry in bundle.entries:
            part = parts.setdefault((entry.workspace, bundle.bundle_id), (bundle.received_at, []))
            part[1].append(entry)
    if not parts:
        return 0
    workspaces, ids = map(list, zip(*parts, strict=True))
    new = connection.execute(_NEW, (workspaces, ids)).fetchall()
    count = 0
    for workspace, bundle_id in new:
        received_at, entries = parts[workspace, bundle_id]
        keep(connection, entries, received_at)
        count += len(entries)
    return count


def forget(connection: Connection[Any], before: datetime) -> int:
    """Forget bundles that came in before a moment: none of them is delivered again so late; gives how many."""
    return connection.execute(_FORGET, (before,)).rowcount
