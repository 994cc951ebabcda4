"""The list's SQL. It runs as the app under row-level security; every condition is a parameter.

The walk goes along an index of `states` in the list's own order and stops at a page's length; what hangs on the
shipment is kept on the state by triggers, so that the walk needs the index only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.store.patience import rows_within
from everyleg.store.sealing import Keyring, about_column
from everyleg.web.components.glance import NOTHING, Glance
from everyleg.web.seller.parcels.filters import ATTENTION, Filters, read_cursor, spellings

PAGE = 50
"""Rows of a page."""
CAP = 10_000
"""Counting stops behind it."""
FOUND = 1_000
"""The most that a search by a part of a number gives."""
_COUNT_MS = 1_500

_AT = "CASE WHEN s.last_event_at IS NULL THEN 'infinity'::timestamptz ELSE s.last_event_at END"
"""The expression of the list's indexes, word by word."""


class NumberSeen(Struct, frozen=True):
    """One number of a parcel."""

    carrier: str
    tracking_number: str


class TagSeen(Struct, frozen=True):
    """A tag."""

    tag_id: int
    name: str


class Row(Struct):
    """One parcel in the list."""

    parcel_id: int
    last_event_at: datetime | None
    glance: Glance
    order: str | None
    destination: str | None
    shop: str | None
    channel: str | None
    promised_by: datetime | None
    numbers: list[NumberSeen]
    tags: list[TagSeen]


class Choice(Struct, frozen=True):
    """Something to choose in a filter."""

    value: int
    name: str


_ROWS = """
SELECT s.parcel_id, s.last_event_at, st.timeline, sh.order_reference, sh.destination_country, shops.name, channels.name,
       sh.promised_by
FROM ({walk}) AS s
JOIN states st ON st.workspace_id = %(workspace)s AND st.parcel_id = s.parcel_id
JOIN parcels p ON p.workspace_id = %(workspace)s AND p.parcel_id = s.parcel_id
LEFT JOIN shipments sh ON sh.workspace_id = %(workspace)s AND sh.shipment_id = p.shipment_id
LEFT JOIN shops ON shops.workspace_id = %(workspace)s AND shops.shop_id = sh.shop_id
LEFT JOIN channels ON channels.workspace_id = %(workspace)s AND channels.channel_id = sh.channel_id
ORDER BY {order}
"""

_NUMBERS = """
SELECT l.parcel_id, n.carrier, n.tracking_number FROM legs l
JOIN numbers n ON n.workspace_id = l.workspace_id AND n.number_id = l.number_id
WHERE l.workspace_id = %s AND l.parcel_id = ANY(%s) ORDER BY l.leg_id
"""

_TAGS = """
SELECT pt.parcel_id, t.tag_id, t.name FROM parcel_tags pt
JOIN tags t ON t.workspace_id = pt.workspace_id AND t.tag_id = pt.tag_id
WHERE pt.workspace_id = %s AND pt.parcel_id = ANY(%s) ORDER BY t.name
"""

_EXACT = """
SELECT l.parcel_id FROM numbers n JOIN legs l ON l.workspace_id = n.workspace_id AND l.number_id = n.number_id
WHERE n.workspace_id = %(workspace)s AND n.tracking_number = ANY(%(terms)s)
UNION
SELECT p.parcel_id FROM shipments sh
JOIN parcels p ON p.workspace_id = sh.workspace_id AND p.shipment_id = sh.shipment_id
WHERE sh.workspace_id = %(workspace)s AND sh.order_reference = ANY(%(terms)s)
"""


_TESTS: tuple[tuple[str, str], ...] = (
    ("milestone", "s.milestone = %(milestone)s::text"),
    ("milestones", "s.milestone = ANY(%(milestones)s)"),
    ("attention", "s.exception"),
    ("stage", "s.stage = %(stage)s::text"),
    ("silent_since", f"{_AT} <= %(silent_since)s"),
    ("under_way", "s.milestone NOT IN ('delivered', 'returned')"),
    ("found", "s.parcel_id = ANY(%(found)s)"),
    ("shop", "s.shop_id = %(shop)s::bigint"),
    ("channel", "s.channel_id = %(channel)s::bigint"),
    ("country", "s.destination_country = %(country)s::bpchar"),
    ("limits", "s.shop_id = ANY(%(limits)s)"),
    ("tag", "%(tag)s::bigint = ANY(s.tag_ids)"),
)
"""Parameter → the condition that stands when it is given; of the column's own type."""

