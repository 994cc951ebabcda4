"""`everyleg traces`: files of forwarders, one by one or out of a watched folder."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from everyleg.app.plugins import registry, roots
from everyleg.cli.io import UserError, carrier_named, print_json
from everyleg.cli.store import default_workspace, opened_store
from everyleg.numbers.detector import Detector
from everyleg.pipeline.work import Drained, drain
from everyleg.ports.number_formats import load_formats
from everyleg.sheets.fates import Fate
from everyleg.sheets.notes import Lang, SheetError
from everyleg.sheets.outgoing import rejected as rejected_rows
from everyleg.sheets.traces.taking import Bearer, Taken, take
from everyleg.sheets.traces.watching import Outcome, Watch
from everyleg.store.db import Database

SHOWN = 20
"""Refused rows of a file that are shown."""
PAUSE_S = 1.0
"""Between two looks at a watched folder."""


def traces(
    *files: Path,
    carrier: str | None = None,
    workspace: str | None = None,
    watch: Path | None = None,
    quiet: float = 5.0,
    rejected: Path | None = None,
    lang: Lang = "en",
    json: bool = False,
) -> None:
    """Take a forwarder's files: traces of parcels, lists of what is in a waybill, bag or container, and their steps.

    XLSX or CSV, columns in any order, Chinese or English (docs/forwarders-files.md). The same file again changes
    nothing. Exit code 2 when nothing of them could be taken.

    Args:
        files: XLSX or CSV files.
        carrier: Slug of the forwarder: whose the numbers are that nobody else has.
        workspace: Slug; without it the only or oldest one.
        watch: A folder to be watched until interrupted; a sub-folder's name is the carrier of what is put in it.
        quiet: Seconds for which a file in it must have stayed as it is.
        rejected: Where refused rows of a file go (XLSX), with the reason in a column more.
        lang: Language of what is said of the rows.
        json: Print JSON instead of text.
    """
    if bool(files) == (watch is not None):
        raise UserError("give files, or a folder with --watch DIR")
    if missing := next((file for file in files if not file.is_file()), None):
        raise UserError(f"{missing}: no such file; give an XLSX or CSV file, or a folder with --watch")
    slug = carrier_named(carrier).manifest.slug if carrier else None
    with opened_store() as database:
        bearer = Bearer(default_workspace(database, workspace), registry().slug_of, _detector(), slug)
        if watch is not None:
            _watch(database, bearer, watch, timedelta(seconds=quiet))
            return
        taken = [_taken(database, bearer, file) for file in files]
        drained = drain(database, registry())
    _write_rejected(rejected, [fate for one in taken for fate in one.refused], lang)
    (_print_json if json else _print)(list(zip(files, taken, strict=True)), drained, lang)
    if not any(one.rows for one in taken):
        raise UserError("no row was taken; mend what is said above")


def _detector() -> Detector:
    try:
        return Detector(load_formats(roots()))
    except ValueError as error:
        raise UserError(f"{error}; mend the file") from error


def _taken(database: Database, bearer: Bearer, file: Path) -> Taken:
    try:
        return take(database, bearer, file, datetime.fromtimestamp(file.stat().st_mtime, UTC))
    except SheetError as error:
        raise UserError(f"{file}: {error}") from error


def _write_rejected(path: Path | None, refused: Sequence[Fate], lang: Lang) -> None:
    if path is None or not refused:
        return
    try:
        path.write_bytes(rejected_rows(refused, lang))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give a place that can be written") from error


def _counts(taken: Taken) -> dict[str, int]:
    return {
        "rows": taken.rows,
        "refused": len(taken.refused),
        "parcels": taken.parcels,
        "consolidations": taken.consolidations,
    }


def _print_json(done: Sequence[tuple[Path, Taken]], drained: Drained, lang: Lang) -> None:
    files: list[dict[str, Any]] = [
        {
            "file": str(file),
            **_counts(taken),
            "refusals": [{"row": fate.row.at, "said": fate.said(lang)} for fate in taken.refused[:SHOWN]],
        }
        for file, taken in done
    ]
    print_json({"schema": 1, "files": files, "states": drained.states, "unchanged": drained.unchanged})


def _print(done: Sequence[tuple[Path, Taken]], drained: Drained, lang: Lang) -> None:
    for file, taken in done:
        print(f"{file.name}: {_said(taken)}")
        for fate in taken.refused[:SHOWN]:
            print(f"  {fate.row.at}: {fate.said(lang)}")
        if len(taken.refused) > SHOWN:
            print(f"  and {len(taken.refused) - SHOWN:,} more; --rejected FILE.xlsx has them all")
    print(f"states changed: {drained.states:,}")


def _said(taken: Taken) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in _counts(taken).items())


def _watch(database: Database, bearer: Bearer, folder: Path, quiet: timedelta) -> None:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    print(f"watching {folder}; end with Ctrl-C", file=sys.stderr, flush=True)
    look = Watch(database, bearer, folder, quiet).round
    try:
        while True:
            _look(look, database)
            time.sleep(PAUSE_S)
    except KeyboardInterrupt:
        return


def _look(look: Callable[[datetime], Any], database: Database) -> None:
    outcomes: list[Outcome] = list(look(datetime.now(UTC)))
    for one in outcomes:
        said = _said(one.taken) if one.taken is not None else one.why
        print(f"{one.path.name}: {one.fate}{': ' if said else ''}{said}", flush=True)
    if outcomes:
        drain(database, registry())
