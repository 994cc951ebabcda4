"""`everyleg replay`: everything read again."""

from rich.console import Console
from rich.progress import Progress

from everyleg.app.plugins import registry
from everyleg.cli.io import carrier_named
from everyleg.cli.store import opened_store
from everyleg.pipeline import replay as replaying


def replay(*, carrier: str | None = None) -> None:
    """Read all stored answers again, with the manifests as they are now, in all workspaces.

    Statements that a better manifest understands differently are replaced, what was put aside and can be read now is
    taken in. Safe at any time, as often as one likes.

    Args:
        carrier: Slug of one carrier, whose numbers alone are read again.
    """
    slug = carrier_named(carrier).manifest.slug if carrier is not None else None
    with opened_store() as database, Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("numbers", total=None)
        done = replaying.replay(database, registry(), slug, lambda numbers: progress.update(task, advance=numbers))
    print(f"numbers read again: {done.numbers}, states changed: {done.states}, answers recovered: {done.recovered}")
