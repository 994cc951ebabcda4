"""How fresh what is known of a number is: asked when, with what outcome, when its carrier spoke, when it is asked next.

A check that failed is our blindness and says nothing of the parcel: what was known before stands, and is as old as the
last check that was answered.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.pipeline.outcomes import DETAIL, Outcome
from everyleg.store import due
from everyleg.store.sealing import Keyring, about_column

CHECK = "check"
"""The kind of what is due when a number is to be asked; its subject is the number."""
CHECK_NOW = "check_now"
"""The same where somebody waits for the answer: asked first, out of the share of each quota that is kept for it."""

PLAN = "plan"
"""The kind of what is due when a parcel's checks have to be planned anew, whatever its state: it was stopped, or goes
on; its subject is the parcel."""
LOOK = "look"
"""The same because somebody is looking at it."""
LEARN = "learn"
"""The kind of what is due when a parcel's timeline says something else than it did, and its state does not: there is no
change to read; its subject is the parcel."""


class Age(Struct, frozen=True):
    """How fresh what is known of a number is."""

    number_id: int
    carrier: str
    tracking_number: str
    source: str | None
    """Who was asked at the latest check; None: nobody yet."""
    checked_at: datetime | None
    outcome: Outcome | None
    failed_kind: str | None
    failed_detail: str | None
    answered_at: datetime | None
    """The latest check that was answered at all, by whatever source."""
    spoke_at: datetime | None
    """The latest fact that its carrier tells."""
    next_at: datetime | None
    """When it is asked again; None: not by itself."""
    asking: bool
    """Whether it is being asked at this moment, or has been asked for by somebody who waits."""
    why: str | None = None
    """Why then, or why no more, in the planner's word."""

    @property
    def blind(self) -> bool:
        """Whether the latest check failed: we could not ask."""
        return self.outcome == "failed"


_AGES = """
SELECT n.number_id, n.carrier, n.tracking_number, c.source, c.checked_at, c.outcome, c.failed_kind, c.failed_detail,
    a.answered_at, s.spoke_at, d.due_at, coalesce(d.asking, false), p.why
FROM unnest(%(numbers)s::bigint[]) WITH ORDINALITY AS w (number_id, place)
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = w.number_id
LEFT JOIN LATERAL (
    SELECT * FROM checks c WHERE c.workspace_id = %(workspace)s AND c.number_id = w.number_id
    ORDER BY c.checked_at DESC, c.source LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT max(c.answered_at) AS answered_at FROM checks c
    WHERE c.workspace_id = %(workspace)s AND c.number_id = w.number_id) a ON true
LEFT JOIN LATERAL (
    SELECT max(s.occurred_at) AS spoke_at FROM statements s
    WHERE s.workspace_id = %(workspace)s AND s.number_id = w.number_id
        AND s.observation_id IS NOT NULL AND NOT s.withdrawn) s ON true
LEFT JOIN LATERAL (
    SELECT min(d.due_at) AS due_at, bool_or(d.attempts > 0 OR d.kind = %(now)s) AS asking FROM due d
    WHERE d.workspace_id = %(workspace)s AND d.kind IN (%(check)s, %(now)s) AND d.subject_id = w.number_id) d ON true
LEFT JOIN plans p ON p.workspace_id = %(workspace)s AND p.number_id = w.number_id
ORDER BY w.place
"""

_CHECKED = """
SELECT l.parcel_id, max(c.checked_at), bool_and(c.blind),
    min(coalesce(c.answered_at, 'epoch'::timestamptz)) FILTER (WHERE c.blind)
FROM legs l CROSS JOIN LATERAL (
    SELECT max(c.checked_at) AS checked_at, max(c.answered_at) AS answered_at,
        (array_agg(c.outcome ORDER BY c.checked_at DESC))[1] = 'failed' AS blind
    FROM checks c WHERE c.workspace_id = l.workspace_id AND c.number_id = l.number_id HAVING count(*) > 0) c
WHERE l.workspace_id = %s AND l.parcel_id = ANY(%s) GROUP BY l.parcel_id
"""

_NEVER = datetime.fromtimestamp(0, UTC)


class Checked(Struct, frozen=True):
    """The checks of a parcel, whichever of its numbers they asked."""

    at: datetime
    """The latest."""
    blind: bool
    """Whether the latest of each of its numbers failed: we could not ask."""
    heard_until: datetime | None
    """Where one of them failed: until when its silence is its own, and not ours."""


def heard_until(known: Collection[Age], now: datetime) -> datetime:
    """Until when the silence of these numbers is their own: now, or the last answer of one that we cannot ask."""
    return min((age.answered_at or _NEVER for age in known if age.blind), default=now)


def ages(connection: Connection[Any], keys: Keyring, workspace: int, number_ids: Collection[int]) -> list[Age]:
    """How fresh each number is, in the order asked.

    Args:
        connection: of the app or a worker, in a transaction that may see the workspace.
        keys: open the sources' own words.
        workspace: whose.
        number_ids: which.
    """
    about = about_column(workspace, DETAIL)
    asked = {"workspace": workspace, "numbers": list(number_ids), "check": CHECK, "now": CHECK_NOW}
    found = []
    for row in connection.execute(_AGES, asked):
        values = list(row)
        values[7] = keys.open_text(row[7], about)
        found.append(Age(*values))
    return found


def checked(connection: Connection[Any], workspace: int, parcel_ids: Collection[int]) -> dict[int, Checked]:
    """The latest check of each parcel, whichever of its numbers it asked; those never checked are left out."""
    rows = connection.execute(_CHECKED, (workspace, list(parcel_ids)))
    return {row[0]: Checked(*row[1:]) for row in rows}


def ask_now(connection: Connection[Any], workspace: int, number_ids: Collection[int], now: datetime) -> None:
    """Have these numbers asked as soon as an account's limits allow; what was planned for them stays planned."""
    for number_id in number_ids:
        due.arm(connection, (workspace, CHECK_NOW, number_id), now)


def plan_soon(connection: Connection[Any], workspace: int, parcel_id: int, now: datetime) -> None:
    """Have a parcel's checks planned anew."""
    due.arm(connection, (workspace, PLAN, parcel_id), now)


def looked_at(connection: Connection[Any], workspace: int, parcel_id: int, now: datetime) -> None:
    """Say that somebody is looking at a parcel: its checks come sooner. Said twice before it is heard, it is one."""
    if not due.is_armed(connection, (workspace, LOOK, parcel_id)):
        due.arm(connection, (workspace, LOOK, parcel_id), now)
