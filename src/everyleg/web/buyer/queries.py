"""The buyer's SQL. It runs as the app, in the workspace that the link names, and asks for no more than is shown."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection


class Shared(Struct, frozen=True):
    """The parcel that a link shows."""

    parcel_id: int
    version: int
    seller: str
    promised_by: datetime | None
    destination: str | None
    language: str | None
    timeline: bytes | None
    replaced: bool
    """Whether it was sent in place of the one that the link was made for."""


_BY_LINK = "SELECT parcel_id FROM parcels WHERE workspace_id = %s AND link_token = %s"

# What took a parcel's place: the one it was merged into, or the one that was sent instead. Followed to the last.
_FOLLOW = """
WITH RECURSIVE way (parcel_id, replaced, step) AS (
    SELECT %(parcel)s::bigint, false, 0
    UNION ALL
    (SELECT next.parcel_id, next.replaced OR way.replaced, way.step + 1 FROM way CROSS JOIN LATERAL (
        SELECT p.merged_into AS parcel_id, false AS replaced FROM parcels p
        WHERE p.workspace_id = %(workspace)s AND p.parcel_id = way.parcel_id AND p.merged_into IS NOT NULL
        UNION ALL
        (SELECT theirs.parcel_id, true FROM legs mine
         JOIN links k ON k.workspace_id = %(workspace)s AND k.withdrawn_at IS NULL AND k.a_number_id = mine.number_id
             AND (k.kind = 'replaces' OR k.relation = 'replacement')
         JOIN legs theirs ON theirs.workspace_id = %(workspace)s AND theirs.number_id = k.b_number_id
         WHERE mine.workspace_id = %(workspace)s AND mine.parcel_id = way.parcel_id
             AND theirs.parcel_id <> way.parcel_id
         ORDER BY k.link_id DESC LIMIT 1)
        LIMIT 1
    ) AS next WHERE way.step < 20)
)
SELECT p.parcel_id, coalesce(s.version, 0), coalesce(shops.name, w.name), sh.promised_by, sh.destination_country,
       sh.buyer_language, s.timeline, way.replaced
FROM way
JOIN parcels p ON p.workspace_id = %(workspace)s AND p.parcel_id = way.parcel_id
JOIN workspaces w ON w.workspace_id = p.workspace_id
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
LEFT JOIN shipments sh ON sh.workspace_id = p.workspace_id AND sh.shipment_id = p.shipment_id
LEFT JOIN shops ON shops.workspace_id = sh.workspace_id AND shops.shop_id = sh.shop_id
ORDER BY way.step DESC LIMIT 1
"""

_NUMBERS = """
SELECT n.carrier, n.tracking_number FROM legs l
JOIN numbers n ON n.workspace_id = l.workspace_id AND n.number_id = l.number_id
WHERE l.workspace_id = %s AND l.parcel_id = %s ORDER BY l.leg_id
"""

_CHECKED = """
SELECT max(coalesce(o.last_observed_at, o.observed_at)) FROM legs l
JOIN readings r ON r.workspace_id = l.workspace_id AND r.number_id = l.number_id
JOIN observations o ON o.workspace_id = r.workspace_id AND o.observation_id = r.observation_id
WHERE l.workspace_id = %s AND l.parcel_id = %s AND r.outcome <> 'failed'
"""


def shared(connection: Connection[Any], workspace: int, secret: str) -> Shared | None:
    """The parcel of a link, or what took its place; None when the link is nobody's."""
    found = connection.execute(_BY_LINK, (workspace, secret)).fetchone()
    if found is None:
        return None
    row = connection.execute(_FOLLOW, {"workspace": workspace, "parcel": found[0]}).fetchone()
    return Shared(*row) if row else None


def numbers(connection: Connection[Any], workspace: int, parcel: int) -> list[tuple[str, str]]:
    """Carrier and number of each leg."""
    return list(dict.fromkeys(connection.execute(_NUMBERS, (workspace, parcel)).fetchall()))


def checked_at(connection: Connection[Any], workspace: int, parcel: int) -> datetime | None:
    """When an answer about the parcel last came in."""
    row = connection.execute(_CHECKED, (workspace, parcel)).fetchone()
    return row[0] if row else None
