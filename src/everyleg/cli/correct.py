"""`everyleg correct`: what people know better about a parcel, each taken back exactly by its number."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from everyleg.accounts.actors import command_line
from everyleg.cli.io import UserError, carrier_named, print_json
from everyleg.cli.store import default_workspace, opened_store
from everyleg.core.model import Ref
from everyleg.pipeline import corrections
from everyleg.pipeline.corrections import Better, CorrectionError, Done, Edit
from everyleg.pipeline.journeys import find_parcels
from everyleg.store.db import Database

app = App(name="correct", help="What people know better about a parcel; each can be undone.")

Number = Annotated[str, Parameter(help="Any number of the parcel, or its order reference.")]
Reason = Annotated[str | None, Parameter(help="Why; kept beside it.")]
Workspace = Annotated[str | None, Parameter(help="Slug of the workspace; without it the oldest one.")]


@app.command
def mark(
    number: Number,
    what: Literal["delivered", "lost", "stop", "archive", "restart"],
    *,
    at: datetime | None = None,
    reason: Reason = None,
    workspace: Workspace = None,
) -> None:
    """Say that a parcel was delivered or is lost; stop following it, archive it, take both back.

    Args:
        what: What.
        at: When it was delivered or lost, with its zone (2026-11-20T14:00+01:00); without it now.
    """
    when = _zoned(at)
    _do(number, reason, workspace, lambda database, edit: corrections.mark(database, edit, what, when))


@app.command
def hide(number: Number, key: str, *, reason: Reason = None, workspace: Workspace = None) -> None:
    """Say of a statement that it is not so.

    Args:
        key: Of the statement, as `everyleg track --json` shows it.
    """
    _do(number, reason, workspace, lambda database, edit: corrections.hide(database, edit, key))


@app.command
def amend(
    number: Number,
    key: str,
    *,
    sub_status: str | None = None,
    at: datetime | None = None,
    country: str | None = None,
    city: str | None = None,
    reason: Reason = None,
    workspace: Workspace = None,
) -> None:
    """Say of a statement that it was otherwise.

    Args:
        key: Of the statement, as `everyleg track --json` shows it.
        sub_status: What happened, as docs/words.md calls it.
        at: When, with its zone.
        country: Where, two letters.
        city: Where.
    """
    better = Better(sub_status, _zoned(at), country, city)
    _do(number, reason, workspace, lambda database, edit: corrections.correct(database, edit, key, better))


@app.command
def carrier(
    number: Number, slug: str, *, of: str | None = None, reason: Reason = None, workspace: Workspace = None
) -> None:
    """Say which carrier a number is of; what the wrong one tells of it no longer counts.

    Args:
        slug: The right carrier, as `everyleg carriers list` shows it.
        of: Which of the parcel's numbers; without it the one that it was made for.
    """
    right = carrier_named(slug).manifest.slug
    _do(number, reason, workspace, lambda database, edit: corrections.pin(database, edit, right, of))


@app.command
def add(
    number: Number,
    other: str,
    *,
    carrier: str,
    relation: Literal["last_mile", "first_mile", "return"] = "last_mile",
    reason: Reason = None,
    workspace: Workspace = None,
) -> None:
    """Say that another number is of the same parcel.

    Args:
        other: The other number.
        carrier: Its carrier's slug.
        relation: What it is to the one that is known.
    """
    ref = Ref(carrier_named(carrier).manifest.slug, other)
    _do(number, reason, workspace, lambda database, edit: corrections.add_number(database, edit, ref, relation))


@app.command
def replace(number: Number, other: str, *, carrier: str, reason: Reason = None, workspace: Workspace = None) -> None:
    """Say that another parcel takes this one's place (补发, 换单); the buyer's link leads there.

    Args:
        other: The new parcel's number.
        carrier: Its carrier's slug.
    """
    ref = Ref(carrier_named(carrier).manifest.slug, other)
    _do(number, reason, workspace, lambda database, edit: corrections.replace(database, edit, ref))


@app.command
def remark(number: Number, text: str, *, workspace: Workspace = None) -> None:
    """Write a remark.

    Args:
        text: What your colleagues should know.
    """
    _do(number, None, workspace, lambda database, edit: corrections.remark(database, edit, text))


@app.command
def undo(number: Number, correction: int, *, workspace: Workspace = None) -> None:
    """Take a correction back, as if it had never been made.

    Args:
        correction: Its number, as `everyleg correct list` shows it.
    """
    _do(number, None, workspace, lambda database, edit: corrections.undo(database, edit, correction))


@app.command(name="list")
def list_(number: Number, *, json: bool = False, workspace: Workspace = None) -> None:
    """List a parcel's corrections, newest first.

    Args:
        json: Print JSON instead of a table.
    """
    with opened_store() as database:
        meant = default_workspace(database, workspace)
        found = corrections.listed(database, meant, _parcel(database, meant, number))
    if json:
        print_json(found)
        return
    table = Table("", "what", "when", "by", "why", "undone")
    for one in found:
        undone = f"{one.undone_at:%Y-%m-%d %H:%M}" if one.undone_at else ""
        by = "" if one.author_id is None else f"person {one.author_id}"
        table.add_row(str(one.correction_id), one.kind, f"{one.created_at:%Y-%m-%d %H:%M}", by, one.reason, undone)
    Console().print(table)


def _do(number: str, reason: str | None, workspace: str | None, make: Callable[[Database, Edit], Done]) -> None:
    with opened_store() as database:
        meant = default_workspace(database, workspace)
        edit = Edit(command_line(meant), _parcel(database, meant, number), datetime.now(UTC), reason)
        try:
            done = make(database, edit)
        except CorrectionError as error:
            raise UserError(f"{number}: {error}") from error
    print(f"done; `everyleg correct undo {number} {done.correction_id}` takes it back")


def _parcel(database: Database, workspace: int, number: str) -> int:
    with database.transaction(workspace, "worker") as connection:
        found = find_parcels(connection, workspace, number)
    if len(found) != 1:
        raise UserError(
            f"{number}: {len(found) or 'no'} parcel{'s have' if found else ' has'} this number or order; "
            "give a number that only one has, or add it"
        )
    return found[0]


def _zoned(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise UserError(f"{at.isoformat()}: a time needs its zone, as 2026-11-20T14:00+01:00")
    return at
