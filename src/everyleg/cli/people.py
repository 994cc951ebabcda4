"""`everyleg people`: who is in a workspace, for whoever has a shell on the machine."""

import getpass
import sys
from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.table import Table

from everyleg.accounts import invitations
from everyleg.accounts import people as accounts
from everyleg.accounts.invitations import Offer
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson
from everyleg.accounts.roles import NAMES, Role
from everyleg.cli.io import UserError, moment, print_json
from everyleg.cli.store import acting, workspace_named

app = App(name="people", help="Who is in a workspace: list, invite, disable, owner.")


@app.command(name="list")
def list_(*, workspace: str | None = None, json: bool = False) -> None:
    """Everybody in a workspace.

    Args:
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of a table.
    """
    with acting(workspace) as here:
        found = accounts.listed(here.connection, here.keys, here.workspace)
    if json:
        print_json(found)
        return
    table = Table("id", "name", "address", "role", "shops", "last seen", "disabled", header_style="bold")
    for one in found:
        shops = "all" if one.shop_ids is None else ", ".join(map(str, one.shop_ids)) or "none"
        moments = (moment(one.last_seen_at), moment(one.disabled_at))
        table.add_row(str(one.person_id), one.name, one.email, NAMES[one.role].en, shops, *moments)
    Console().print(table)


@app.command
def invite(
    role: Role,
    /,
    *,
    email: str | None = None,
    shop: list[int] | None = None,
    workspace: str | None = None,
    url: str = "http://127.0.0.1:8017",
) -> None:
    """Print a link by which one person gets an account; it works once, for seven days.

    Args:
        role: What they may do: owner, manager, operator, service (客服) or analyst.
        email: The only address that can accept it; without it, whoever has the link.
        shop: Ids of the shops they are limited to; without it, every shop.
        workspace: Its slug; not needed while there is only one.
        url: Where the pages are reached.
    """
    now, shops = datetime.now(UTC), None if shop is None else tuple(shop)
    with acting(workspace) as here:
        made = invitations.make(*here.at, Offer(role, shops, email), now)
    print(f"{url.rstrip('/')}/invitation/{made.token}")


@app.command
def disable(email: str, /, *, workspace: str | None = None) -> None:
    """Shut somebody out at once: sessions end, what they did stays.

    Args:
        email: Their address.
        workspace: Its slug; not needed while there is only one.
    """
    now = datetime.now(UTC)
    with acting(workspace) as here:
        person = accounts.find(here.connection, here.keys, here.workspace, email)
        accounts.disable(*here.at, person.person_id, now)
    print(f"Person {person.person_id} is shut out; keys and secrets of the workspace work on.")


@app.command
def owner(email: str, /, *, name: str = "", workspace: str | None = None) -> None:
    """Make the first owner, or get an owner back in: sets the password, ends all sessions of the address.

    The password is asked for; without a terminal it is read from the first line of standard input.

    Args:
        email: Their address.
        name: What they are called; when left out as before, or by the address's first part.
        workspace: Its slug; not needed while there is only one.
    """
    with workspace_named(workspace) as (database, workspace_id):
        new = NewPerson(email, name, _password())
        person_id = accounts.make_owner(database, Passwords(), workspace_id, new)
    print(f"Person {person_id} is an owner and can sign in.")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise UserError("the two are not the same; run it again")
    return password
