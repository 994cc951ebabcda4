"""Proving the states: every parcel folded anew from what is kept, and compared with what is stored."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from everyleg.pipeline.folding import Whole, fold_components, load_whole, open_timeline
from everyleg.pipeline.known import Store
from everyleg.pipeline.matching import Match
from everyleg.pipeline.settle import hold
from everyleg.pipeline.states import columns_of
from everyleg.store.db import Database

BATCH = 200
"""Numbers whose parcels are folded at once."""


class Difference(Struct, frozen=True):
    """A state that is not what the fold makes of the statements."""

    workspace_id: int
    parcel_id: int | None
    """None: the fold finds a parcel that the store does not have."""
    what: str
    """`timeline`, `column`, `missing` or `merged`."""
    detail: str


_NUMBERS = """
SELECT number_id FROM numbers WHERE workspace_id = %s AND number_id > %s ORDER BY number_id LIMIT %s
"""

_STATES = """
SELECT parcel_id, milestone, sub_status, stage, exception, since, delivered_at, last_event_at, carriers
FROM states WHERE workspace_id = %s AND parcel_id = ANY(%s)
"""

_COLUMNS = ("milestone", "sub_status", "stage", "exception", "since", "delivered_at", "last_event_at", "carriers")


def verify(
    database: Database, workspace: int | None = None, progress: Callable[[int], None] | None = None
) -> list[Difference]:
    """Fold every parcel anew from its statements, links and facts; gives what the store has otherwise.

    States are compared, not views: nothing here hangs on the clock. Parcels are held while they are looked at, so
    workers may go on.

    Args:
        database: the store.
        workspace: only this one; None: all.
        progress: told how many numbers were looked at, after each batch.
    """
    with database.transaction(None, "worker") as worker:
        listed = [w for (w,) in worker.execute("SELECT workspace_id FROM workspaces ORDER BY workspace_id")]
    found: list[Difference] = []
    for one in listed if workspace is None else [workspace]:
        for batch in _batches(database, one):
            with database.transaction(one, "worker") as connection:
                found += _differences(Store(connection, database.keys, one), batch)
            if progress is not None:
                progress(len(batch))
    return sorted(set(found), key=lambda d: (d.workspace_id, d.parcel_id or 0, d.what, d.detail))


def _batches(database: Database, workspace: int) -> Iterator[set[int]]:
    after = 0
    while True:
        with database.transaction(workspace, "worker") as connection:
            page = [number for (number,) in connection.execute(_NUMBERS, (workspace, after, BATCH))]
        if not page:
            return
        after = page[-1]
        yield set(page)


def _differences(store: Store, numbers: Collection[int]) -> Iterator[Difference]:
    names = hold(store, numbers)
    components = names.components(numbers)
    whole = load_whole(store, names, set().union(*components))
    matches = fold_components(store, whole, components)
    parcels = [found.home.parcel_id for found in matches if found.home is not None]
    states = {row[0]: row[1:] for row in store.rows(_STATES, parcels)}
    for found in matches:
        yield from _compared(store, whole, found, states)


def _compared(store: Store, whole: Whole, found: Match, states: dict[int, Any]) -> Iterator[Difference]:
    if found.home is None:
        yield Difference(store.workspace, None, "missing", f"no parcel for number {found.number_id}")
        return
    parcel = found.home.parcel_id
    if found.home.merged_into != found.merged_into:
        said = f"redirects to {found.home.merged_into}, and should to {found.merged_into}"
        yield Difference(store.workspace, parcel, "merged", said)
        return
    if found.merged_into is not None:
        return
    if parcel not in states:
        yield Difference(store.workspace, parcel, "missing", "has no state")
        return
    sealed = whole.sealed.get(parcel)
    there = None if sealed is None else open_timeline(store, sealed)
    wanted = None if found.timeline is None else msgspec.json.encode(found.timeline)
    if there != wanted:
        yield Difference(store.workspace, parcel, "timeline", _first_difference(there, wanted))
    columns = columns_of(found.timeline, whole.names.refs[found.number_id])
    expected = (*msgspec.structs.astuple(columns.summary), columns.last_event_at, columns.carriers)
    for name, is_now, should in zip(_COLUMNS, states[parcel], expected, strict=True):
        if is_now != should:
            yield Difference(store.workspace, parcel, "column", f"{name} is {is_now}, and should be {should}")


def _first_difference(there: bytes | None, wanted: bytes | None) -> str:
    """Which part of a timeline differs, without saying what it holds."""
    if there is None or wanted is None:
        return "is there" if wanted is None else "is missing"
    one, other = msgspec.json.decode(there), msgspec.json.decode(wanted)
    parts = [name for name in other if one.get(name) != other[name]]
    return f"differs in {', '.join(parts) or 'its order'}"
