"""What comes in: kept durably before anybody is told that it came; read later (`work`)."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from everyleg.store.db import Database
from everyleg.store.journal import Entry
from everyleg.store.journal.postgres import keep
from everyleg.store.sealing import about_column

INBOX_BODY = "inbox.body"

Seal = Callable[[bytes, str], bytes]


class Received(Struct, frozen=True):
    """A body as it came, whatever its bytes, with what its bearer knows of it."""

    workspace: int
    source: str
    """Where we learnt it: `carrier_api`, `webhook`, `file` …; a carrier's sources may disagree."""
    carrier: str | None
    """Slug; None when nobody knows whose answer it is."""
    body: bytes
    asked: tuple[str, ...]
    """The numbers that were asked for; empty when nobody asked."""
    observed_at: datetime
    """When it was received; aware."""


FILE = "file"
"""The source of answers out of files. Their times are those of the files, which a copy changes: so they tell, in any
order, and take nothing back.
"""

UNSIGNED = "webhook_unsigned"
"""The source of what anybody may have pushed: its word alone ends no parcel (`doubting`)."""

BUNDLE = 256
"""The most bodies of one row of the journal."""


class Packed(Struct, frozen=True, array_like=True):
    """A body of a bundle: what was pushed, so that no numbers were asked for."""

    source: str
    carrier: str | None
    observed_at: datetime
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
unbundle = msgspec.msgpack.Decoder(list[Packed]).decode
"""The bodies of a bundle."""


def receive(database: Database, items: Sequence[Received], patience: float | None = None) -> None:
    """Keep bodies in the journal, one commit for all: durable when it returns, none of them when it raises.

    Of several that were pushed to a workspace one row is made: sealed and packed together they cost a fraction. What
    was asked for has a row each, by whose numbers it is found (erasing).

    Args:
        database: the store.
        items: the bodies.
        patience: seconds that it may take to get a connection; None: as long as the pool waits.

    Raises:
        psycopg.Error, JournalError: they are not kept; nobody may acknowledge them.
    """
    database.journal.append(_rows(database, items), patience)


def _rows(database: Database, items: Sequence[Received]) -> list[Entry]:
    seal = database.keys.seal
    pushed: dict[int, list[Received]] = {}
    for item in items:
        if not item.asked:
            pushed.setdefault(item.workspace, []).append(item)
    rows: list[Entry] = []
    for workspace, several in pushed.items():
        for at in range(0, len(several), BUNDLE):
            rows.append(_bundle(seal, workspace, several[at : at + BUNDLE]))
    rows += [_single(seal, item) for item in items if item.asked]
    return rows


def _single(seal: Seal, item: Received) -> Entry:
    sealed = seal(item.body, about_column(item.workspace, INBOX_BODY))
    return Entry(item.workspace, item.source, item.carrier, item.asked, item.observed_at, 1, sealed)


def _bundle(seal: Seal, workspace: int, items: Sequence[Received]) -> Entry:
    if len(items) == 1:
        return _single(seal, items[0])
    packed = _encode([Packed(one.source, one.carrier, one.observed_at, one.body) for one in items])
    first = min(one.observed_at for one in items)
    return Entry(workspace, "", None, (), first, len(items), seal(packed, about_column(workspace, INBOX_BODY)))


_SPLIT = """
SELECT workspace_id, body FROM inbox WHERE inbox_id = %s AND bodies > 1 FOR UPDATE SKIP LOCKED
"""

_DROP = "DELETE FROM inbox WHERE workspace_id = %s AND inbox_id = %s"


def split(database: Database, inbox_id: int) -> bool:
    """Make a row of each body of a bundle, so that one that breaks its batch holds up no other; whether it was one."""
    with database.transaction(None, "worker") as worker, worker.cursor() as cursor:
        row = cursor.execute(_SPLIT, (inbox_id,)).fetchone()
        if row is None:
            return False
        workspace, body = row
        opened = unbundle(database.keys.open(body, about_column(workspace, INBOX_BODY)))
        singles = [Received(workspace, one.source, one.carrier, one.body, (), one.observed_at) for one in opened]
        keep(worker, [_single(database.keys.seal, one) for one in singles])
        cursor.execute(_DROP, (workspace, inbox_id))
    return True