_QUIETLY = """
SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true),
       set_config('random_page_cost', '1.1', true)
"""
"""Helpers and compiled plans pay for reports, not for fifty rows; pages lie in memory or on a disk without arms."""


def _source(asked: dict[str, Any]) -> str:
    """FROM and WHERE of what was asked: only conditions that stand, so that the planner sees what is meant."""
    tests = [test for name, test in _TESTS if _given(asked[name])]
    return "states s WHERE " + " AND ".join(["s.workspace_id = %(workspace)s::integer", "s.listed", *tests])


def _given(value: object) -> bool:
    return value is not None and value is not False


def search(connection: Connection[Any], workspace: int, filters: Filters) -> list[int] | None:
    """The parcels that a search means: exact numbers and orders, or one term as a part; None: nothing was asked."""
    terms = filters.terms
    if not terms:
        return None
    asked = {"workspace": workspace, "terms": filters.spellings}
    found = [row[0] for row in connection.execute(_EXACT, asked)]
    if not found and len(terms) == 1 and len(terms[0]) >= 3:
        found = [r[0] for r in connection.execute("SELECT parcel_id FROM search_parcels(%s, %s)", (terms[0], FOUND))]
    return found


_KNOWN = """
SELECT tracking_number FROM numbers WHERE workspace_id = %(workspace)s AND tracking_number = ANY(%(terms)s)
UNION SELECT order_reference FROM shipments
WHERE workspace_id = %(workspace)s AND order_reference = ANY(%(terms)s)
"""


def missing(connection: Connection[Any], workspace: int, filters: Filters) -> int:
    """How many of several terms are neither a number nor an order here."""
    if len(filters.terms) < 2:
        return 0
    known = {row[0] for row in connection.execute(_KNOWN, {"workspace": workspace, "terms": filters.spellings})}
    return sum(known.isdisjoint(spellings(term)) for term in filters.terms)


def walk(filters: Filters, asked: dict[str, Any]) -> tuple[str, str]:
    """The statement that finds a page's parcels by the index alone, and its order."""
    direction, beyond = ("ASC", ">") if filters.sort == "quiet" else ("DESC", "<")
    ordered = f"{_AT} {direction}, s.parcel_id {direction}"
    behind = f" AND ({_AT}, s.parcel_id) {beyond} (%(after_at)s::timestamptz, %(after_id)s)"
    where = _source(asked) + (behind if asked["after_at"] else "")
    return f"SELECT s.parcel_id, s.last_event_at FROM {where} ORDER BY {ordered} LIMIT {PAGE + 1}", ordered  # noqa: S608


def rows(connection: Connection[Any], keys: Keyring, asked: dict[str, Any], filters: Filters) -> list[Row]:
    """A page of the list and one row more, if there is a next page.

    Args:
        connection: the app's.
        keys: to open timelines.
        asked: what `conditions` gave.
        filters: for the order and the place in it.
    """
    chosen, ordered = walk(filters, asked)
    connection.execute(_QUIETLY)
    found = connection.execute(_ROWS.format(walk=chosen, order=ordered), asked, prepare=False).fetchall()
    workspace, ids = asked["workspace"], [row[0] for row in found]
    numbers: dict[int, list[NumberSeen]] = {}
    for parcel_id, *number in connection.execute(_NUMBERS, (workspace, ids)):
        numbers.setdefault(parcel_id, []).append(NumberSeen(*number))
    tags: dict[int, list[TagSeen]] = {}
    for parcel_id, *tag in connection.execute(_TAGS, (workspace, ids)):
        tags.setdefault(parcel_id, []).append(TagSeen(*tag))
    about = about_column(workspace, "states.timeline")
    return [
        Row(
            parcel,
            at,
            _open(keys, told, about),
            order,
            to,
            shop,
            channel,
            by,
            numbers.get(parcel, []),
            tags.get(parcel, []),
        )
        for parcel, at, told, order, to, shop, channel, by in found
    ]


