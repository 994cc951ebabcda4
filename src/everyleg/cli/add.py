"""`everyleg add`: parcels to follow, by number or from a daily sheet."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from everyleg.accounts.actors import command_line
from everyleg.app.plugins import roots
from everyleg.cli.io import UserError, print_json, read_bytes
from everyleg.cli.store import default_workspace, opened_store
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.sheets.adding import add as add_rows
from everyleg.sheets.fates import Fate
from everyleg.sheets.incoming import Habits, read, read_numbers
from everyleg.sheets.notes import Lang, SheetError, say
from everyleg.sheets.outgoing import write_rejected
from everyleg.sheets.rows import Row
from everyleg.store.db import Database

SHOWN = 20
"""Refused rows that are shown, and as many of the others with something to say; `--rejected` has all refused ones."""


def add(
    *numbers: Annotated[str, Parameter(allow_leading_hyphen=True)],
    file: Annotated[str | None, Parameter(name=["--file", "-f"], allow_leading_hyphen=True)] = None,
    workspace: str | None = None,
    rejected: Path | None = None,
    lang: Lang = "en",
    json: bool = False,
) -> None:
    """Follow parcels: numbers, or a daily sheet of which each row's fate is said.

    Adding the same again changes nothing. `everyleg template` gives an empty sheet.

    Args:
        numbers: Tracking numbers.
        file: A sheet, XLSX or CSV; - reads standard input.
        workspace: Slug; without it the only or oldest one.
        rejected: Where refused rows go (XLSX, or CSV by the name), with the reason in a column more.
        lang: Language of what is said of the rows.
        json: Print JSON instead of text.
    """
    if options := [number for number in numbers if number.startswith("-")]:
        raise UserError(f"{options[0]} is no option of add; see `everyleg add --help`")
    if bool(numbers) == (file is not None):
        raise UserError("give tracking numbers, or a sheet with --file FILE")
    with opened_store() as database, _bar() as advance:
        tenant = default_workspace(database, workspace)
        try:
            rows = read_numbers(list(numbers), _detector()) if file is None else _rows(database, tenant, file)
            told = _Told(add_rows(database, tenant, rows, command_line(tenant), datetime.now(UTC), advance))
            _run(told, rejected, lang)
        except SheetError as error:
            raise UserError(f"{file}: {error}") from error
    if json:
        print_json(
            {"schema": 1, **told.counts, "refusals": _said(told.refused, lang), "notes": _said(told.noted, lang)}
        )
    else:
        _show(told, rejected, lang)
    if told.counts["refused"] and not any(told.counts[kind] for kind in ("added", "updated", "unchanged")):
        raise UserError("every row was refused, nothing was added; mend what is said above")


class _Told:
    """Fates as they come, counted; the first of those with something to say are kept to show."""

    def __init__(self, fates: Iterable[Fate]) -> None:
        self._fates = fates
        self.counts = dict.fromkeys(("added", "updated", "unchanged", "repaired", "refused"), 0)
        self.refused: list[Fate] = []
        self.noted: list[Fate] = []

    def __iter__(self) -> Iterator[Fate]:
        for fate in self._fates:
            self.counts[fate.kind] += 1
            self.counts["repaired"] += fate.repaired
            into = self.refused if fate.kind == "refused" else self.noted if fate.notes else None
            if into is not None and len(into) < SHOWN:
                into.append(fate)
            yield fate


def _detector() -> Detector:
    try:
        return Detector(load_formats(roots()))
    except ValueError as error:
        raise UserError(f"{error}; mend the file") from error


def _rows(database: Database, tenant: int, file: str) -> Iterator[Row]:
    with database.transaction(tenant) as connection:
        zone = connection.execute("SELECT time_zone FROM workspaces WHERE workspace_id = %s", (tenant,)).fetchone()
    source = read_bytes("-") if file == "-" else Path(file)
    if isinstance(source, Path) and not source.is_file():
        raise UserError(f"{file}: no such file; give an XLSX or CSV file, or - for standard input")
    return read(source, Habits(ZoneInfo(zone[0]) if zone else UTC, _detector()))


@contextmanager
def _bar() -> Iterator[Callable[[int], None]]:
    """Told how many rows are done; shows it on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed} rows"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda rows: bar.advance(task, rows)


def _run(told: _Told, rejected: Path | None, lang: Lang) -> None:
    """Take all fates in; refused rows go into their file as they come."""
    if rejected is None:
        deque(told, maxlen=0)
        return
    with _opened(rejected) as out:
        written = write_rejected(out, "csv" if rejected.suffix.lower() == ".csv" else "xlsx", told, lang)
    if not written:
        rejected.unlink()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give a place that can be written") from error


def _said(fates: list[Fate], lang: Lang) -> list[dict[str, object]]:
    return [{"row": fate.row.at, "said": fate.said(lang)} for fate in fates]


def _show(told: _Told, rejected: Path | None, lang: Lang) -> None:
    print(" · ".join(f"{say(kind, lang)} {count:,}" for kind, count in told.counts.items()))
    for fate in told.refused + told.noted:
        print(f"  {fate.row.at}: {fate.said(lang)}")
    if not told.counts["refused"]:
        return
    more = told.counts["refused"] - len(told.refused)
    beyond = f"{more:,} more rows are refused; " if more else ""
    where = f"{rejected} has them" if rejected else "--rejected FILE.xlsx writes them"
    print(f"{beyond}{where}, with the reasons: mend and add that file.", file=sys.stderr)
