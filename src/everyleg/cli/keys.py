"""`everyleg keys`: API keys of a workspace, for whoever has a shell on the machine."""

from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.table import Table

from everyleg.accounts import keys
from everyleg.accounts.actors import command_line
from everyleg.accounts.keys import Scope
from everyleg.cli.io import print_json
from everyleg.cli.people import workspace_named

app = App(name="keys", help="API keys: make, list, revoke.")


@app.command
def make(name: str, /, *, scope: list[Scope] | None = None, workspace: str | None = None) -> None:
    """Make a key and print it, this once.

    Args:
        name: What it is for.
        scope: What it may do; give the option once for each: read, write, personal, export. Without it: read and write.
        workspace: Slug of the workspace; not needed while there is only one.
    """
    now = datetime.now(UTC)
    with workspace_named(workspace) as (database, tenant), database.transaction(tenant) as connection:
        scopes: list[Scope] = scope or ["read", "write"]
        made = keys.make(connection, database.keys, command_line(tenant), name, scopes, now)
    print(made.key)


@app.command(name="list")
def list_(*, workspace: str | None = None, json: bool = False) -> None:
    """Every key, by its beginning.

    Args:
        workspace: Slug of the workspace; not needed while there is only one.
        json: Print JSON instead of a table.
    """
    with workspace_named(workspace) as (database, tenant), database.transaction(tenant) as connection:
        found = keys.listed(connection, tenant)
    if json:
        print_json(found)
        return
    table = Table("id", "name", "begins", "scopes", "made", "last used", "revoked", header_style="bold")
    for one in found:
        moments = map(_moment, (one.created_at, one.last_used_at, one.revoked_at))
        table.add_row(str(one.api_key_id), one.name, one.prefix, ", ".join(one.scopes), *moments)
    Console().print(table)


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@app.command
def revoke(key_id: int, /, *, workspace: str | None = None) -> None:
    """End a key at once and for ever.

    Args:
        key_id: Its number in `everyleg keys list`.
        workspace: Slug of the workspace; not needed while there is only one.
    """
    now = datetime.now(UTC)
    with workspace_named(workspace) as (database, tenant), database.transaction(tenant) as connection:
        keys.revoke(connection, database.keys, command_line(tenant), key_id, now)
    print(f"Key {key_id} is revoked.")
