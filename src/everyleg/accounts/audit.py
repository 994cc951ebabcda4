"""The audit log: who did what to what, written in the transaction of what it tells of; nobody can change it.

The database holds the rows fast, for the app and for workers. Only what lies sealed in them (detail, source address)
can be sealed anew or erased, by workers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.store.sealing import Keyring, about_column


class Subject(Struct, frozen=True):
    """What something was done to."""

    kind: str
    """The noun: person, invitation, api_key, parcel, shipment …"""
    subject_id: int


class Entry(Struct, frozen=True):
    """A line of the log."""

    audit_id: int
    happened_at: datetime
    actor_kind: str
    actor_id: int | None
    action: str
    """noun.verb, as `person.disabled`."""
    subject: Subject | None
    detail: dict[str, Any] | None
    ip: str | None


_NOTE = """
INSERT INTO audit (workspace_id, actor_kind, actor_id, action, subject_kind, subject_id, detail, ip)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

_COLUMNS = "audit_id, happened_at, actor_kind, actor_id, action, subject_kind, subject_id, detail, ip"

_ALL = f"""
SELECT {_COLUMNS} FROM audit WHERE workspace_id = %(workspace)s AND audit_id < %(before)s
ORDER BY audit_id DESC LIMIT %(most)s
"""  # noqa: S608 (fixed text)

_OF_SUBJECT = f"""
SELECT {_COLUMNS} FROM audit
WHERE workspace_id = %(workspace)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND audit_id < %(before)s
ORDER BY audit_id DESC LIMIT %(most)s
"""  # noqa: S608 (fixed text)

_END = 2**63 - 1


def note(
    connection: Connection[Any],
    keys: Keyring,
    actor: Actor,
    action: str,
    subject: Subject | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write a line, in the transaction of what it tells of; `detail` (what JSON can hold) lies sealed."""
    workspace, about = actor.workspace, subject or Subject("", 0)
    values = (workspace, actor.kind, actor.actor_id, action, about.kind or None, about.subject_id or None)
    said = keys.seal_json(dict(detail), about_column(workspace, "audit.detail")) if detail else None
    connection.execute(_NOTE, (*values, said, keys.seal_text(actor.ip, about_column(workspace, "audit.ip"))))


class Page(Struct, frozen=True):
    """Which lines: newest first, from before one (keyset paging), of one subject or of all."""

    before: int | None = None
    most: int = 50
    subject: Subject | None = None


def listed(connection: Connection[Any], keys: Keyring, workspace: int, page: Page) -> list[Entry]:
    """Lines of the log, newest first; the next page is before the last one's `audit_id`."""
    asked: dict[str, Any] = {"workspace": workspace, "before": page.before or _END, "most": page.most}
    if page.subject:
        asked |= {"kind": page.subject.kind, "id": page.subject.subject_id}
    rows = connection.execute(_OF_SUBJECT if page.subject else _ALL, asked)
    return [_entry(keys, workspace, row) for row in rows]


def _entry(keys: Keyring, workspace: int, row: tuple[Any, ...]) -> Entry:
    audit_id, happened_at, actor_kind, actor_id, action, kind, subject_id, detail, ip = row
    subject = Subject(kind, subject_id) if kind else None
    opened = None if detail is None else keys.open_json(detail, about_column(workspace, "audit.detail"), dict[str, Any])
    source = keys.open_text(ip, about_column(workspace, "audit.ip"))
    return Entry(audit_id, happened_at, actor_kind, actor_id, action, subject, opened, source)
