"""What a workspace knows of consolidations; the app's SQL, under row-level security and within the reader's shops."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.pipeline.consolidations.moved import TOLD
from everyleg.pipeline.consolidations.naming import Key


class Listed(Struct, frozen=True):
    """A consolidation in the list."""

    consolidation_id: int
    key: Key
    inside: int
    last_at: datetime | None


class Member(Struct):
    """A parcel's number that somebody says is inside."""

    number_id: int
    carrier: str
    tracking_number: str
    joined_at: datetime | None
    left_at: datetime | None
    never: bool
    """A person says that it never was."""
    direct: bool
    """Whether it is told to be in here itself, and not only in something that is."""
    parcel_id: int | None
    milestone: str | None
    sub_status: str | None
    exception: bool
    spoke_at: datetime | None
    """The latest fact that is told of the parcel itself."""
    missing: bool = False


_LIST = """
SELECT c.consolidation_id, c.kind, c.carrier, c.reference,
    (WITH RECURSIVE inside (number_id) AS (
        SELECT number_id FROM memberships m
        WHERE m.workspace_id = c.workspace_id AND m.consolidation_id = c.consolidation_id
        UNION
        SELECT m.number_id FROM inside
        JOIN consolidation_numbers n ON n.workspace_id = c.workspace_id AND n.number_id = inside.number_id
        JOIN memberships m ON m.workspace_id = n.workspace_id AND m.consolidation_id = n.consolidation_id
    ) SELECT count(*) FROM inside WHERE NOT EXISTS (
        SELECT FROM consolidation_numbers n WHERE n.workspace_id = c.workspace_id AND n.number_id = inside.number_id)),
    (SELECT max(s.occurred_at) FROM consolidation_numbers n
        JOIN statements s ON s.workspace_id = n.workspace_id AND s.number_id = n.number_id AND NOT s.withdrawn
        WHERE n.workspace_id = c.workspace_id AND n.consolidation_id = c.consolidation_id)
FROM consolidations c
WHERE c.workspace_id = %s AND (
    EXISTS (SELECT FROM consolidation_numbers n
        WHERE n.workspace_id = c.workspace_id AND n.consolidation_id = c.consolidation_id)
    OR (SELECT count(*) FROM (SELECT FROM memberships m
        WHERE m.workspace_id = c.workspace_id AND m.consolidation_id = c.consolidation_id LIMIT 2) x) > 1
    OR EXISTS (SELECT FROM memberships m
        JOIN consolidation_numbers n ON n.workspace_id = m.workspace_id AND n.number_id = m.number_id
        WHERE m.workspace_id = c.workspace_id AND m.consolidation_id = c.consolidation_id))
ORDER BY c.consolidation_id DESC LIMIT %s
"""

_COUNT = "SELECT count(*) FROM (SELECT FROM consolidations WHERE workspace_id = %s LIMIT 10000) x"

_ONE = "SELECT kind, carrier, reference FROM consolidations WHERE workspace_id = %s AND consolidation_id = %s"

_MEMBERS = f"""
WITH RECURSIVE direct AS (
    SELECT number_id, min(joined_at) AS joined_at, max(left_at) AS left_at, bool_or(withdrawn_at IS NOT NULL) AS never
    FROM {TOLD} t WHERE workspace_id = %(workspace)s AND consolidation_id = %(consolidation)s GROUP BY number_id
), inside (number_id) AS (
    SELECT number_id FROM direct WHERE NOT never
    UNION
    SELECT m.number_id FROM inside
    JOIN consolidation_numbers c ON c.workspace_id = %(workspace)s AND c.number_id = inside.number_id
    JOIN {TOLD} m ON m.workspace_id = c.workspace_id AND m.consolidation_id = c.consolidation_id
    WHERE NOT EXISTS (
        SELECT FROM {TOLD} d WHERE d.workspace_id = m.workspace_id AND d.number_id = m.number_id
            AND d.consolidation_id = m.consolidation_id AND d.withdrawn_at IS NOT NULL)
), m AS (
    SELECT x.number_id, d.joined_at, d.left_at, coalesce(d.never, false) AS never, d.number_id IS NOT NULL AS direct
    FROM (SELECT number_id FROM inside UNION SELECT number_id FROM direct) x
    LEFT JOIN direct d ON d.number_id = x.number_id
    WHERE NOT EXISTS (
        SELECT FROM consolidation_numbers c WHERE c.workspace_id = %(workspace)s AND c.number_id = x.number_id)
)
SELECT m.*, n.carrier, n.tracking_number, l.parcel_id, st.milestone, st.sub_status, coalesce(st.exception, false),
    own.spoke_at
FROM m
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = m.number_id
LEFT JOIN LATERAL (
    SELECT parcel_id FROM legs WHERE workspace_id = %(workspace)s AND number_id = m.number_id
    ORDER BY leg_id DESC LIMIT 1) l ON true
LEFT JOIN states st ON st.workspace_id = %(workspace)s AND st.parcel_id = l.parcel_id
LEFT JOIN LATERAL (
    SELECT max(s.occurred_at) AS spoke_at FROM legs k
    JOIN statements s ON s.workspace_id = %(workspace)s AND s.number_id = k.number_id AND NOT s.withdrawn
    WHERE k.workspace_id = %(workspace)s AND k.parcel_id = l.parcel_id) own ON true
WHERE %(limits)s::bigint[] IS NULL OR EXISTS (
    SELECT FROM parcels p JOIN shipments h ON h.workspace_id = p.workspace_id AND h.shipment_id = p.shipment_id
    WHERE p.workspace_id = %(workspace)s AND p.parcel_id = l.parcel_id AND h.shop_id = ANY(%(limits)s))
ORDER BY n.tracking_number
"""  # noqa: S608 - our own words

