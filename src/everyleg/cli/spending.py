"""`everyleg spending`: what aggregators cost and saved, and how far two sources agree."""

from datetime import UTC, datetime

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from everyleg.cli.io import print_json
from everyleg.cli.people import workspace_named
from everyleg.planner.routing.figures import Month, month
from everyleg.planner.routing.looks import Agreement, Difference, agreements, differences


class Spending(Struct, frozen=True):
    """What there is to say, as `--json` prints it."""

    month: Month
    agreements: list[Agreement]
    differences: list[Difference]


def spending(*, workspace: str | None = None, json: bool = False) -> None:
    """What aggregators cost this month, what was saved, and where two sources tell different things.

    Args:
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of tables.
    """
    with workspace_named(workspace) as (database, workspace_id), database.transaction(workspace_id) as app:
        now = datetime.now(UTC)
        told = Spending(month(app, workspace_id, now), agreements(app, workspace_id), differences(app, workspace_id))
    if json:
        print_json(told)
        return
    console = Console()
    table = Table(
        "source", "account", "registered", "calls", "second looks", "spent", "spared by pushes", title="Month"
    )
    for one in told.month.accounts:
        spared = f"{one.saved_calls} ({one.saved_money:f})"
        counts = (str(one.registrations), str(one.calls), str(one.seconds), f"{one.money:f}", spared)
        table.add_row(one.source, str(one.account_id), *counts)
    console.print(table)
    console.print(f"{told.month.own_numbers} numbers were told of by their own carrier and paid to nobody.")
    for one_pair in told.agreements:
        console.print(
            f"{one_pair.carrier}: {one_pair.source} and {one_pair.second} differ in {one_pair.differences} of "
            f"{one_pair.looks} parcels"
        )
    for difference in told.differences:
        only = [f"only {difference.second} tells {', '.join(difference.missing)}"] if difference.missing else []
        only += [f"only {difference.source} tells {', '.join(difference.extra)}"] if difference.extra else []
        console.print(f"  {difference.carrier} {difference.tracking_number}: {'; '.join(only)}")
