"""What people say of who is inside: it was never in there, or it was taken out at some time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from psycopg import Connection

from everyleg.core.fold.rules import PERSON
from everyleg.pipeline.consolidations.moved import with_moved
from everyleg.pipeline.parcels import fold_soon

_SAY = """
INSERT INTO memberships (workspace_id, consolidation_id, number_id, source, joined_at, left_at, withdrawn_at, evidence,
    author_id)
SELECT %(workspace)s, %(consolidation)s, unnest(%(numbers)s::bigint[]), %(source)s, %(joined)s, %(left)s,
    %(withdrawn)s, 'a person', %(author)s
ON CONFLICT DO NOTHING RETURNING number_id
"""

_RESTORE = """
DELETE FROM memberships WHERE workspace_id = %(workspace)s AND consolidation_id = %(consolidation)s
    AND number_id = ANY(%(numbers)s) AND withdrawn_at IS NOT NULL RETURNING number_id
"""


class Inside:
    """Who is inside one consolidation, to be changed by a person, in a transaction that may see the workspace."""

    def __init__(self, connection: Connection[Any], workspace: int, consolidation: int, author: int | None) -> None:
        """`author`: the person's id; None for the command line."""
        self._connection, self._workspace = connection, workspace
        self._asked = {"workspace": workspace, "consolidation": consolidation, "author": author, "source": PERSON}

    def withdraw(self, numbers: Collection[int], now: datetime) -> int:
        """Say that these numbers were never inside, whoever told or will tell so; gives how many that changed."""
        return self._change(_SAY, numbers, withdrawn=now)

    def restore(self, numbers: Collection[int]) -> int:
        """Take that back; gives how many that changed."""
        return self._change(_RESTORE, numbers)

    def take_out(self, numbers: Collection[int], at: datetime) -> int:
        """Say that these numbers were taken out at a moment; gives how many that changed."""
        return self._change(_SAY, numbers, left=at)

    def _change(self, query: str, numbers: Collection[int], **said: datetime) -> int:
        """Of numbers that were moved to these too: what people say stays when that is taken back."""
        whose = with_moved(self._connection, self._workspace, numbers)
        asked = {"joined": None, "left": None, "withdrawn": None, **self._asked, "numbers": sorted(whose), **said}
        changed = {number for (number,) in self._connection.execute(query, asked)}
        fold_soon(self._connection, self._workspace, changed)
        return len({whose[number] for number in changed})
