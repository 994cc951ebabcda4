"""Who asks: an API key of a workspace, what it may, and how often it may ask."""

from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from everyleg.accounts import attempts, keys
from everyleg.accounts.actors import Actor
from everyleg.accounts.attempts import Limit
from everyleg.accounts.roles import Permission
from everyleg.api.v1.problems import Refusal
from everyleg.api.v1.services import Services

RATE = Limit("api requests", 300, timedelta(milliseconds=100))
"""Of one key: 300 at once, then ten a second. A request may bring a thousand parcels."""

_SCHEME = "bearer "
_CALLER = "everyleg_caller"

Caller = NamedDependency[Actor]
"""What a handler asks for (`caller`): the key as who acts."""


async def need_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let a request pass whose key works and has not asked too often; before anything else of it is looked at.

    Raises:
        Refusal: no key, or none that works.
        TooManyTriesError: too often.
    """
    sent = connection.headers.get("authorization", "")
    key = sent[len(_SCHEME) :].strip() if sent.lower().startswith(_SCHEME) else ""
    client = connection.client.host if connection.client else None
    services: Services = connection.app.state.services
    connection.state[_CALLER] = await sync_to_thread(_enter, services, key, client)


def _enter(services: Services, key: str, client: str | None) -> Actor:
    found = keys.authenticate(services.database, key, services.now()) if key else None
    if found is None:
        raise Refusal("no-key", "Send the header Authorization: Bearer elk_… with a key that was not revoked.")
    with services.database.transaction(found.workspace) as app:
        keyring, subject = services.database.keys, str(found.api_key_id)
        attempts.spend(app, keyring, RATE, subject, services.now(), found.workspace)
    return found.actor(client)


def caller(request: Request[Any, Any, Any]) -> Actor:
    """Who was let pass."""
    actor: Actor = request.state[_CALLER]
    return actor


_SCOPES = {Permission.VIEW_PARCELS: "read", Permission.ADD_PARCELS: "write"}


def need(actor: Actor, permission: Permission) -> None:
    """See that the key may.

    Raises:
        Refusal: it may not; says which scope would do.
    """
    if not actor.may(permission):
        raise Refusal("not-allowed", f"This key has not the scope {_SCOPES[permission]}; make one that has it.")
