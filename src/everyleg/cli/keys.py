"""`everyleg keys`: API keys of a workspace, for whoever has a shell on the machine."""

from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.table import Table

from everyleg.accounts import keys
from everyleg.accounts.keys import Scope
from everyleg.cli.io import moment, print_json
from everyleg.cli.store import acting

app = App(name="keys", help="API keys: make, list, revoke.")


@app.command
def make(name: str, /, *, scope: list[Scope] | None = None, workspace: str | None = None) -> None:
    """Make a key and print it, this once.

    Args:
        name: What it is for.
        scope: What it may do; give the option once for each: read, write, personal, export. Without it: read and write.
        workspace: Slug of the workspace; not needed while there is only one.
    """
    with acting(workspace) as here:
        made = keys.make(*here.at, name, scope or ["read", "write"], datetime.now(UTC))
    print(made.key)


@app.command(name="list")
def list_(*, workspace: str | None = None, json: bool = False) -> None:
    """Every key, by its beginning.

    Args:
        workspace: Slug of the workspace; not needed while there is only one.
        json: Print JSON instead of a table.
    """
    with acting(workspace) as here:
        found = keys.listed(here.connection, here.workspace)
    if json:
        print_json(found)
        return
    table = Table("id", "name", "begins", "scopes", "made", "last used", "revoked", header_style="bold")
    for one in found:
        moments = map(moment, (one.created_at, one.last_used_at, one.revoked_at))
        table.add_row(str(one.api_key_id), one.name, one.prefix, ", ".join(one.scopes), *moments)
    Console().print(table)


@app.command
def revoke(key_id: int, /, *, workspace: str | None = None) -> None:
    """End a key at once and for ever.

    Args:
        key_id: Its number in `everyleg keys list`.
        workspace: Slug of the workspace; not needed while there is only one.
    """
    with acting(workspace) as here:
        keys.revoke(*here.at, key_id, datetime.now(UTC))
    print(f"Key {key_id} is revoked.")
