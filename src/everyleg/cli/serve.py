"""`everyleg serve`: all in one process with its helpers, or one role of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from everyleg.app.demo import DemoError
from everyleg.app.listening import ListenError
from everyleg.app.serving import Telling, Wanted, run
from everyleg.cli.io import UserError
from everyleg.store.errors import StoreError
from everyleg.store.settings import store_settings


def serve(
    *,
    role: Literal["web", "ingest", "worker", "planner"] | None = None,
    demo: bool = False,
    host: str = "127.0.0.1",
    port: int | None = None,
    parcels: int = 1500,
) -> None:
    """Serve pages, API and intake, with the store and its workers beside, until Ctrl-C; or one role of it.

    Args:
        role: Only this part; any number of each work together over EVERYLEG_DATABASE_URL (docs/operations.md).
        demo: First load a demo workspace: a season of parcels up to now, which then goes on by itself.
        host: Address to listen on.
        port: Port to listen on, 8017 (ingest 8027, worker 8037, planner 8047) unless given; 0 for any free one.
        parcels: About how many parcels the demo begins with.
    """
    if parcels < 1:
        raise UserError(f"--parcels {parcels}: the demo needs at least one")
    try:
        with _bar() as telling:
            run(Wanted(host, port, demo, parcels, role or "all"), store_settings(os.environ), telling)
    except (ListenError, StoreError, DemoError) as error:
        raise UserError(str(error)) from error
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"the database does not answer: {reason}; see that it runs, or mend EVERYLEG_DATABASE_URL"
        ) from error


@contextmanager
def _bar() -> Iterator[Telling]:
    """Lines on standard output, a bar on standard error while the demo is loaded."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)

    def progress(done: int, total: int) -> None:
        if not bar.tasks:
            bar.start()
            bar.add_task("playing the demo's season", total=total)
        bar.update(bar.tasks[0].id, completed=done)
        if done == total:
            bar.stop()

    try:
        yield Telling(lambda line: print(line, flush=True), progress)
    finally:
        bar.stop()
