"""Parcels that somebody adds: each number gets one, or is one that is there already."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.core.model import Ref
from everyleg.pipeline.bulk import each
from everyleg.pipeline.consolidations.naming import key_of
from everyleg.pipeline.numbers import as_they_are, ensure_numbers, lock_numbers, stirred
from everyleg.store.due import arm_now

FOLD = "fold"
"""The kind of what is due when a number has to be folded anew; its subject is the number."""


class NewParcel(Struct, frozen=True):
    """A parcel to be followed."""

    carrier: str
    """Slug; `""` while nobody knows."""
    tracking_number: str
    shipment_id: int | None = None


class Ensured(Struct, frozen=True):
    """The parcel that a number is now."""

    parcel_id: int
    number_id: int
    made: bool
    """False: it was there before."""


Wanted = tuple[int, int | None]
"""A number's id and the shipment that it belongs to."""

_THERE = each(
    """
SELECT l.number_id, p.parcel_id, p.shipment_id FROM legs l CROSS JOIN LATERAL (
    SELECT * FROM parcels p WHERE p.workspace_id = l.workspace_id AND p.parcel_id = l.parcel_id OFFSET 0) p
WHERE l.workspace_id = a.workspace_id AND l.number_id = w.id AND p.merged_into IS NULL
""",
    "ORDER BY 2",
)

_MAKE = """
INSERT INTO parcels (workspace_id, number_id, shipment_id)
SELECT %(workspace)s, number_id, shipment_id
FROM unnest(%(numbers)s::bigint[], %(shipments)s::bigint[]) WITH ORDINALITY AS w (number_id, shipment_id, place)
ORDER BY place RETURNING number_id, shipment_id, parcel_id
"""

_PENDING = """
WITH new AS (
    SELECT w.parcel_id, w.number_id, n.carrier
    FROM unnest(%(parcels)s::bigint[], %(numbers)s::bigint[]) AS w (parcel_id, number_id) CROSS JOIN LATERAL (
        SELECT * FROM numbers n WHERE n.workspace_id = %(workspace)s AND n.number_id = w.number_id OFFSET 0) n
), leg AS (
    INSERT INTO legs (workspace_id, parcel_id, number_id) SELECT %(workspace)s, parcel_id, number_id FROM new
), change AS (
    INSERT INTO changes (workspace_id, parcel_id, after) SELECT %(workspace)s, parcel_id, '{"milestone": "pending",
        "sub_status": "registered", "stage": "any", "exception": false, "since": null, "delivered_at": null}' FROM new
)
INSERT INTO states (workspace_id, parcel_id, milestone, sub_status, stage, carriers)
SELECT %(workspace)s, parcel_id, 'pending', 'registered', 'any', array_remove(ARRAY[carrier], '') FROM new
"""

_SHIP = """
UPDATE parcels p SET shipment_id = w.shipment_id
FROM unnest(%(parcels)s::bigint[], %(shipments)s::bigint[]) AS w (parcel_id, shipment_id)
WHERE p.workspace_id = %(workspace)s AND p.parcel_id = w.parcel_id
"""


