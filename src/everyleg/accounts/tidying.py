"""What has had its time and is of use to nobody: ended sessions, old invitations, forms and requests sent, tries."""

from datetime import datetime, timedelta

from everyleg.accounts.sessions import IDLE
from everyleg.store.db import Database

_KEPT = timedelta(days=1)
"""How long it is remembered that a form was sent."""

_OLD = {
    "sessions": "expires_at < %(now)s OR seen_at < %(idle)s",
    "invitations": "expires_at < %(now)s",
    "submissions": "created_at < %(kept)s",
    "api_requests": "created_at < %(kept)s",
    "attempts": "spent_until < %(now)s",
}


def tidy(database: Database, now: datetime) -> dict[str, int]:
    """Remove it, of all workspaces; gives rows by table. For a worker, about once an hour."""
    asked = {"now": now, "idle": now - IDLE, "kept": now - _KEPT}
    with database.transaction(None, "worker") as worker:
        return {
            table: worker.execute(f"DELETE FROM {table} WHERE {old}", asked).rowcount  # noqa: S608 (fixed text)
            for table, old in _OLD.items()
        }
