"""Writing down what answers say of consolidations: under which numbers they are told of, and who is inside."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from everyleg.core.model import Flight, Result
from everyleg.pipeline.bulk import Target, insert
from everyleg.pipeline.consolidations.around import AROUND
from everyleg.pipeline.consolidations.fanning import plan_around
from everyleg.pipeline.consolidations.naming import Key, key_for, key_of, keys_of_flight, mawb_of
from everyleg.pipeline.heard import Said
from everyleg.pipeline.joining import evidence_of
from everyleg.pipeline.known import Store
from everyleg.pipeline.settle import News

Told = tuple[Key, datetime | None, datetime | None]
"""A consolidation that somebody is inside, and since and until when, where that is said."""

_CONSOLIDATIONS = Target(
    "consolidations",
    (("workspace_id", "integer"), ("kind", "text"), ("carrier", "text"), ("reference", "text")),
    "ON CONFLICT DO NOTHING",
)

_NUMBERS = Target(
    "consolidation_numbers",
    (("workspace_id", "integer"), ("number_id", "bigint"), ("consolidation_id", "bigint")),
    "ON CONFLICT DO NOTHING",
)

_MEMBERSHIPS = Target(
    "memberships",
    (
        ("workspace_id", "integer"), ("consolidation_id", "bigint"), ("number_id", "bigint"), ("source", "text"),
        ("joined_at", "timestamptz"), ("left_at", "timestamptz"), ("evidence", "text"),
    ),
    "ON CONFLICT DO NOTHING",
    "number_id, consolidation_id",
)  # fmt: skip

_FIND = """
SELECT c.kind, c.carrier, c.reference, c.consolidation_id
FROM unnest(%(kinds)s::text[], %(carriers)s::text[], %(references)s::text[]) AS w (kind, carrier, reference)
JOIN consolidations c ON c.workspace_id = %(workspace)s
    AND c.kind = w.kind AND c.reference = w.reference AND c.carrier = w.carrier
"""

# Who adds somebody to a consolidation reads what is told of it, and of those around it; who tells of it looks who is
# inside. Each waits for the other here, in order of id and before any number is held.
_READ = f"""
SELECT FROM consolidations WHERE workspace_id = %(workspace)s AND consolidation_id IN (
    WITH RECURSIVE {AROUND} SELECT id FROM around)
ORDER BY consolidation_id FOR SHARE
"""  # noqa: S608 - our own words
_TELL = """
SELECT FROM consolidations WHERE workspace_id = %(workspace)s AND consolidation_id = ANY(%(ids)s)
ORDER BY consolidation_id FOR NO KEY UPDATE
"""

# what an erased answer told cannot be told again: it stays
_FORGET = """
DELETE FROM memberships WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s)
    AND source <> 'person' AND number_id NOT IN (
        SELECT r.number_id FROM readings r
        JOIN observations o ON o.workspace_id = r.workspace_id AND o.observation_id = r.observation_id
        WHERE r.workspace_id = %(workspace)s AND r.number_id = ANY(%(numbers)s) AND o.body IS NULL)
"""


def note(store: Store, news: Iterable[News]) -> set[int]:
    """Write down what answers say of consolidations; gives the numbers that are inside one more.

    Args:
        store: in a transaction that holds no numbers yet.
        news: what is heard.
    """
    told_of: dict[int, Key] = {}
    inside: dict[tuple[int, str, Told], str] = {}
    for number, source, _, said in news:
        if (key := key_of(said.ref)) is not None:
            told_of[number] = key
        for told in told_inside_of(said):
            inside[number, source, told] = evidence_of(said.ref)
    if not told_of and not inside:
        return set()
    known = _ensure(store, {*told_of.values(), *(told[0] for _, _, told in inside)})
    insert(store.connection, _NUMBERS, sorted((store.workspace, n, known[key]) for n, key in told_of.items()))
    rows = [
        (store.workspace, known[told[0]], number, source, *told[1:], evidence)
        for (number, source, told), evidence in inside.items()
    ]
    added = insert(store.connection, _MEMBERSHIPS, sorted(rows, key=lambda row: (row[2], row[1], str(row[3:]))))
    for query, ids in ((_TELL, {known[key] for key in told_of.values()}), (_READ, {found for _, found in added})):
        if ids:
            store.connection.execute(query, {"workspace": store.workspace, "ids": sorted(ids)})
    plan_around(store, {found for _, found in added})
    return {number for number, _ in added}


def told_inside_of(said: Said) -> Iterator[Told]:
    """What an answer says that its number is inside: what a file tells of it, flights, air waybills, batches."""
    result = said.result
    yield from said.inside
    if result.outcome != "found":
        return
    for flight in result.flights:
        day = flight.date or _departed(result)
        for key in keys_of_flight(flight if day == flight.date else Flight(flight.number, day, flight.mawb)):
            yield key, None, None
    if result.batch:
        yield key_for("batch", result.batch, said.ref.carrier), None, None
    for alias in result.aliases:
        if alias.relation == "master" and alias.carrier is None and (mawb := mawb_of(alias.tracking_number)):
            yield Key("mawb", "", mawb), None, None


def _departed(result: Result) -> str | None:
    """The day on which an answer says that its parcel left by air: that of a flight whose day it does not say."""
    days = (e.occurred_local for e in result.events if e.sub_status == "departed_origin" and not e.withdrawn)
    first = min((day for day in days if day is not None), default=None)
    return first.date().isoformat() if first is not None and len(result.flights) == 1 else None


def forget(store: Store, numbers: Collection[int]) -> None:
    """Forget what answers told of who these numbers are inside of, before they are read again."""
    if numbers:
        store.connection.execute(_FORGET, {"workspace": store.workspace, "numbers": list(numbers)})


def _ensure(store: Store, keys: Collection[Key]) -> dict[Key, int]:
    listed = sorted(keys)
    insert(store.connection, _CONSOLIDATIONS, [(store.workspace, *key) for key in listed])
    asked = {
        "workspace": store.workspace,
        "kinds": [key.kind for key in listed],
        "carriers": [key.carrier for key in listed],
        "references": [key.reference for key in listed],
    }
    return {Key(*row[:3]): row[3] for row in store.connection.execute(_FIND, asked)}
