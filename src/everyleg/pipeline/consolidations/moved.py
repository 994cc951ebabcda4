"""Memberships of a number that was moved to another carrier: they go with it, and come back with it.

What a list or a person says of a number means the parcel that carries it, whoever's number it is. What the wrong
carrier's own answers say means another parcel, and counts for nothing, as everything that it tells (`corrections`).
Nothing is written when a number is moved: who reads memberships reads them through here.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import Connection

from everyleg.pipeline.bulk import array_of, each
from everyleg.pipeline.consolidations.naming import Key

FOLLOWS: Final = frozenset({"file", "person"})
"""The sources whose word goes with a number."""

TOLD: Final = """(
    SELECT m.workspace_id, m.consolidation_id, coalesce(n.moved_to, m.number_id) AS number_id, m.joined_at, m.left_at,
        m.withdrawn_at
    FROM memberships m JOIN numbers n ON n.workspace_id = m.workspace_id AND n.number_id = m.number_id
    WHERE n.moved_to IS NULL OR m.source IN ('file', 'person'))"""
"""Memberships, in place of the table, of numbers as whose they are: for who asks by consolidation."""

_MOVED = "SELECT number_id, moved_to FROM numbers WHERE workspace_id = %s AND moved_to = ANY(%s)"

_OF_NUMBERS = each("""
SELECT m.number_id, m.consolidation_id, c.kind, c.carrier, c.reference, m.source, m.joined_at, m.left_at,
    m.withdrawn_at IS NOT NULL
FROM memberships m JOIN consolidations c
    ON c.workspace_id = m.workspace_id AND c.consolidation_id = m.consolidation_id
WHERE m.workspace_id = a.workspace_id AND m.number_id = w.id
""")


class Membership(NamedTuple):
    """One telling that a number is inside a consolidation."""

    number_id: int
    """As whose it is."""
    consolidation_id: int
    key: Key
    joined_at: datetime | None
    left_at: datetime | None
    never: bool
    """A person says that it never was, whoever told or will tell so."""


def memberships_of(connection: Connection[Any], workspace: int, numbers: Collection[int]) -> Iterator[Membership]:
    """What counts of who is said to be inside what, of some numbers and those that were moved to them."""
    whose = with_moved(connection, workspace, numbers)
    for number, one, kind, carrier, reference, source, joined, left, never in connection.execute(
        _OF_NUMBERS, (workspace, array_of(whose))
    ):
        if whose[number] == number or source in FOLLOWS:
            yield Membership(whose[number], one, Key(kind, carrier, reference), joined, left, never)


def with_moved(connection: Connection[Any], workspace: int, numbers: Collection[int]) -> dict[int, int]:
    """Numbers with those that were moved to them, each with the number that it is now."""
    moved = connection.execute(_MOVED, (workspace, list(numbers))).fetchall()
    return {number: number for number in numbers} | dict(moved)
