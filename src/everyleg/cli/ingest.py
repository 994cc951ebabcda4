"""`everyleg ingest`: raw answers from files, through the journal into the store."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, carrier_named, read_bytes
from everyleg.cli.normalize import parse_instant
from everyleg.cli.store import default_workspace, opened_store
from everyleg.pipeline.intake import FILE, Received, receive
from everyleg.pipeline.work import Drained, drain

_GROUP = 256
"""Files received in one commit."""


def ingest(
    *paths: Path,
    carrier: str,
    number: tuple[str, ...] = (),
    workspace: str | None = None,
    observed_at: str | None = None,
) -> None:
    """Take raw answers of a carrier into the store.

    Each file is one answer. Files have no order that can be trusted, so they add to a journey and take nothing back.
    What cannot be read is kept and put aside with its reason; exit code 2 only when nothing could be understood.

    Args:
        paths: Files, or folders of which every file is taken.
        carrier: Slug of the carrier (`everyleg carriers list`).
        number: The numbers that were asked for; for one file.
        workspace: Slug of the workspace; without it the oldest one, which is made when there is none.
        observed_at: When the answers were received, ISO 8601 with offset; without it the time of each file.
    """
    files = sorted(_files(paths))
    if not files:
        raise UserError("no files to ingest; name raw answers, or folders with raw answers in them")
    if number and len(files) > 1:
        raise UserError(f"--number tells what one answer was asked for, and here are {len(files)} files")
    slug = carrier_named(carrier).manifest.slug
    at = parse_instant(observed_at)
    total = Drained(quarantined=Counter())
    with opened_store() as database, Progress(console=Console(stderr=True), transient=True) as progress:
        meant = default_workspace(database, workspace)
        task = progress.add_task("reading", total=len(files))
        rest = iter(files)
        while group := list(islice(rest, _GROUP)):
            receive(database, [_received(file, meant, slug, number, at) for file in group])
            done = drain(database, registry(), lambda bodies: progress.update(task, advance=bodies))
            total.read += done.read
            total.unchanged += done.unchanged
            total.states += done.states
            total.quarantined += done.quarantined
    _sum_up(total)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        elif path.exists():
            yield path
        else:
            raise UserError(f"{path}: no such file or folder")


def _received(file: Path, workspace: int, slug: str, numbers: tuple[str, ...], at: datetime | None) -> Received:
    observed_at = at or datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Received(workspace, FILE, slug, read_bytes(str(file)), numbers, observed_at)


def _sum_up(total: Drained) -> None:
    aside = sum(total.quarantined.values())
    print(
        f"read: {total.read - aside}, unchanged: {total.unchanged}, put aside: {aside}; states changed: {total.states}"
    )
    for kind, number in total.quarantined.most_common():
        print(f"  put aside, {kind}: {number}")
    if total.read and aside == total.read and not total.unchanged:
        print("everyleg: nothing could be understood; the answers are kept, put aside with the reason", file=sys.stderr)
        sys.exit(2)
