"""`everyleg lab`: worlds with known truth, to try the product in and to judge it by."""

import gc
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from everyleg.app.plugins import roots
from everyleg.cli.io import UserError, print_json
from everyleg.lab.census import Census, census
from everyleg.lab.season import SeasonError, read
from everyleg.lab.world import Plan, PlanError, World
from everyleg.ports.number_formats import load_formats

app = App(name="lab", help="Worlds with known truth: make a season, look at one.")

LONG = 20_000
"""Seasons of so many parcels tell how far they are."""


@app.command
def season(
    *,
    seed: int = 1,
    parcels: int = 2000,
    days: int = 60,
    start: date | None = None,
    until: date | None = None,
    pace: float = 1.0,
) -> None:
    """Write a season file (NDJSON, in order of time) to standard output; the same seed gives the same bytes.

    Args:
        seed: What chance is drawn from.
        parcels: How many parcels are made. The first M of a season are the same in every season of its seed and days.
        days: Days on which parcels are made.
        start: The first of these days; 2026-09-21 unless given.
        until: The day on which the season ends; 30 days after the last parcel unless given.
        pace: What everything takes, times the tables' world: 0.7 makes lanes 30 % faster.
    """
    chosen = {"start": start} if start else {}
    try:
        world = World(Plan(seed, parcels, days=days, until=until, pace=pace, **chosen), load_formats(roots()))
    except (PlanError, ValueError) as error:
        raise UserError(str(error)) from error
    gc.disable()  # nothing in a season is a cycle; looking for some costs a fifth of the time
    try:
        _write(world.lines(), parcels)
        sys.stdout.buffer.flush()
    finally:
        gc.enable()


def _write(lines: Iterable[bytes], parcels: int) -> None:
    made, told = 0, max(1, parcels // 10) if parcels >= LONG else 0
    for line in lines:
        sys.stdout.buffer.write(line)
        if told and line.startswith(b'{"kind":"parcel"'):
            made += 1
            if made % told == 0:
                print(f"everyleg lab season: {made:,} of {parcels:,} parcels", file=sys.stderr, flush=True)


@app.command
def figures(file: Annotated[str, Parameter(allow_leading_hyphen=True)], /, *, json: bool = False) -> None:
    """Count what is in a season file, ours or anybody's: parcels, events, problems, how late each carrier tells.

    Args:
        file: A season file, or - for standard input.
        json: Print JSON instead of tables.
    """
    try:
        counted = _counted(file)
    except SeasonError as error:
        raise UserError(f"{file}: {error}") from error
    if json:
        print_json(counted)
    else:
        _show(counted, Console())


def _counted(file: str) -> Census:
    if file == "-":
        return census(read(sys.stdin.buffer))
    try:
        with Path(file).open("rb") as lines:
            return census(read(lines))
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; give a readable file, or - for standard input") from error


def _show(counted: Census, console: Console) -> None:
    console.print(
        f"{counted.parcels:,} parcels, {counted.events:,} events ({counted.events_per_parcel:.1f} a parcel), "
        f"{counted.delivered:.1%} delivered, {counted.first} to {counted.last}"
    )
    problems = Table("problem", "truths", "of parcels", "shared", "causes", "open")
    for name, row in counted.problems.items():
        problems.add_row(
            name, f"{row.truths:,}", f"{row.parcels:.1%}", f"{row.shared:.0%}", str(row.causes), str(row.open)
        )
    lags = Table("carrier", "statements", "median h", "p90 h", "p99 h")
    for carrier, lag in counted.lags.items():
        lags.add_row(carrier, f"{lag.statements:,}", str(lag.median_h), str(lag.p90_h), str(lag.p99_h))
    console.print(problems)
    console.print(lags)
