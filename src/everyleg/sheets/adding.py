"""Rows of a sheet into the store, batch by batch; each batch is one transaction, and each row's fate is told.

The same sheet twice changes nothing. What a sheet leaves blank is left as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import Permission
from everyleg.sheets import naming
from everyleg.sheets.fates import Fate
from everyleg.sheets.matching import Matcher, Names, Settled, without_sku
from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Row
from everyleg.sheets.there import Looking
from everyleg.sheets.writing import Writer
from everyleg.store.db import Database

BATCH = 2_000
"""Rows of one transaction."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('everyleg.sheet'), %s)"


def add(
    database: Database,
    workspace: int,
    rows: Iterable[Row],
    author: Actor,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Fate]:
    """Add what rows say, and tell each row's fate in their order, once its batch is committed.

    Args:
        database: where to.
        workspace: whose parcels.
        rows: as `incoming.read` gives them; taken a batch at a time.
        author: who adds; limits to shops hold: rows of other shops are refused, their shipments not seen.
        now: the present instant.
        progress: told after each batch how many rows it had.

    Raises:
        NotAllowedError: the author may not add parcels.
        SheetError: as `rows` raises it; batches before it are kept, and adding the sheet again is harmless.
    """
    author.require(Permission.ADD_PARCELS)
    left, earlier = iter(rows), Earlier()
    while batch := list(islice(left, BATCH)):
        with database.transaction(workspace) as connection:
            adding = _Batch(connection, database, workspace, author, now)
            fates = adding.fates(batch, earlier)
        yield from fates
        if progress:
            progress(len(batch))


def add_batch(
    connection: Connection[Any], database: Database, rows: Sequence[Row], author: Actor, now: datetime
) -> list[Fate]:
    """The same for at most `BATCH` rows, in a transaction of the author's workspace that is open.

    Raises:
        NotAllowedError: the author may not add parcels.
    """
    author.require(Permission.ADD_PARCELS)
    return _Batch(connection, database, author.workspace, author, now).fates(rows, Earlier())


class Earlier:
    """A set of ids of which many stand close together, at a bit each."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and bool(self._bits.get(number >> 10, 0) >> (number & 1023) & 1)

    def add(self, number: int) -> None:
        """Take one up."""
        self._bits[number >> 10] = self._bits.get(number >> 10, 0) | 1 << (number & 1023)


class _Batch:
    def __init__(
        self, connection: Connection[Any], database: Database, workspace: int, author: Actor, now: datetime
    ) -> None:
        self._connection, self._keys, self._workspace = connection, database.keys, workspace
        self._author, self._now = author, now
        self._made: dict[str, dict[str, Note]] = {}

    def fates(self, rows: Sequence[Row], earlier: Earlier) -> list[Fate]:
        # one sheet at a time, so that two do not make the same order twice
        self._connection.execute(_LOCK, (self._workspace,))
        shops = naming.ids_of(self._connection, self._workspace, "shops", (row.shop for row in rows))
        refusals = {index: found for index, row in enumerate(rows) if (found := self._refusals(row, shops))}
        taken = [row for index, row in enumerate(rows) if index not in refusals]
        settled = iter(self._settle(taken, earlier))
        return [
            Fate(row, "refused", refusals[index]) if index in refusals else self._fate(next(settled))
            for index, row in enumerate(rows)
        ]

    def _refusals(self, row: Row, shops: dict[str, int]) -> tuple[Note, ...]:
        own = self._author.shop_ids
        if row.refusals or own is None or (row.shop and shops.get(row.shop) in own):
            return row.refusals
        return (Note("not_your_shop", {"name": row.shop}) if row.shop else Note("name_your_shop"),)

    def _settle(self, rows: list[Row], earlier: Earlier) -> list[Settled]:
        names = self._names(rows)
        there = Looking(self._connection, self._keys, self._workspace).find(rows, self._author.shop_ids, earlier)
        matcher = Matcher(there, names)
        settled = [matcher.settle(row) for row in rows]
        author = self._author.actor_id if self._author.kind == "person" else None
        Writer(self._connection, self._keys, self._workspace, author, self._now).write(there.ships, there.wanted)
        for one in settled:
            earlier.add(one.pieces[0].ship.shipment_id or 0)
        return settled

    def _names(self, rows: list[Row]) -> Names:
        given: dict[str, list[str | None]] = {
            "shops": [row.shop for row in rows],
            "channels": [row.channel for row in rows],
            "tags": [tag for row in rows for tag in row.tags],
        }
        for table, names in given.items():
            self._made[table] = naming.make(self._connection, self._workspace, table, names)
        naming.set_platforms(self._connection, self._workspace, rows)
        return Names(*(naming.ids_of(self._connection, self._workspace, table, given[table]) for table in given))

    def _fate(self, settled: Settled) -> Fate:
        row = settled.row
        named = [("shops", row.shop), ("channels", row.channel), *(("tags", tag) for tag in row.tags)]
        made = [note for table, name in named if name and (note := self._made[table].pop(name, None))]
        ids = (piece.parcel_id for piece in settled.pieces)
        notes = (*settled.notes, *without_sku(row), *made)
        return Fate(row, settled.kind, notes, tuple(found for found in ids if found is not None))
