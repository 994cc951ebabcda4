"""`everyleg spending`: what sources were asked and cost this month, what was saved, how far two of them agree."""

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from everyleg.app.plugins import registry
from everyleg.cli.io import print_json
from everyleg.cli.store import workspace_named
from everyleg.planner.routing.report import Report, report
from everyleg.ports.access import access_in
from everyleg.sheets.notes import Lang
from everyleg.web.components.coverage import Telling
from everyleg.web.components.spending import Spoken
from everyleg.web.words import Words


def spending(*, workspace: str | None = None, lang: Lang = "en", json: bool = False) -> None:
    """What sources were asked and cost this month, what was saved, how old their news were, and where two differ.

    Args:
        workspace: Its slug; not needed while there is only one.
        lang: Language of what is said.
        json: Print JSON instead of tables.
    """
    now, access_of = datetime.now(UTC), access_in(registry())
    with workspace_named(workspace) as (database, workspace_id), database.transaction(None, "worker") as worker:
        told = report(worker, database.keys, (workspace_id, now), access_of)
    if json:
        print_json(told)
    else:
        _show(told, Spoken(Telling(Words(lang, UTC, now), access_of)))


def _show(told: Report, spoken: Spoken) -> None:
    console, words = Console(), spoken.words
    console.print(f"{words.month(told.month)}{words.colon}{escape(spoken.sentence(told))}", style="bold")
    table = Table(header_style="bold")
    for name in ("source", "calls", "spent", "saved", "age"):
        table.add_column(words(f"sources.{name}"), overflow="fold")
    for line in told.lines:
        whose = f"{spoken.telling.name(line.source)} ({spoken.account(line)})"
        cells = ("\n".join(filter(None, (one.figure, one.about))) for one in spoken.cells(line))
        table.add_row(escape(whose), *map(escape, cells))
    if told.lines:
        console.print(table)
    console.print(escape(spoken.looks(told)))
    for pair in told.agreements:
        counts = words("coverage.of", n=pair.differences, all=pair.looks)
        console.print(
            escape(f"  {spoken.telling.name(pair.carrier)}: {spoken.pair(pair.source, pair.second)}: {counts}")
        )
    for one in told.differences:
        console.print(escape(f"  {one.tracking_number}: {spoken.difference(one)}"))
