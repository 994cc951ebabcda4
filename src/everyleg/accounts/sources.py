"""Accounts with carriers and aggregators: what lets a workspace ask, within which limits, and how each is doing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from psycopg import Connection
from psycopg.errors import CheckViolation

from everyleg.accounts import audit, secrets, sources_tokens
from everyleg.accounts.actors import Actor
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import TakenError, UnknownError
from everyleg.accounts.roles import Permission
from everyleg.accounts.texts import one_line
from everyleg.ports.asking import Account
from everyleg.ports.manifest.schema import Limits
from everyleg.store.quotas import Allowance, Pool
from everyleg.store.sealing import Keyring, about_column
from everyleg.store.windows import Quota

PROXY = "proxy"
"""The secret that is no setting of the source's: how its server is reached."""

HEALTH_DETAIL = "source_health.failed_detail"


class Limit(Struct, frozen=True, omit_defaults=True):
    """What an account may ask, where it differs from what its source allows anybody."""

    per_second: float | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    daily_budget: int | None = None
    """Calls of a day that one wants at most."""


class Health(Struct, frozen=True):
    """How an account is doing."""

    failures: int = 0
    """In a row."""
    failed_kind: str | None = None
    failed_detail: str | None = None
    """The source's own words."""
    failed_at: datetime | None = None
    answered_at: datetime | None = None
    retry_at: datetime | None = None
    """It is not asked before."""


class SourceAccount(Struct, frozen=True):
    """An account as people see it: which settings it has, never what they are."""

    account_id: int
    source: str
    name: str
    settings: tuple[str, ...]
    """Names of the settings that it has; `proxy` among them."""
    limit: Limit
    priority: int
    """The lowest is asked first."""
    open: bool
    """Nobody's login: its source asks for none."""
    paused_at: datetime | None
    health: Health


class Ready(Struct, frozen=True):
    """An account as whoever asks needs it."""

    account: Account
    limit: Limit
    priority: int
    paused: bool
    health: Health


class Change(Struct, frozen=True):
    """What is changed of an account; what is left out stays."""

    settings: Mapping[str, str | None] = {}
    """Name → value; None takes a setting away."""
    limit: Mapping[str, float | None] = {}
    """Name of a limit → value; None: as the source says."""
    priority: int | UnsetType = UNSET


_HEALTH = "h.failures, h.failed_kind, h.failed_detail, h.failed_at, h.answered_at, h.retry_at"
_LIMITS = "a.per_second, a.per_minute, a.per_hour, a.per_day, a.daily_budget"

_ADD = """
INSERT INTO source_accounts (workspace_id, source, name, open) VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id, source, name) DO NOTHING RETURNING account_id
"""

_LISTED = f"""
SELECT a.account_id, a.source, a.name,
    ARRAY(SELECT split_part(s.name, '/', 3) FROM secrets s
          WHERE s.workspace_id = a.workspace_id AND s.name LIKE 'source/' || a.account_id || '/%%' ORDER BY 1),
    a.priority, a.open, a.paused_at, {_LIMITS}, {_HEALTH}
FROM source_accounts a LEFT JOIN source_health h USING (workspace_id, account_id)
WHERE a.workspace_id = %s ORDER BY a.source, a.priority, a.account_id
"""  # noqa: S608 (fixed text)

_READY = f"""
SELECT a.account_id, a.source, a.priority, a.paused_at IS NOT NULL, {_LIMITS}, {_HEALTH}
FROM source_accounts a LEFT JOIN source_health h USING (workspace_id, account_id)
WHERE a.workspace_id = %s ORDER BY a.priority, a.account_id
"""  # noqa: S608 (fixed text)

_SECRETS = "SELECT name, value FROM secrets WHERE workspace_id = %s AND name LIKE 'source/%%'"

_WAKE = """
UPDATE due SET due_at = least(due_at, clock_timestamp()) FROM numbers n
WHERE due.workspace_id = %(workspace)s AND due.kind = 'check' AND n.workspace_id = due.workspace_id
    AND n.number_id = due.subject_id AND n.carrier = %(source)s AND due.attempts = 0
    AND EXISTS (SELECT FROM checks c WHERE c.workspace_id = due.workspace_id AND c.number_id = due.subject_id
                AND c.outcome = 'failed')
"""

