"""Parcels that move together, as far as anybody can tell: for the planner, which asks after a few of them first.

A guess makes no events. Where a bag, container, air waybill, batch or flight is known, that is the cohort. Else
parcels that one carrier scanned at one place when it took them over, within minutes, are guessed to be one.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection
from xxhash import xxh3_64_intdigest

from everyleg.pipeline.bulk import each
from everyleg.pipeline.known import SAID, Telling
from everyleg.store.sealing import Keyring, about_column

WITHIN_S = 15 * 60
"""Scans of one place this near are one hand-over."""

HANDED_OVER = ("picked_up", "dropped_off", "received_at_origin_warehouse")

_KNOWN = each(
    """
SELECT DISTINCT ON (m.number_id) m.number_id, m.consolidation_id FROM memberships m
JOIN consolidations c ON c.workspace_id = m.workspace_id AND c.consolidation_id = m.consolidation_id
WHERE m.workspace_id = a.workspace_id AND m.number_id = w.id AND NOT EXISTS (
    SELECT FROM memberships d WHERE d.workspace_id = m.workspace_id AND d.number_id = m.number_id
        AND d.consolidation_id = m.consolidation_id AND (d.withdrawn_at IS NOT NULL OR d.left_at IS NOT NULL))
ORDER BY m.number_id, array_position(ARRAY['bag', 'container', 'mawb', 'batch', 'flight'], c.kind),
    m.joined_at DESC NULLS LAST, m.consolidation_id DESC
"""
)

_SCANNED = """
SELECT DISTINCT ON (s.number_id) s.number_id, n.carrier, s.occurred_at, s.said
FROM unnest(%(numbers)s::bigint[]) AS w (id)
JOIN statements s ON s.workspace_id = %(workspace)s AND s.number_id = w.id AND s.sub_status = ANY(%(rows)s)
    AND NOT s.withdrawn AND s.time_basis <> 'date'
JOIN numbers n ON n.workspace_id = s.workspace_id AND n.number_id = s.number_id
ORDER BY s.number_id, s.occurred_at, s.key
"""

_decode = msgspec.json.Decoder(Telling).decode


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
    found = {number: Cohort(known) for number, known in connection.execute(_KNOWN, (workspace, numbers))}
    left = [number for number in numbers if number not in found]
    asked = {"workspace": workspace, "numbers": left, "rows": list(HANDED_OVER)}
    about = about_column(workspace, SAID)
    for number, carrier, at, said in connection.execute(_SCANNED, asked) if left else ():
        place = _place(_decode(keys.open(said, about))) if said is not None else None
        if place is not None:
            slot = int(at.timestamp()) // WITHIN_S
            found[number] = Cohort(-1 - (xxh3_64_intdigest(f"{carrier}\x1f{place}\x1f{slot}".encode()) >> 1))
    return found


def _place(said: Telling) -> str | None:
    """Where a scan was, as exactly as it says; None where it says nothing."""
    return said.code or said.raw or said.city
