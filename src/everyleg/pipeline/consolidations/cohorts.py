"""Parcels that move together, as far as anybody can tell: for the planner, which asks after a few of them first.

A guess makes no events. Where a bag, container, air waybill, batch or flight is known, that is the cohort. Else
parcels that one carrier scanned at one place when it took them over, within minutes, are guessed to be one.
"""

from collections.abc import Collection
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from psycopg import Connection
from xxhash import xxh3_64_intdigest

from everyleg.pipeline.consolidations.moved import Membership, memberships_of
from everyleg.pipeline.consolidations.naming import Kind
from everyleg.pipeline.known import SAID, Telling
from everyleg.store.sealing import Keyring, SealError, about_column

WITHIN_S = 15 * 60
"""Scans of one place this near are one hand-over."""

HANDED_OVER = ("picked_up", "dropped_off", "received_at_origin_warehouse")

_KINDS: tuple[Kind, ...] = ("bag", "container", "mawb", "batch", "flight")
"""The narrowest first."""

_SCANNED = """
SELECT DISTINCT ON (s.number_id) s.number_id, n.carrier, s.occurred_at, s.said
FROM unnest(%(numbers)s::bigint[]) AS w (id)
JOIN statements s ON s.workspace_id = %(workspace)s AND s.number_id = w.id AND s.sub_status = ANY(%(rows)s)
    AND NOT s.withdrawn AND s.time_basis <> 'date'
JOIN numbers n ON n.workspace_id = s.workspace_id AND n.number_id = s.number_id
ORDER BY s.number_id, s.occurred_at, s.key
"""

_log = structlog.get_logger(__name__)


class Cohort(Struct, frozen=True):
    """What a number moves together with."""

    cohort_id: int
    """The consolidation's id; of a guess a negative number that its parcels share."""

    @property
    def inferred(self) -> bool:
        """Whether it is only guessed."""
        return self.cohort_id < 0


def cohort_of(
    connection: Connection[Any], keys: Keyring, workspace: int, number_ids: Collection[int]
) -> dict[int, Cohort]:
    """The cohort of each number that has one.

    Args:
        connection: in a transaction that may see the workspace.
        keys: open where a scan was.
        workspace: whose.
        number_ids: the numbers.
    """
    numbers = list(number_ids)
    if not numbers:
        return {}
    found = {number: Cohort(known) for number, known in narrowest_of(connection, workspace, numbers).items()}
    left = [number for number in numbers if number not in found]
    asked = {"workspace": workspace, "numbers": left, "rows": list(HANDED_OVER)}
    for number, carrier, at, said in connection.execute(_SCANNED, asked) if left else ():
        place = _place(keys, workspace, number, said)
        if place is not None:
            slot = int(at.timestamp()) // WITHIN_S
            found[number] = Cohort(-1 - (xxh3_64_intdigest(f"{carrier}\x1f{place}\x1f{slot}".encode()) >> 1))
    return found


def narrowest_of(connection: Connection[Any], workspace: int, numbers: Collection[int]) -> dict[int, int]:
    """The narrowest consolidation that each number is inside, of several the one that it was put into last."""
    told = list(memberships_of(connection, workspace, numbers))
    out = {(one.number_id, one.consolidation_id) for one in told if one.never or one.left_at is not None}
    inside = [one for one in told if (one.number_id, one.consolidation_id) not in out]
    return {one.number_id: one.consolidation_id for one in sorted(inside, key=_rank, reverse=True)}


def _rank(one: Membership) -> tuple[int, bool, float, int]:
    put_in = one.joined_at.timestamp() if one.joined_at is not None else 0.0
    return _KINDS.index(one.key.kind), one.joined_at is None, -put_in, -one.consolidation_id


def _place(keys: Keyring, workspace: int, number: int, sealed: bytes | None) -> str | None:
    """Where a scan was, as exactly as it says; None where it says nothing, or cannot be opened."""
    if sealed is None:
        return None
    try:
        said = keys.open_json(sealed, about_column(workspace, SAID), Telling)
    except (SealError, msgspec.MsgspecError) as error:
        _log.warning("scan_unreadable", workspace=workspace, number=number, error=type(error).__name__)
        return None
    return said.code or said.raw or said.city
