"""Ending for ever what lets somebody in: API keys, addresses to push to."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from everyleg.accounts import audit
from everyleg.accounts.actors import Actor
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import UnknownError
from everyleg.accounts.roles import Permission
from everyleg.store.sealing import Keyring

_KINDS = {"api_key": ("api_keys", "key"), "webhook": ("webhooks_in", "address")}


def revoke(connection: Connection[Any], keys: Keyring, actor: Actor, what: Subject, now: datetime) -> None:
    """End one (`api_key` or `webhook`) at once.

    Raises:
        NotAllowedError: the actor may not manage keys.
        UnknownError: there is none of that id that still works.
    """
    actor.require(Permission.MANAGE_KEYS)
    table, noun = _KINDS[what.kind]
    query = f"UPDATE {table} SET revoked_at = %s WHERE workspace_id = %s AND {what.kind}_id = %s AND revoked_at IS NULL"  # noqa: S608
    if connection.execute(query, (now, actor.workspace, what.subject_id)).rowcount == 0:
        raise UnknownError(f"there is no such {noun}, or it was revoked before")
    audit.note(connection, keys, actor, f"{what.kind}.revoked", what)
