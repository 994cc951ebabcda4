"""Stopped, archived: decided by the corrections that stand, in their order."""

from datetime import datetime

from everyleg.pipeline.ages import plan_soon
from everyleg.pipeline.known import Store

_STANDING = """
SELECT kind, created_at FROM corrections WHERE workspace_id = %s AND parcel_id = %s AND undone_at IS NULL
    AND kind IN ('stop', 'archive', 'restart') ORDER BY correction_id
"""

_WRITE = "UPDATE parcels SET stopped_at = %s, archived_at = %s WHERE workspace_id = %s AND parcel_id = %s"


def decide_flags(store: Store, parcel: int, now: datetime) -> None:
    """Write whether a parcel is followed, and whether it is listed; its checks are planned anew."""
    stopped: datetime | None = None
    archived: datetime | None = None
    for kind, at in store.connection.execute(_STANDING, (store.workspace, parcel)):
        if kind == "restart":
            stopped = archived = None
        elif kind == "stop":
            stopped = stopped or at
        else:
            archived = archived or at
    store.connection.execute(_WRITE, (stopped, archived, store.workspace, parcel))
    plan_soon(store.connection, store.workspace, parcel, now)
