"""`everyleg privacy`: personal data sealed with a new key, erased on request, erased when its time is up."""

import os
import sys
from datetime import UTC, datetime

from cyclopts import App
from rich.console import Console
from rich.progress import Progress

from everyleg.accounts.actors import command_line
from everyleg.accounts.privacy import retaining
from everyleg.accounts.privacy.erasing import Erased, erase_person
from everyleg.accounts.privacy.finding import Whom
from everyleg.accounts.privacy.rotating import rotate as rotate_keys
from everyleg.cli.io import UserError, print_json
from everyleg.cli.store import acting, opened_store, workspace_named
from everyleg.pipeline.erasing import REMAINS
from everyleg.store.errors import StoreError
from everyleg.store.sealing import FOLLOWS
from everyleg.store.settings import store_settings

app = App(name="privacy", help="Personal data: erase, rotate, retention.")
retention = App(name="retention", help="For how long personal data of finished parcels is kept.")
app.command(retention)


@app.command
def erase(
    *,
    email: str | None = None,
    order: str | None = None,
    parcel: str | None = None,
    workspace: str | None = None,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Erase what is kept about a person, for ever; what happened to the parcel and when stays.

    Args:
        email: A buyer's address, or that of somebody who works here.
        order: The reference of an order.
        parcel: A tracking number.
        workspace: Its slug; not needed while there is only one.
        yes: Do not ask.
        json: Print JSON instead of text.
    """
    if sum(given is not None for given in (email, order, parcel)) != 1:
        raise UserError("say whom: one of --email ADDRESS, --order REFERENCE, --parcel NUMBER")
    with workspace_named(workspace) as (database, workspace_id):
        _confirm(yes=yes)
        actor = command_line(workspace_id)
        erased = erase_person(database, actor, Whom(email, order, parcel), datetime.now(UTC), REMAINS)
    if json:
        print_json(erased)
    else:
        _show(erased)


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("erasing cannot be undone; say --yes if it is meant")
    if input("Erasing cannot be undone. Erase? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UserError("nothing was erased")


def _show(erased: Erased) -> None:
    print(f"{sum(erased.counts.values())} values erased, about {erased.parcels} parcels.")
    for name, count in sorted(erased.counts.items()):
        print(f"  {name} {count}")
    if erased.taught_kept:
        print(
            f"{erased.taught_kept} texts from their answers stay, because somebody taught what they mean: look at them."
        )


@app.command
def rotate() -> None:
    """Seal everything with a new key and forget the old one. Killed, it goes on when it is run again.

    Copy the keyring afterwards: backups made before open only with the copy that was made before.
    """
    file = store_settings(os.environ).keyring_file
    console = Console(stderr=True)
    with opened_store() as database, Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("sealing anew", total=None)

        def told(table: str, rows: int) -> None:
            bar.update(task, advance=rows, description=f"sealing anew: {table}")

        try:
            done = rotate_keys(database, file, told, settle=2 * FOLLOWS)
        except StoreError as error:
            raise UserError(f"{error}; both keys are kept") from error
    print(f"{sum(done.values())} rows are sealed with the new key; the old one is gone. Copy {file} to its safe place.")


@retention.default
def keep(*, days: int | None = None, forever: bool = False, workspace: str | None = None) -> None:
    """Say for how long; it is applied daily from then on.

    Args:
        days: Erase personal data of parcels that are finished for so many days.
        forever: Erase nothing by itself.
        workspace: Its slug; not needed while there is only one.
    """
    if (days is None) != forever:
        raise UserError("say either --days N or --forever; `everyleg privacy retention show` tells what holds now")
    with acting(workspace) as here:
        retaining.keep_for(*here.at, days, datetime.now(UTC))
    print(_said(days))


@retention.command
def show(*, workspace: str | None = None) -> None:
    """For how long it is kept now.

    Args:
        workspace: Its slug; not needed while there is only one.
    """
    with acting(workspace) as here:
        print(_said(retaining.days(here.connection, here.workspace)))


def _said(days: int | None) -> str:
    if days is None:
        return "Personal data is kept until somebody erases it."
    return f"Personal data of parcels finished for {days} days is erased, daily."


@retention.command
def apply(*, workspace: str | None = None, json: bool = False) -> None:
    """Erase now what has been kept long enough.

    Args:
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of text.
    """
    now = datetime.now(UTC)
    with workspace_named(workspace) as (database, workspace_id):
        erased = retaining.apply(database, command_line(workspace_id), now, REMAINS)
    if json:
        print_json(erased)
    else:
        _show(erased)
