"""Having everybody inside folded anew when something is told of a consolidation, and its airline asked in time."""

from collections.abc import Collection

from everyleg.pipeline.consolidations.around import AROUND
from everyleg.pipeline.consolidations.naming import key_of
from everyleg.pipeline.known import Names, Store
from everyleg.pipeline.parcels import FOLD
from everyleg.store.due import REARM

WAYBILL = "waybill"
"""The kind of what is due when it has to be planned anew whether an air waybill is asked for; its subject is the
consolidation. Somebody was put in, or something is told of it."""

_FOLD_INSIDE = f"""
WITH RECURSIVE inside (number_id) AS (
    SELECT unnest(%(numbers)s::bigint[])
    UNION
    SELECT m.number_id FROM inside JOIN consolidation_numbers c
        ON c.workspace_id = %(workspace)s AND c.number_id = inside.number_id
    JOIN memberships m ON m.workspace_id = c.workspace_id AND m.consolidation_id = c.consolidation_id
)
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT %(workspace)s, %(kind)s, number_id, now() FROM inside
WHERE number_id <> ALL(%(numbers)s::bigint[]) ORDER BY number_id
{REARM}
"""  # noqa: S608 - our own words

_PLAN = f"""
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT DISTINCT k.workspace_id, %(kind)s, k.consolidation_id, now() FROM consolidation_numbers c
JOIN consolidations k ON k.workspace_id = c.workspace_id AND k.consolidation_id = c.consolidation_id
WHERE c.workspace_id = %(workspace)s AND c.number_id = ANY(%(ids)s) AND k.kind = 'mawb' ORDER BY k.consolidation_id
{REARM}
"""  # noqa: S608 - our own words

_PLAN_AROUND = f"""
WITH RECURSIVE {AROUND}
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT %(workspace)s, %(kind)s, k.consolidation_id, now() FROM around
JOIN consolidations k ON k.workspace_id = %(workspace)s AND k.consolidation_id = around.id
WHERE k.kind = 'mawb' ORDER BY k.consolidation_id
{REARM}
"""  # noqa: S608 - our own words


def fan_out(store: Store, names: Names, touched: Collection[int]) -> None:
    """Let everybody inside the consolidations among some numbers be folded soon, batch by batch (`work.refold_due`).

    Args:
        store: in a transaction that changes what is told of these numbers.
        names: has their names.
        touched: the numbers.
    """
    told_of = [number for number in touched if key_of(names.refs[number]) is not None]
    if told_of:
        store.connection.execute(_FOLD_INSIDE, {"workspace": store.workspace, "kind": FOLD, "numbers": told_of})
        store.connection.execute(_PLAN, {"workspace": store.workspace, "kind": WAYBILL, "ids": told_of})


def plan_around(store: Store, consolidations: Collection[int]) -> None:
    """Let it be planned soon whether the air waybills are asked for that these are, or are inside."""
    if consolidations:
        asked = {"workspace": store.workspace, "kind": WAYBILL, "ids": sorted(consolidations)}
        store.connection.execute(_PLAN_AROUND, asked)
