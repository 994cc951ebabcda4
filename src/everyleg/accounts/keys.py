"""API keys: `elk_<workspace>_<secret>`, shown once, kept as a hash, with scopes that say what they may do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import audit, revoking
from everyleg.accounts.actors import Actor
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.roles import Permission
from everyleg.accounts.texts import one_line
from everyleg.accounts.tokens import new_token, read_token
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring

HEAD, JOINT = "elk_", "_"
_SHOWN = 4
_USED_EVERY = timedelta(minutes=1)
"""How often at most it is written that a key is in use."""

Scope = Literal["read", "personal", "write", "export"]
"""What a key is for."""

_P = Permission
SCOPES: MappingProxyType[Scope, frozenset[Permission]] = MappingProxyType(
    {
        "read": frozenset({_P.VIEW_PARCELS, _P.VIEW_REPORTS}),
        "personal": frozenset({_P.VIEW_PARCELS, _P.SEE_PERSONAL, _P.SEE_RAW}),
        "write": frozenset({_P.VIEW_PARCELS, _P.ADD_PARCELS, _P.REMARK, _P.SHARE, _P.CORRECT}),
        "export": frozenset({_P.VIEW_PARCELS, _P.EXPORT}),
    }
)
"""What each scope may do."""


class ApiKey(Struct, frozen=True):
    """A key as people see it."""

    workspace: int
    api_key_id: int
    name: str
    prefix: str
    """Its beginning, to tell two apart."""
    scopes: tuple[Scope, ...]
    created_by: int | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def may(self, permission: Permission) -> bool:
        """Whether one of its scopes lets it."""
        return permission in _allowed(self.scopes)

    def actor(self, ip: str | None = None) -> Actor:
        """It as who acts, from an address."""
        return Actor(self.workspace, "api_key", self.api_key_id, _allowed(self.scopes), ip=ip)


class MadeKey(Struct, frozen=True):
    """A key just made; the key itself is shown this once."""

    key: str
    api_key_id: int


def _allowed(scopes: Sequence[Scope]) -> frozenset[Permission]:
    return frozenset[Permission]().union(*(SCOPES[scope] for scope in scopes))


_INSERT = """
INSERT INTO api_keys (workspace_id, key_hash, prefix, name, scopes, created_by, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING api_key_id
"""

_COLUMNS = "api_key_id, name, prefix, scopes, created_by, created_at, last_used_at, revoked_at"


def make(
    connection: Connection[Any], keys: Keyring, actor: Actor, name: str, scopes: Sequence[Scope], now: datetime
) -> MadeKey:
    """Make a key.

    Raises:
        NotAllowedError: the actor may not make keys, has less than its scopes, or is limited to shops (a key is not).
        ValueError: no scope, or one that there is not.
    """
    actor.require(Permission.MANAGE_KEYS)
    if not scopes or not set(scopes) <= set(get_args(Scope)):
        raise ValueError(f"a key has one or more of the scopes {', '.join(SCOPES)}")
    if not _allowed(scopes) <= actor.permissions or actor.shop_ids is not None:
        raise NotAllowedError("a key sees every shop and may do all its scopes say; ask an owner to make it")
    token = new_token(actor.workspace)
    key = f"{HEAD}{token.workspace}{JOINT}{token.secret}"
    prefix = key[: -len(token.secret) + _SHOWN]
    by = actor.actor_id if actor.kind == "person" else None
    values = (actor.workspace, token.hash, prefix, one_line(name), sorted(set(scopes)), by, now)
    row = connection.execute(_INSERT, values).fetchone()
    assert row is not None  # noqa: S101 (an INSERT without a condition)
    detail = {"name": one_line(name), "scopes": sorted(set(scopes))}
    audit.note(connection, keys, actor, "api_key.made", Subject("api_key", row[0]), detail)
    return MadeKey(key, row[0])


def listed(connection: Connection[Any], workspace: int) -> list[ApiKey]:
    """All keys of a workspace, revoked ones too, newest first."""
    query = f"SELECT {_COLUMNS} FROM api_keys WHERE workspace_id = %s ORDER BY api_key_id DESC"  # noqa: S608
    return [_key(workspace, row) for row in connection.execute(query, (workspace,))]


def revoke(connection: Connection[Any], keys: Keyring, actor: Actor, api_key_id: int, now: datetime) -> None:
    """End a key at once and for ever. Refusals as `revoking.revoke`."""
    revoking.revoke(connection, keys, actor, Subject("api_key", api_key_id), now)


def authenticate(database: Database, key: str, now: datetime) -> ApiKey | None:
    """The key that was sent, if it is one and still works; once a minute at most it is written that it is in use."""
    read = read_token(key, HEAD, JOINT)
    if read is None:
        return None
    with database.transaction(read.workspace) as app:
        row = app.execute(
            f"SELECT {_COLUMNS} FROM api_keys"  # noqa: S608 (fixed text)
            " WHERE workspace_id = %s AND key_hash = %s AND revoked_at IS NULL",
            (read.workspace, read.hash),
        ).fetchone()
        if row is None:
            return None
        found = _key(read.workspace, row)
        if found.last_used_at is None or now - found.last_used_at >= _USED_EVERY:
            app.execute(
                "UPDATE api_keys SET last_used_at = %s WHERE workspace_id = %s AND api_key_id = %s",
                (now, read.workspace, found.api_key_id),
            )
    return found


def _key(workspace: int, row: tuple[Any, ...]) -> ApiKey:
    api_key_id, name, prefix, scopes, *rest = row
    return ApiKey(workspace, api_key_id, name, prefix, tuple(scopes), *rest)
