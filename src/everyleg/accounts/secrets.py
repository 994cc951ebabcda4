"""Secrets for others' systems (carriers' keys, shops' tokens): the app writes them, only workers read them back."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import audit
from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import Permission
from everyleg.accounts.texts import one_line
from everyleg.store.sealing import Keyring, about_column

_SHOWN, _SHORTEST_SHOWN = 4, 16

# The parameter again and not `excluded.value`: reading that would ask for the right to read the column.
_PUT = """
INSERT INTO secrets (workspace_id, name, value, hint, updated_by)
VALUES (%(workspace)s, %(name)s, %(value)s, %(hint)s, %(by)s)
ON CONFLICT (workspace_id, name)
DO UPDATE SET value = %(value)s, hint = %(hint)s, updated_by = %(by)s, updated_at = now()
"""


class SecretName(Struct, frozen=True):
    """A secret as people see it."""

    name: str
    hint: str | None
    """Its last characters, to tell two apart; None for short ones."""
    updated_by: int | None
    updated_at: datetime


def put(connection: Connection[Any], keys: Keyring, actor: Actor, name: str, value: str) -> None:
    """Keep a secret under a name (`carrier/usps/api_key`), in place of the one that was there."""
    actor.require(Permission.MANAGE_KEYS)
    workspace = actor.workspace
    sealed = keys.seal_text(value, about_column(workspace, "secrets.value"))
    hint = one_line(value[-_SHOWN:]) if len(value) >= _SHORTEST_SHOWN else None
    by = actor.actor_id if actor.kind == "person" else None
    connection.execute(_PUT, {"workspace": workspace, "name": one_line(name), "value": sealed, "hint": hint, "by": by})
    audit.note(connection, keys, actor, "secret.put", detail={"name": name})


def remove(connection: Connection[Any], keys: Keyring, actor: Actor, name: str) -> None:
    """Forget a secret."""
    actor.require(Permission.MANAGE_KEYS)
    connection.execute("DELETE FROM secrets WHERE workspace_id = %s AND name = %s", (actor.workspace, name))
    audit.note(connection, keys, actor, "secret.removed", detail={"name": name})


def names(connection: Connection[Any], workspace: int) -> list[SecretName]:
    """What secrets there are, by name; never what they are."""
    query = "SELECT name, hint, updated_by, updated_at FROM secrets WHERE workspace_id = %s ORDER BY name"
    return [SecretName(*row) for row in connection.execute(query, (workspace,))]


def hint(connection: Connection[Any], workspace: int, name: str) -> str | None:
    """The last characters of a secret; None when it is short, or not there."""
    row = connection.execute(
        "SELECT hint FROM secrets WHERE workspace_id = %s AND name = %s", (workspace, name)
    ).fetchone()
    return row[0] if row else None


def reveal(worker: Connection[Any], keys: Keyring, workspace: int, name: str) -> str | None:
    """The secret itself; the database lets only a worker read it."""
    row = worker.execute(
        "SELECT value FROM secrets WHERE workspace_id = %s AND name = %s", (workspace, name)
    ).fetchone()
    return keys.open_text(row[0], about_column(workspace, "secrets.value")) if row else None