_LIMIT_NAMES = frozenset(Limit.__struct_fields__)


def add(
    connection: Connection[Any], keys: Keyring, actor: Actor, source: str, name: str, settings: Mapping[str, str]
) -> int:
    """A new account; gives its id.

    Args:
        connection: in a transaction that may see the workspace.
        keys: seal the settings.
        actor: who adds it; needs the permission to manage keys.
        source: slug of the carrier or aggregator.
        name: what people call it.
        settings: by the names of the manifest's `needs.settings`; `proxy` too.

    Raises:
        NotAllowedError: they may not.
        TakenError: there is one of that name.
    """
    actor.require(Permission.MANAGE_KEYS)
    row = connection.execute(_ADD, (actor.workspace, source, one_line(name), False)).fetchone()
    if row is None:
        raise TakenError(f"there is an account {name!r} with {source} already; give this one another name")
    account_id = int(row[0])
    _put(connection, keys, actor, account_id, settings)
    _note(connection, keys, actor, account_id, "source.added", {"source": source, "name": name})
    return account_id


def change(connection: Connection[Any], keys: Keyring, actor: Actor, account_id: int, wanted: Change) -> None:
    """Change settings, limits or priority of an account.

    Raises:
        NotAllowedError: they may not.
        UnknownError: there is no such account.
        ValueError: a limit that is none.
    """
    actor.require(Permission.MANAGE_KEYS)
    _must_be(connection, actor.workspace, account_id)
    _put(connection, keys, actor, account_id, wanted.settings)
    if wanted.settings:
        sources_tokens.forget(connection, (actor.workspace, account_id))
    values = {name: value for name, value in wanted.limit.items() if name in _LIMIT_NAMES}
    if wanted.priority is not UNSET:
        values["priority"] = wanted.priority
    for name, value in values.items():
        query = f"UPDATE source_accounts SET {name} = %s WHERE workspace_id = %s AND account_id = %s"  # noqa: S608 (ours)
        try:
            connection.execute(query, (value, actor.workspace, account_id))
        except CheckViolation as error:
            raise ValueError(f"{name} = {value} is no limit: give a number above 0") from error
    _note(connection, keys, actor, account_id, "source.changed", {"limits": dict(values)})


def pause(connection: Connection[Any], keys: Keyring, actor: Actor, account_id: int, now: datetime | None) -> None:
    """Ask nothing by an account from `now` on; None: ask again, at once.

    Raises:
        NotAllowedError: they may not.
        UnknownError: there is no such account.
    """
    actor.require(Permission.MANAGE_KEYS)
    _must_be(connection, actor.workspace, account_id)
    query = "UPDATE source_accounts SET paused_at = %s WHERE workspace_id = %s AND account_id = %s"
    connection.execute(query, (now, actor.workspace, account_id))
    if now is None:
        query = "UPDATE source_health SET failures = 0, retry_at = NULL WHERE workspace_id = %s AND account_id = %s"
        connection.execute(query, (actor.workspace, account_id))
    _note(connection, keys, actor, account_id, "source.resumed" if now is None else "source.paused", {})


def remove(connection: Connection[Any], keys: Keyring, actor: Actor, account_id: int) -> None:
    """Forget an account and its settings.

    Raises:
        NotAllowedError: they may not.
        UnknownError: there is no such account.
    """
    actor.require(Permission.MANAGE_KEYS)
    source, name = _must_be(connection, actor.workspace, account_id)
    query = "SELECT name FROM secrets WHERE workspace_id = %s AND name LIKE %s"
    for (secret,) in connection.execute(query, (actor.workspace, f"source/{account_id}/%")).fetchall():
        secrets.remove(connection, keys, actor, secret)
    query = "DELETE FROM source_accounts WHERE workspace_id = %s AND account_id = %s"
    connection.execute(query, (actor.workspace, account_id))
    _note(connection, keys, actor, account_id, "source.removed", {"source": source, "name": name})


def listed(connection: Connection[Any], keys: Keyring, workspace: int) -> list[SourceAccount]:
    """The accounts of a workspace, by source and priority."""
    found = []
    for row in connection.execute(_LISTED, (workspace,)):
        account_id, source, name, settings, priority, is_open, paused_at = row[:7]
        limit, health = Limit(*row[7:12]), _health(keys, workspace, row[12:])
        found.append(
            SourceAccount(account_id, source, name, tuple(settings), limit, priority, is_open, paused_at, health)
        )
    return found


