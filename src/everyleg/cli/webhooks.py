"""`everyleg webhooks`: addresses to which carriers and aggregators push."""

from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.table import Table

from everyleg.accounts import webhooks
from everyleg.accounts.webhooks import Wanted
from everyleg.api.intake.doors import schemes
from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, carrier_named, moment, print_json
from everyleg.cli.store import acting

app = App(name="webhooks", help="Addresses to which carriers and aggregators push: add, list, revoke.")


@app.command
def add(
    source: str,
    /,
    *,
    reads: str | None = None,
    scheme: str | None = None,
    secret: str | None = None,
    workspace: str | None = None,
    json: bool = False,
) -> None:
    """Make an address; it is shown this once, and so is a secret that was made up for it.

    Args:
        source: The word in the address; the slug of a carrier or aggregator where it is one of these.
        reads: Slug of whose answers come; without it the source's, or whoever's shape they have.
        scheme: How pushes are signed, where the source has no way of its own; `none` where nobody signs.
        secret: What signs, as the source gave it; without it one is made up.
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of text.
    """
    reader = _reader(source, reads)
    own = registry().push(reader) if reader is not None else None
    signed = scheme != "none" and (scheme is not None or (own is not None and own.signature is not None))
    if scheme is not None and scheme not in ("none", *schemes()):
        raise UserError(f"--scheme {scheme}: there is none of that name; there are {', '.join(schemes())}, none")
    if not signed and scheme != "none":
        raise UserError(
            f"{source} has no way of signing that is known here: name one with --scheme ({', '.join(schemes())}), "
            "or say --scheme none; the end of a parcel is then believed only when a check tells it too"
        )
    named = None if scheme == "none" else scheme
    wanted = Wanted(source, reader, named, (secret or "") if signed else None)
    with acting(workspace) as here:
        made = webhooks.make(*here.at, wanted, datetime.now(UTC))
    if json:
        print_json(made)
        return
    print(f"webhook {made.webhook_id}: push to {made.path} of your server")
    if signed and not secret:
        print(f"signed with the secret {made.secret}")


def _reader(source: str, reads: str | None) -> str | None:
    if reads is not None:
        return carrier_named(reads).manifest.slug
    carriers = registry()
    return source if source in carriers.folders or source in carriers.upstream_folders else None


@app.command(name="list")
def list_(*, workspace: str | None = None, json: bool = False) -> None:
    """The addresses of a workspace, revoked ones too.

    Args:
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of a table.
    """
    with acting(workspace) as here:
        found = webhooks.listed(here.connection, here.workspace)
    if json:
        print_json(found)
        return
    table = Table("id", "source", "reads", "signed", "made", "revoked", header_style="bold")
    for one in found:
        signed = (one.scheme or "as its manifest says") if one.signed else "no"
        moments = map(moment, (one.created_at, one.revoked_at))
        table.add_row(str(one.webhook_id), one.source, one.carrier or "", signed, *moments)
    Console().print(table)


@app.command
def revoke(webhook_id: int, /, *, workspace: str | None = None) -> None:
    """End an address for ever; receivers know it within seconds.

    Args:
        webhook_id: As `list` shows it.
        workspace: Its slug; not needed while there is only one.
    """
    with acting(workspace) as here:
        webhooks.revoke(*here.at, webhook_id, datetime.now(UTC))
    print(f"webhook {webhook_id} takes nothing any more")
