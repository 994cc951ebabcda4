"""Answers that were put aside: listed with the reason, and read again when there is hope."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.pipeline.heard import Carriers
from everyleg.pipeline.observing import WHY
from everyleg.pipeline.replay import retry_batch
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column


class Aside(Struct, frozen=True):
    """An answer that was not understood, or could not be taken in."""

    observation_id: int
    carrier: str | None
    source: str
    asked: list[str]
    observed_at: datetime
    times: int
    body_size: int
    kind: str
    """A failed kind of the contracts, or `defect`: it was our fault."""
    reason: str


_LIST = """
SELECT observation_id, carrier, source, asked, observed_at, times, body_size, quarantine_kind, quarantine_reason
FROM observations WHERE workspace_id = %(workspace)s AND quarantine_kind IS NOT NULL
    AND (%(before)s::bigint IS NULL OR observation_id < %(before)s)
    AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s) AND (%(kind)s::text IS NULL OR quarantine_kind = %(kind)s)
ORDER BY observation_id DESC LIMIT %(most)s
"""

_COUNTED = """
SELECT coalesce(carrier, ''), quarantine_kind, count(*) FROM observations
WHERE workspace_id = %s AND quarantine_kind IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""


class Filter(Struct, frozen=True):
    """Which ones."""

    carrier: str | None = None
    kind: str | None = None


def listed(
    connection: Connection[Any],
    keys: Keyring,
    workspace: int,
    *,
    which: Filter | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Aside]:
    """What was put aside, the newest first.

    Args:
        connection: of the app or a worker.
        keys: open the reasons, which may quote the answer.
        workspace: whose.
        which: only some; None: all.
        before: the id at which the last page ended; None: from the newest.
        most: the length of a page.
    """
    chosen = which or Filter()
    asked = {
        "workspace": workspace,
        "before": before,
        "carrier": chosen.carrier,
        "kind": chosen.kind,
        "most": most,
    }
    about = about_column(workspace, WHY)
    rows: list[Any] = connection.execute(_LIST, asked).fetchall()
    return [Aside(*(*row[:8], keys.open_text(row[8], about) or "")) for row in rows]


def counted(connection: Connection[Any], workspace: int) -> list[tuple[str, str, int]]:
    """How many are put aside: carrier (`""` where nobody knows), kind, number; the most first."""
    return [(carrier, kind, number) for carrier, kind, number in connection.execute(_COUNTED, (workspace,))]


def retry(database: Database, carriers: Carriers, workspace: int, observations: Collection[int]) -> int:
    """Read answers again that were put aside; gives how many are understood now. The others stay, with their reason."""
    return retry_batch(database, carriers, workspace, observations)