def ready(worker: Connection[Any], keys: Keyring, workspace: int) -> list[Ready]:
    """The accounts of a workspace with their settings opened, the first to be asked first; only for a worker.

    Paused ones too: whoever asks says why a number waits.
    """
    opened: dict[int, dict[str, str]] = {}
    for name, value in worker.execute(_SECRETS, (workspace,)):
        _, account_id, setting = name.split("/", 2)
        text = keys.open_text(value, about_column(workspace, "secrets.value"))
        opened.setdefault(int(account_id), {})[setting] = text or ""
    found = []
    for row in worker.execute(_READY, (workspace,)):
        account_id, source, priority, paused = row[:4]
        settings = opened.get(account_id, {})
        account = Account(account_id, workspace, source, settings, settings.pop(PROXY, None))
        found.append(Ready(account, Limit(*row[4:9]), priority, paused, _health(keys, workspace, row[9:])))
    return found


def open_account(worker: Connection[Any], workspace: int, source: str) -> int:
    """The account of a source that asks for none, made when there is none yet: its quota and health are kept like any
    other's, and it can be paused.
    """
    name = "open"
    worker.execute(_ADD, (workspace, source, name, True))
    query = "SELECT account_id FROM source_accounts WHERE workspace_id = %s AND source = %s AND name = %s"
    row = worker.execute(query, (workspace, source, name)).fetchone()
    assert row is not None  # noqa: S101 (made above, by us or by whoever came first)
    return int(row[0])


def allowance_of(limit: Limit, source: Limits, pool: str | None = None) -> Allowance:
    """What an account may ask: its own limits, else those that its source declares; never more than its budget.

    Args:
        limit: the account's own.
        source: what its source declares.
        pool: names whom the source cannot tell it apart from: what it declares holds for all of them together, and the
            account's own limits can only be tighter. None: it knows the account by its login.
    """
    quota = quota_of(limit, source)
    if pool is None:
        return Allowance(quota)
    declared = quota_of(Limit(), source)
    return Allowance(quota.within(declared), Pool(pool, declared))


def quota_of(limit: Limit, source: Limits) -> Quota:
    """The limits of an account: its own, else those that its source declares; never more than its budget."""
    day = source.per_day if limit.per_day is None else limit.per_day
    days = [one for one in (day, limit.daily_budget) if one is not None]
    return Quota(
        source.per_second if limit.per_second is None else limit.per_second,
        source.per_minute if limit.per_minute is None else limit.per_minute,
        source.per_hour if limit.per_hour is None else limit.per_hour,
        min(days, default=None),
    )


def wake(connection: Connection[Any], workspace: int, source: str) -> int:
    """Have the numbers of a carrier asked at once that waited for an account with it; gives how many."""
    return connection.execute(_WAKE, {"workspace": workspace, "source": source}).rowcount


def _put(
    connection: Connection[Any], keys: Keyring, actor: Actor, account_id: int, settings: Mapping[str, str | None]
) -> None:
    for name, value in settings.items():
        if value is None:
            secrets.remove(connection, keys, actor, _secret(account_id, name))
        else:
            secrets.put(connection, keys, actor, _secret(account_id, name), value)


def _secret(account_id: int, setting: str) -> str:
    return f"source/{account_id}/{setting}"


def _must_be(connection: Connection[Any], workspace: int, account_id: int) -> tuple[str, str]:
    query = "SELECT source, name FROM source_accounts WHERE workspace_id = %s AND account_id = %s"
    row = connection.execute(query, (workspace, account_id)).fetchone()
    if row is None:
        raise UnknownError(f"there is no account {account_id} here; `everyleg sources list` shows those that are")
    return row[0], row[1]


def _note(
    connection: Connection[Any], keys: Keyring, actor: Actor, account_id: int, action: str, detail: dict[str, Any]
) -> None:
    audit.note(connection, keys, actor, action, Subject("source_account", account_id), detail)


def _health(keys: Keyring, workspace: int, row: Sequence[Any]) -> Health:
    failures, kind, detail, *times = row
    if failures is None:
        return Health()
    return Health(failures, kind, keys.open_text(detail, about_column(workspace, HEALTH_DETAIL)), *times)
