"""The dictionary of numbers: looking up, adding, locking. A number identifies no parcel; see `matching`."""

from collections.abc import Collection, Iterable
from typing import Any

from psycopg import Connection

from everyleg.core.model import Ref
from everyleg.pipeline.bulk import array_of, each

_FIND = """
SELECT n.carrier, n.tracking_number, n.number_id
FROM unnest(%(carriers)s::text[], %(numbers)s::text[]) AS w (carrier, tracking_number) CROSS JOIN LATERAL (
    SELECT * FROM numbers n WHERE n.workspace_id = %(workspace)s
        AND n.tracking_number = w.tracking_number AND n.carrier = w.carrier OFFSET 0) n
"""

# a number whose carrier nobody knew is this carrier's as soon as one names it
_ADOPT = """
UPDATE numbers n SET carrier = w.carrier
FROM (SELECT tracking_number, min(carrier) AS carrier
      FROM unnest(%(carriers)s::text[], %(numbers)s::text[]) AS w (carrier, tracking_number)
      WHERE carrier <> '' GROUP BY tracking_number) w
WHERE n.workspace_id = %(workspace)s AND n.tracking_number = w.tracking_number AND n.carrier = ''
RETURNING n.carrier, n.tracking_number, n.number_id
"""

# in one order for everybody, so that two who add the same numbers wait and do not block each other
_ADD = """
INSERT INTO numbers (workspace_id, carrier, tracking_number)
SELECT %(workspace)s, carrier, tracking_number
FROM unnest(%(carriers)s::text[], %(numbers)s::text[]) AS w (carrier, tracking_number)
ORDER BY tracking_number, carrier ON CONFLICT DO NOTHING
"""

_ONLY_ONE = """
SELECT min(carrier), tracking_number, min(number_id) FROM numbers
WHERE workspace_id = %s AND tracking_number = ANY(%s) AND moved_to IS NULL GROUP BY tracking_number HAVING count(*) = 1
"""

_MOVED = each(
    "SELECT n.number_id, n.moved_to FROM numbers n"
    " WHERE n.workspace_id = a.workspace_id AND n.number_id = w.id AND n.moved_to IS NOT NULL"
)

_MENTIONERS = each("""
SELECT m.number_id, m.bare FROM numbers n CROSS JOIN LATERAL (
    SELECT * FROM mentions m WHERE m.workspace_id = n.workspace_id
        AND m.bare = upper(regexp_replace(n.tracking_number, '[^[:alnum:]]', '', 'g')) OFFSET 0) m
WHERE n.workspace_id = a.workspace_id AND n.number_id = w.id
""")

_NAMED = """
SELECT number_id FROM numbers
WHERE workspace_id = %s AND upper(regexp_replace(tracking_number, '[^[:alnum:]]', '', 'g')) = ANY(%s)
"""

_LOCK = each(
    "SELECT n.number_id FROM numbers n WHERE n.workspace_id = a.workspace_id AND n.number_id = w.id FOR NO KEY UPDATE"
)


def ensure_numbers(
    connection: Connection[Any], workspace: int, wanted: Collection[Ref], new: set[int] | None = None
) -> dict[Ref, int]:
    """The id of each number, added where it was not there.

    A number without a carrier (`""`) is the one that is known under any carrier, if there is exactly one.

    Args:
        connection: in a transaction that may see the workspace.
        workspace: whose.
        wanted: the numbers.
        new: gets the ids of those that were not known so far, if given (`stirred` needs them).
    """
    found = _found(connection, _FIND, workspace, wanted)
    missing = set(wanted) - found.keys()
    if not missing:
        return found
    bare = {ref.tracking_number for ref in missing if not ref.carrier}
    if bare:
        known = connection.execute(_ONLY_ONE, (workspace, list(bare)))
        found |= {Ref("", number): number_id for _, number, number_id in known}
    missing -= found.keys()
    unknown = set(missing)
    nameless = {
        ref.tracking_number
        for ref in _found(connection, _FIND, workspace, {Ref("", ref.tracking_number) for ref in missing})
    }
    found |= _found(connection, _ADOPT, workspace, {ref for ref in missing if ref.tracking_number in nameless})
    missing -= found.keys()
    if missing:
        connection.execute(_ADD, _asked(workspace, missing))
        found |= _found(connection, _FIND, workspace, missing)
    if new is not None:
        new |= {found[ref] for ref in unknown}
    return found


def known_numbers(connection: Connection[Any], workspace: int, asked: Collection[Ref]) -> dict[Ref, int]:
    """The id of each number that is known, under this carrier or while nobody knows whose it is; none is added."""
    found = _found(connection, _FIND, workspace, asked)
    nameless = {Ref("", ref.tracking_number) for ref in asked if ref not in found}
    known = _found(connection, _FIND, workspace, nameless)
    return found | {
        ref: known[bare] for ref in asked if ref not in found and (bare := Ref("", ref.tracking_number)) in known
    }


def stirred(connection: Connection[Any], workspace: int, number_ids: Collection[int]) -> set[int]:
    """The numbers whose joins may change because some have become known: whoever named one of these without its
    carrier, and all that go by that name.
    """
    if not number_ids:
        return set()
    told = connection.execute(_MENTIONERS, (workspace, array_of(number_ids))).fetchall()
    if not told:
        return set()
    return {number for number, _ in told} | named(connection, workspace, {name for _, name in told})


def named(connection: Connection[Any], workspace: int, bares: Collection[str]) -> set[int]:
    """The numbers that go by a bare name, under whatever carrier."""
    return {number for (number,) in connection.execute(_NAMED, (workspace, list(bares)))} if bares else set()


def as_they_are(connection: Connection[Any], workspace: int, numbers: dict[Ref, int]) -> dict[Ref, int]:
    """Numbers under the carrier that a person says they are of."""
    moved = dict(connection.execute(_MOVED, (workspace, array_of(numbers.values()))).fetchall())
    return {ref: moved.get(number, number) for ref, number in numbers.items()}


def lock_numbers(connection: Connection[Any], workspace: int, number_ids: Collection[int]) -> None:
    """Hold numbers until the transaction ends; always in order of id, so that two workers never wait for each other."""
    connection.execute(_LOCK, (workspace, array_of(sorted(number_ids))))


def _asked(workspace: int, refs: Iterable[Ref]) -> dict[str, Any]:
    listed = list(refs)
    return {
        "workspace": workspace,
        "carriers": [ref.carrier for ref in listed],
        "numbers": [ref.tracking_number for ref in listed],
    }


def _found(connection: Connection[Any], query: str, workspace: int, refs: Collection[Ref]) -> dict[Ref, int]:
    if not refs:
        return {}
    rows = connection.execute(query, _asked(workspace, refs))
    return {Ref(carrier, number): number_id for carrier, number, number_id in rows}
