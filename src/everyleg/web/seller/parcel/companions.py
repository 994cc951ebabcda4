"""Who was probably handed over together with a parcel: whether it stands alone tells a seller where to look."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.pipeline.consolidations.cohorts import HANDED_OVER, WITHIN_S, cohort_of
from everyleg.web.page import Page
from everyleg.web.seller.parcel.queries import NumberOf

MOST = 300
"""Parcels that are looked at, of those that were handed over at that time."""
LISTED = 5
_WITHIN = timedelta(seconds=WITHIN_S)

# by when events happened, which `durations` keeps with an index: statements have none by time
_NEAR = """
WITH mine AS (
    SELECT carrier, min(event_at) AS at FROM gaps
    WHERE workspace_id = %(workspace)s AND parcel_id = %(parcel)s AND sub_status = ANY(%(rows)s) GROUP BY carrier
)
SELECT DISTINCT n.number_id, n.tracking_number, g.parcel_id, s.last_event_at
FROM mine JOIN gaps g ON g.workspace_id = %(workspace)s AND g.event_at BETWEEN mine.at - %(within)s
    AND mine.at + %(within)s AND g.carrier = mine.carrier AND g.sub_status = ANY(%(rows)s)
    AND g.parcel_id <> %(parcel)s
JOIN legs l ON l.workspace_id = %(workspace)s AND l.parcel_id = g.parcel_id
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = l.number_id AND n.carrier = g.carrier
JOIN states s ON s.workspace_id = %(workspace)s AND s.parcel_id = g.parcel_id
JOIN parcels p ON p.workspace_id = %(workspace)s AND p.parcel_id = g.parcel_id
LEFT JOIN shipments h ON h.workspace_id = %(workspace)s AND h.shipment_id = p.shipment_id
WHERE %(shops)s::bigint[] IS NULL OR h.shop_id = ANY(%(shops)s)
ORDER BY g.parcel_id LIMIT %(most)s
"""


class Companion(Struct, frozen=True):
    """A parcel that was probably handed over together with another."""

    parcel_id: int
    tracking_number: str
    last_event_at: datetime | None


class Companions(Struct, frozen=True):
    """All of them that the reader may see."""

    listed: list[Companion]
    count: int
    ahead: int
    """How many had news after this one's last; what was told within the same hand-over is no news."""


def companions(
    connection: Connection[Any], page: Page, parcel: int, numbers: Iterable[NumberOf], spoke: datetime | None
) -> Companions | None:
    """Who was handed over with a parcel, as a guess; None where nobody is known, or where no guess is needed.

    Args:
        connection: in a transaction of the reader's workspace.
        page: the reader's.
        parcel: which.
        numbers: its numbers.
        spoke: its last event.
    """
    keys, workspace = page.services.database.keys, page.workspace
    ids = [number.number_id for number in numbers]
    mine = {cohort.cohort_id for cohort in cohort_of(connection, keys, workspace, ids).values() if cohort.inferred}
    if not mine:
        return None
    asked = {"workspace": workspace, "parcel": parcel, "rows": list(HANDED_OVER), "most": MOST}
    shops = page.person.shop_ids
    asked |= {"within": _WITHIN, "shops": None if shops is None else list(shops)}
    near = connection.execute(_NEAR, asked).fetchall()
    cohorts = cohort_of(connection, keys, workspace, [row[0] for row in near])
    found = {
        row[2]: Companion(row[2], row[1], row[3])
        for row in near
        if row[0] in cohorts and cohorts[row[0]].cohort_id in mine
    }
    if not found:
        return None
    ahead = {
        parcel
        for parcel, one in found.items()
        if one.last_event_at is not None and spoke is not None and one.last_event_at > spoke + _WITHIN
    }
    first = sorted(found.values(), key=lambda one: (one.parcel_id not in ahead, one.parcel_id))
    return Companions(first[:LISTED], len(found), len(ahead))