def ensure_parcels(connection: Connection[Any], workspace: int, wanted: Sequence[NewParcel]) -> list[Ensured]:
    """The parcel of each number, made where there is none; in the order asked.

    A number that is known already (from an answer, or added before) keeps its parcel, which gets the shipment if it
    has none. A number of another shipment is a parcel of its own: a reused number, or the same one sold twice; the
    fold tells its lives apart.

    Args:
        connection: of the app or a worker, in a transaction that may see the workspace.
        workspace: whose.
        wanted: in any number; doubles are one parcel.
    """
    unknown: set[int] = set()
    known = ensure_numbers(connection, workspace, {Ref(w.carrier, w.tracking_number) for w in wanted}, unknown)
    numbers = as_they_are(connection, workspace, known)
    lock_numbers(connection, workspace, numbers.values())
    asked: list[Wanted] = [(numbers[Ref(w.carrier, w.tracking_number)], w.shipment_id) for w in wanted]
    there = _there(connection, workspace, numbers.values())
    adopted = _adopt(connection, workspace, asked, there)
    missing = [pair for pair in dict.fromkeys(asked) if _match(pair, there) is None]
    missing = [pair for pair in missing if pair[1] is not None or not _other(pair, missing)]
    made = {pair: ids[0] for pair, ids in make_parcels(connection, workspace, missing).items()}
    if made:
        given = {"workspace": workspace, "parcels": list(made.values()), "numbers": [number for number, _ in made]}
        connection.execute(_PENDING, given)
    for (number_id, shipment_id), parcel_id in made.items():
        there.setdefault(number_id, []).append((parcel_id, shipment_id))
    told_of = {number for ref, number in numbers.items() if key_of(ref) is not None}  # so far no parcel of its own
    fold_soon(connection, workspace, adopted | told_of | stirred(connection, workspace, unknown))
    new = set(made.values())
    ensured = []
    for pair in asked:
        found = _match(pair, there)
        assert found is not None  # noqa: S101 - made above where there was none
        ensured.append(Ensured(found, pair[0], found in new))
        new.discard(found)
    return ensured


def make_parcels(connection: Connection[Any], workspace: int, wanted: Iterable[Wanted]) -> dict[Wanted, list[int]]:
    """New parcels, without legs and state yet; by number and shipment, as many of each as were wanted."""
    pairs = list(wanted)
    made: dict[Wanted, list[int]] = {}
    if pairs:
        given = {"workspace": workspace, "numbers": [n for n, _ in pairs], "shipments": [s for _, s in pairs]}
        for number, shipment, parcel in connection.execute(_MAKE, given):
            made.setdefault((number, shipment), []).append(parcel)
    return made


def fold_soon(connection: Connection[Any], workspace: int, number_ids: Iterable[int]) -> None:
    """Have a worker fold these numbers' parcels anew, as soon as this transaction is committed."""
    arm_now(connection, workspace, FOLD, number_ids)


def _other(pair: Wanted, pairs: Sequence[Wanted]) -> bool:
    """Whether the same number is wanted with a shipment: then that parcel will do."""
    return any(number == pair[0] and shipment is not None for number, shipment in pairs)


def _there(
    connection: Connection[Any], workspace: int, number_ids: Iterable[int]
) -> dict[int, list[tuple[int, int | None]]]:
    there: dict[int, list[tuple[int, int | None]]] = {}
    for number, *parcel in connection.execute(_THERE, (workspace, list(number_ids))):
        there.setdefault(number, []).append((parcel[0], parcel[1]))
    return there


def _match(pair: Wanted, there: dict[int, list[tuple[int, int | None]]]) -> int | None:
    """The newest parcel of a number and shipment; without a shipment any will do."""
    number, shipment = pair
    return next((p for p, s in reversed(there.get(number, [])) if shipment in (None, s)), None)


def _adopt(
    connection: Connection[Any],
    workspace: int,
    asked: Iterable[Wanted],
    there: dict[int, list[tuple[int, int | None]]],
) -> set[int]:
    """Parcels without a shipment get theirs; gives the numbers whose facts changed."""
    given: dict[int, int] = {}
    numbers: set[int] = set()
    for number, shipment in asked:
        parcels = there.get(number, [])
        free = next((i for i in range(len(parcels) - 1, -1, -1) if parcels[i][1] is None), None)
        if shipment is None or free is None or _match((number, shipment), there) is not None:
            continue
        given[parcels[free][0]] = shipment
        parcels[free] = (parcels[free][0], shipment)
        numbers.add(number)
    if given:
        connection.execute(_SHIP, {"workspace": workspace, "parcels": list(given), "shipments": list(given.values())})
    return numbers
