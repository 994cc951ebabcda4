"""`everyleg verify`: the states proven."""

import sys

from rich.console import Console
from rich.progress import Progress

from everyleg.cli.io import print_json
from everyleg.cli.store import default_workspace, opened_store
from everyleg.pipeline import verify as verifying

_SHOWN = 50


def verify(*, workspace: str | None = None, json: bool = False) -> None:
    """Fold every parcel anew from what is kept, and compare with what is stored; exit code 1 on any difference.

    Args:
        workspace: Slug of one workspace; without it all.
        json: Print the differences as JSON.
    """
    with opened_store() as database, Progress(console=Console(stderr=True), transient=True) as progress:
        only = default_workspace(database, workspace) if workspace is not None else None
        task = progress.add_task("numbers", total=None)
        counted = 0

        def tell(numbers: int) -> None:
            nonlocal counted
            counted += numbers
            progress.update(task, advance=numbers)

        found = verifying.verify(database, only, tell)
    if json:
        print_json({"schema": 1, "numbers": counted, "differences": found})
    else:
        print(f"numbers folded anew: {counted}, differences: {len(found)}")
        for one in found[:_SHOWN]:
            print(f"  workspace {one.workspace_id}, parcel {one.parcel_id}: {one.what}: {one.detail}")
    sys.exit(1 if found else 0)