_PARTS = """
SELECT DISTINCT c.consolidation_id, k.kind, k.carrier, k.reference FROM memberships m
JOIN consolidation_numbers c ON c.workspace_id = m.workspace_id AND c.number_id = m.number_id
JOIN consolidations k ON k.workspace_id = c.workspace_id AND k.consolidation_id = c.consolidation_id
WHERE m.workspace_id = %s AND m.consolidation_id = %s ORDER BY 2, 4 LIMIT 200
"""

_TELLERS = "SELECT number_id FROM consolidation_numbers WHERE workspace_id = %s AND consolidation_id = %s"

_ASKED = """
SELECT n.number_id FROM numbers n WHERE n.workspace_id = %(workspace)s AND n.tracking_number = %(reference)s
    AND (EXISTS (SELECT FROM checks c WHERE c.workspace_id = n.workspace_id AND c.number_id = n.number_id)
        OR EXISTS (SELECT FROM due d WHERE d.workspace_id = n.workspace_id AND d.kind = 'check'
            AND d.subject_id = n.number_id))
ORDER BY 1
"""

_EXPECTED = """
SELECT max(carrier_estimate) FROM consolidation_numbers c
JOIN readings r ON r.workspace_id = c.workspace_id AND r.number_id = c.number_id
WHERE c.workspace_id = %s AND c.consolidation_id = %s
"""


def listed(connection: Connection[Any], workspace: int, most: int) -> list[Listed]:
    """The newest ones first; without those of which nothing is known but one parcel."""
    rows = connection.execute(_LIST, (workspace, most))
    return [Listed(row[0], Key(*row[1:4]), row[4], row[5]) for row in rows]


def counted(connection: Connection[Any], workspace: int) -> int:
    """How many there are, up to 10,000."""
    row = connection.execute(_COUNT, (workspace,)).fetchone()
    return row[0] if row else 0


def key(connection: Connection[Any], workspace: int, consolidation: int) -> Key | None:
    """Which one it is; None when there is none."""
    row = connection.execute(_ONE, (workspace, consolidation)).fetchone()
    return Key(*row) if row else None


def members(
    connection: Connection[Any], workspace: int, consolidation: int, limits: Sequence[int] | None
) -> list[Member]:
    """The parcels that somebody says are inside, or in something that is, within the reader's shops."""
    asked = {
        "workspace": workspace,
        "consolidation": consolidation,
        "limits": None if limits is None else list(limits),
    }
    rows: list[Any] = connection.execute(_MEMBERS, asked).fetchall()
    return [
        Member(number, carrier, text, joined, left, never, direct, *rest)
        for number, joined, left, never, direct, carrier, text, *rest in rows
    ]


def parts(connection: Connection[Any], workspace: int, consolidation: int) -> list[tuple[int, Key]]:
    """The consolidations inside."""
    return [(row[0], Key(*row[1:])) for row in connection.execute(_PARTS, (workspace, consolidation))]


def tellers(connection: Connection[Any], workspace: int, consolidation: int) -> list[int]:
    """The numbers under which it is told of."""
    return [number for (number,) in connection.execute(_TELLERS, (workspace, consolidation))]


def asked(connection: Connection[Any], workspace: int, key: Key) -> list[int]:
    """The numbers under which it is, or was, asked for itself."""
    wanted = {"workspace": workspace, "reference": key.reference}
    return [number for (number,) in connection.execute(_ASKED, wanted)]


def expected(connection: Connection[Any], workspace: int, consolidation: int) -> datetime | None:
    """The end of the day on which it is expected, as far as anybody said."""
    row = connection.execute(_EXPECTED, (workspace, consolidation)).fetchone()
    return row[0] - timedelta(seconds=1) if row and row[0] else None
