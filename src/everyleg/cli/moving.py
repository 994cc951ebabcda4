"""How far a backup or a restore is: one bar over all rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from everyleg.store.backup.contents import Inventory
from everyleg.store.backup.loading import Progress as Told
from everyleg.store.backup.store import Begin


@contextmanager
def moving(what: str) -> Iterator[Begin]:
    """A bar on standard error, none where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:

        def begin(inventory: Inventory) -> Told:
            task = bar.add_task(what, total=sum(table.rows for table in inventory.tables))

            def told(table: str, rows: int) -> None:
                bar.update(task, advance=rows, description=f"{what} {table}")

            return told

        yield begin
