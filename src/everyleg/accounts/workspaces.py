"""Workspaces: made by a worker, on nobody's single behalf."""

import re
from typing import Literal

from msgspec import Struct

from everyleg.accounts.errors import TakenError, UnknownError
from everyleg.accounts.texts import one_line
from everyleg.store.db import Database

WorkspaceKind = Literal["seller", "carrier"]

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

_LISTED = "SELECT workspace_id, slug, name, kind, language, time_zone FROM workspaces ORDER BY workspace_id"


class Workspace(Struct, frozen=True):
    """A tenant."""

    workspace_id: int
    slug: str
    name: str
    kind: WorkspaceKind
    language: str
    time_zone: str


def create(database: Database, slug: str, name: str, kind: WorkspaceKind = "seller", language: str = "en") -> int:
    """Make a workspace and give its id.

    Raises:
        ValueError: the slug is not small letters, digits and hyphens.
        TakenError: there is one of that slug.
    """
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is no slug: small letters, digits and hyphens, 63 at most")
    query = (
        "INSERT INTO workspaces (slug, name, kind, language) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (slug) DO NOTHING RETURNING workspace_id"
    )
    with database.transaction(None, "worker") as worker:
        row = worker.execute(query, (slug, one_line(name), kind, language)).fetchone()
    if row is None:
        raise TakenError(f"there is a workspace {slug} already; take another slug")
    return int(row[0])


def listed(database: Database) -> list[Workspace]:
    """All workspaces, oldest first."""
    with database.transaction(None, "worker") as worker:
        return [Workspace(*row) for row in worker.execute(_LISTED)]


def named(database: Database, slug: str | None) -> Workspace:
    """The workspace of a slug; without a slug the only one there is.

    Raises:
        UnknownError: none, or several to choose from.
    """
    there = listed(database)
    fitting = [one for one in there if slug in (None, one.slug)]
    if len(fitting) == 1:
        return fitting[0]
    slugs = ", ".join(one.slug for one in there) or "none yet"
    raise UnknownError(f"which workspace? There are: {slugs}; name one (--workspace SLUG)")


def default(database: Database) -> int:
    """The first workspace; a fresh install gets one."""
    first = "SELECT workspace_id FROM workspaces ORDER BY workspace_id LIMIT 1"
    make = "INSERT INTO workspaces (slug, name, kind) VALUES ('main', 'Main', 'seller') ON CONFLICT (slug) DO NOTHING"
    with database.transaction(None, "worker") as worker:
        if worker.execute(first).fetchone() is None:
            worker.execute(make)
        row = worker.execute(first).fetchone()
        assert row is not None  # noqa: S101 (made above, by us or by whoever came first)
        return int(row[0])


def first_run(database: Database) -> bool:
    """Whether there was no owner yet, in any workspace; never again once there was."""
    query = "SELECT FROM people WHERE role = 'owner' LIMIT 1"
    with database.transaction(None, "worker") as worker:
        return worker.execute(query).fetchone() is None