def _open(keys: Keyring, told: bytes | None, about: str) -> Glance:
    return NOTHING if told is None else keys.open_json(told, about, Glance)


def conditions(
    workspace: int, filters: Filters, now: datetime, limits: Sequence[int] | None, found: list[int] | None
) -> dict[str, Any]:
    """The parameters of the list's statements.

    Args:
        workspace: whose parcels.
        filters: what was chosen.
        now: the clock.
        limits: the shops that the reader sees; None: all.
        found: what the search found; None: nothing was searched for.
    """
    cursor = read_cursor(filters.after)
    return {
        "workspace": workspace,
        "milestone": filters.milestones[0] if len(filters.milestones) == 1 else None,
        "milestones": list(filters.milestones) if len(filters.milestones) > 1 else None,
        "attention": filters.at == ATTENTION,
        "stage": filters.stage or None,
        "shop": filters.shop,
        "channel": filters.channel,
        "country": filters.country or None,
        "tag": filters.tag,
        "silent_since": filters.silent_since(now),
        "under_way": not filters.milestones and (filters.quiet is not None or filters.sort == "quiet"),
        "limits": None if limits is None else list(limits),
        "found": found,
        "after_at": cursor.at if cursor else None,
        "after_id": cursor.parcel_id if cursor else None,
    }


def count(connection: Connection[Any], asked: dict[str, Any]) -> int | None:
    """How many rows the list has, up to one above the cap; None when counting would take too long."""
    query = f"SELECT count(*) FROM (SELECT FROM {_source(asked)} LIMIT {CAP + 1}) AS capped"  # noqa: S608 (fixed texts)
    rows = rows_within(connection, query, asked, _COUNT_MS)
    return None if rows is None else int(rows[0][0])


_TABS = f"""
SELECT m.milestone, c.n FROM unnest(%s::text[]) AS m(milestone), LATERAL (
    SELECT count(*) AS n FROM (SELECT FROM states s WHERE s.workspace_id = %s AND s.listed AND s.milestone = m.milestone
                               LIMIT {CAP + 1}) AS capped
) AS c
"""  # noqa: S608 (fixed text)

_TROUBLED = f"""
SELECT count(*) FROM (SELECT FROM states s WHERE s.workspace_id = %s AND s.listed AND s.exception LIMIT {CAP + 1}) AS c
"""  # noqa: S608 (fixed text)


def standing(connection: Connection[Any], workspace: int, milestones: Sequence[str]) -> dict[str, int]:
    """How many parcels stand at each milestone, and under `attention`; each up to one above the cap."""
    counted = dict(connection.execute(_TABS, (list(milestones), workspace)).fetchall())
    row = connection.execute(_TROUBLED, (workspace,)).fetchone()
    return {**counted, ATTENTION: row[0] if row else 0}


_CHOICES = """
(SELECT 'shops', shop_id, name FROM shops WHERE workspace_id = %(w)s AND archived_at IS NULL ORDER BY name LIMIT 500)
UNION ALL (SELECT 'channels', channel_id, name FROM channels WHERE workspace_id = %(w)s AND archived_at IS NULL
           ORDER BY name LIMIT 500)
UNION ALL (SELECT 'tags', tag_id, name FROM tags WHERE workspace_id = %(w)s ORDER BY name LIMIT 500)
"""


def choices(connection: Connection[Any], workspace: int, limits: Sequence[int] | None) -> dict[str, list[Choice]]:
    """Shops, channels and tags to choose from; shops only those that the reader sees."""
    found: dict[str, list[Choice]] = {"shops": [], "channels": [], "tags": []}
    for kind, *choice in connection.execute(_CHOICES, {"w": workspace}):
        found[kind].append(Choice(*choice))
    if limits is not None:
        found["shops"] = [shop for shop in found["shops"] if shop.value in limits]
    return found
