"""Tags of a parcel. The second who edits is told."""

import re
from typing import Any

from psycopg import Connection

LONGEST_TAG, MOST_TAGS = 40, 20

_TAKE = """
UPDATE parcels SET version = version + 1 WHERE workspace_id = %s AND parcel_id = %s AND version = %s
"""

_TAG = """
WITH named AS (
    INSERT INTO tags (workspace_id, name) SELECT %(workspace)s, unnest(%(names)s::text[])
    ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name RETURNING tag_id
), gone AS (
    DELETE FROM parcel_tags WHERE workspace_id = %(workspace)s AND parcel_id = %(parcel)s
        AND tag_id NOT IN (SELECT tag_id FROM named)
)
INSERT INTO parcel_tags (workspace_id, parcel_id, tag_id) SELECT %(workspace)s, %(parcel)s, tag_id FROM named
ON CONFLICT DO NOTHING
"""


class Stale(Exception):  # noqa: N818 - it names what is the matter
    """Somebody else changed the parcel since it was looked at."""


def take(connection: Connection[Any], workspace: int, parcel: int, version: int) -> None:
    """Claim the next version of a parcel.

    Raises:
        Stale: somebody was quicker.
    """
    if connection.execute(_TAKE, (workspace, parcel, version)).rowcount != 1:
        raise Stale


def tag_names(text: str) -> list[str]:
    """The tags that somebody typed: without blanks around, each once, at most twenty of forty characters."""
    names = (
        " ".join(part.split())[:LONGEST_TAG].strip() for part in re.split("[,，;；、\n]", text.replace("\x00", ""))
    )
    return list(dict.fromkeys(name for name in names if name))[:MOST_TAGS]


def set_tags(connection: Connection[Any], workspace: int, parcel: int, names: list[str]) -> None:
    """Give a parcel these tags and no others; new ones are made."""
    connection.execute(_TAG, {"workspace": workspace, "parcel": parcel, "names": names})
