"""Addresses to which others push (`/in/<source>/<token>`): who may, what signs, what their bodies are kept as.

The token names its workspace and is shown once; its hash is stored. The secret that signs lies sealed.
"""

import secrets
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import audit, revoking
from everyleg.accounts.actors import Actor
from everyleg.accounts.audit import Subject
from everyleg.accounts.roles import Permission
from everyleg.accounts.tokens import new_token
from everyleg.store.sealing import Keyring, about_column

_SECRET = "webhooks_in.secret"  # noqa: S105 - a column


class Webhook(Struct, frozen=True):
    """An address as people see it."""

    webhook_id: int
    source: str
    carrier: str | None
    scheme: str | None
    signed: bool
    created_at: datetime
    revoked_at: datetime | None


class Wanted(Struct, frozen=True):
    """What an address is to be."""

    source: str
    """The word in it: a carrier's or aggregator's slug where it is one of these."""
    carrier: str | None = None
    """Slug of who reads what comes; None: whoever's shape it has."""
    scheme: str | None = None
    """How it is signed; None: as the source's manifest says."""
    secret: str | None = None
    """What signs; an empty one is made up."""


class Made(Struct, frozen=True):
    """An address just made; token and secret are shown this once."""

    webhook_id: int
    path: str
    secret: str | None


class Open(Struct, frozen=True):
    """An address that takes pushes, as the receiver needs it."""

    workspace: int
    source: str
    carrier: str | None
    scheme: str | None
    token_hash: bytes
    secret: str | None


_INSERT = """
INSERT INTO webhooks_in (workspace_id, source, carrier, scheme, token_hash, secret, created_by, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING webhook_id
"""


def make(connection: Connection[Any], keys: Keyring, actor: Actor, wanted: Wanted, now: datetime) -> Made:
    """Make an address.

    Raises:
        NotAllowedError: the actor may not manage keys.
    """
    actor.require(Permission.MANAGE_KEYS)
    token = new_token(actor.workspace)
    secret = secrets.token_urlsafe(32) if wanted.secret == "" else wanted.secret
    sealed = keys.seal_text(secret, about_column(actor.workspace, _SECRET))
    by = actor.actor_id if actor.kind == "person" else None
    values = (actor.workspace, wanted.source, wanted.carrier, wanted.scheme, token.hash, sealed, by, now)
    row = connection.execute(_INSERT, values).fetchone()
    assert row is not None  # noqa: S101 (an INSERT without a condition)
    audit.note(connection, keys, actor, "webhook.made", Subject("webhook", row[0]), {"source": wanted.source})
    return Made(row[0], f"/in/{wanted.source}/{token}", secret)


def listed(connection: Connection[Any], workspace: int) -> list[Webhook]:
    """All addresses of a workspace, revoked ones too, newest first."""
    query = """SELECT webhook_id, source, carrier, scheme, secret IS NOT NULL, created_at, revoked_at
        FROM webhooks_in WHERE workspace_id = %s ORDER BY webhook_id DESC"""
    return [Webhook(*row) for row in connection.execute(query, (workspace,))]


def revoke(connection: Connection[Any], keys: Keyring, actor: Actor, webhook_id: int, now: datetime) -> None:
    """End an address for ever; receivers know it within seconds. Refusals as `revoking.revoke`."""
    revoking.revoke(connection, keys, actor, Subject("webhook", webhook_id), now)


def all_open(worker: Connection[Any], keys: Keyring) -> list[Open]:
    """Every address of every workspace that takes pushes, for a worker."""
    query = """SELECT workspace_id, source, carrier, scheme, token_hash, secret
        FROM webhooks_in WHERE revoked_at IS NULL"""
    return [
        Open(workspace, source, carrier, scheme, token_hash, keys.open_text(secret, about_column(workspace, _SECRET)))
        for workspace, source, carrier, scheme, token_hash, secret in worker.execute(query)
    ]
