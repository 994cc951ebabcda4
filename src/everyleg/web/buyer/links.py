"""The buyer's link: unguessable, and it names its workspace, so nothing is looked up across tenants."""

import re
import secrets
from typing import Any

from psycopg import Connection

_SHAPE = re.compile(r"([1-9][0-9]{0,8})-([A-Za-z0-9_-]{22})", re.ASCII)

_ENSURE = """
UPDATE parcels SET link_token = coalesce(link_token, %s) WHERE workspace_id = %s AND parcel_id = %s
RETURNING link_token
"""


def ensure(connection: Connection[Any], workspace: int, parcel: int) -> str:
    """The link of a parcel, made where there is none: what stands behind `/t/`."""
    row = connection.execute(_ENSURE, (secrets.token_urlsafe(16), workspace, parcel)).fetchone()
    return token(workspace, row[0] if row else None) or ""


def token(workspace: int, secret: str | None) -> str | None:
    """What stands behind `/t/`, of a parcel that has a link."""
    return f"{workspace}-{secret}" if secret else None


def read(text: str) -> tuple[int, str] | None:
    """Workspace and secret of a link; None when it is none of ours by its shape alone."""
    found = _SHAPE.fullmatch(text)
    return (int(found[1]), found[2]) if found else None
