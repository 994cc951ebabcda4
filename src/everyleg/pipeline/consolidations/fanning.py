"""Having everybody inside folded anew when something is told of a consolidation."""

from collections.abc import Collection

from everyleg.pipeline.consolidations.naming import key_of
from everyleg.pipeline.known import Names, Store
from everyleg.pipeline.parcels import FOLD

_FOLD_INSIDE = """
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
ON CONFLICT (workspace_id, kind, subject_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0
"""


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
