"""Names in a sheet (shops, channels, tags), made where they are new."""

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Row

_ADD = {
    "shops": (
        "INSERT INTO shops (workspace_id, name) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING name"
    ),
    "channels": (
        "INSERT INTO channels (workspace_id, name) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING name"
    ),
    "tags": "INSERT INTO tags (workspace_id, name) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING name",
}
_FIND = {
    "shops": "SELECT name, shop_id FROM shops WHERE workspace_id = %s AND name = ANY(%s)",
    "channels": "SELECT name, channel_id FROM channels WHERE workspace_id = %s AND name = ANY(%s)",
    "tags": "SELECT name, tag_id FROM tags WHERE workspace_id = %s AND name = ANY(%s)",
}
_PLATFORM = """
UPDATE shops s SET platform = w.platform FROM unnest(%s::text[], %s::text[]) AS w (name, platform)
WHERE s.workspace_id = %s AND s.name = w.name AND s.platform IS NULL
"""
_MADE = {"shops": "made_shop", "channels": "made_channel", "tags": "made_tag"}


def ids_of(connection: Connection[Any], workspace: int, table: str, names: Iterable[str | None]) -> dict[str, int]:
    """Ids by name of those that are there."""
    wanted = sorted({name for name in names if name})
    return dict(connection.execute(_FIND[table], (workspace, wanted)).fetchall()) if wanted else {}


def make(connection: Connection[Any], workspace: int, table: str, names: Iterable[str | None]) -> dict[str, Note]:
    """Make those that are not there; what to say of each, by name."""
    wanted = sorted({name for name in names if name})
    if not wanted:
        return {}
    made = connection.execute(_ADD[table], (workspace, wanted)).fetchall()
    return {name: Note(_MADE[table], {"name": name}) for (name,) in made}


def set_platforms(connection: Connection[Any], workspace: int, rows: Iterable[Row]) -> None:
    """Give shops without a platform the one that a row names."""
    platforms: dict[str, str] = {}
    for row in rows:
        if row.shop and row.platform:
            platforms.setdefault(row.shop, row.platform)
    if platforms:
        connection.execute(_PLATFORM, (list(platforms), list(platforms.values()), workspace))
