"""`everyleg lab`: worlds with known truth, to try the product in and to judge it by."""

import gc
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from everyleg.app.listening import ListenError, address_of, listen, until_signalled
from everyleg.app.listening import serve as serve_http
from everyleg.app.plugins import registry, roots
from everyleg.cli.io import UserError, print_json
from everyleg.lab.census import Census, census
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Leg, Shelf
from everyleg.lab.season import SeasonError, read
from everyleg.lab.serving.app import LabApp
from everyleg.lab.serving.clock import RunningClock
from everyleg.lab.serving.faults import Faults, profiles
from everyleg.lab.world import Plan, PlanError, World
from everyleg.ports.number_formats import load_formats

app = App(name="lab", help="Worlds with known truth: make a season, look at one, have its carriers answer.")

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


@app.command
def answers(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    number: str | None = None,
    out: Path | None = None,
    now: datetime | None = None,
) -> None:
    """Print what carriers would answer for the parcels of a season: raw, each in its own shape.

    Args:
        file: A season file, or - for standard input.
        number: Print the answer for this number on standard output.
        out: Write the answers for all numbers, each to `CARRIER/NUMBER.json` or `.xml` in this folder.
        now: The moment at which they are asked (UTC where no offset is given); after the season's end unless given.
    """
    shelf, at = _shelf(file), _utc(now or datetime(9999, 1, 1))  # noqa: DTZ001 - made UTC here
    legs = [leg for leg in shelf.legs() if leg.carrier in SHAPES and number in (None, leg.number)]
    if number is not None:
        if not legs:
            raise UserError(f"{file}: no carrier of this season that answers has the number {number!r}")
        for leg in legs:
            sys.stdout.buffer.write(SHAPES[leg.carrier].answer([leg.shown(at)]).body + b"\n")
        return
    if out is None:
        raise UserError("say --number N for one answer, or --out FOLDER for all")
    for leg in legs:
        _write_answer(leg, out, at)
    print(f"{len(legs):,} answers of {len({leg.carrier for leg in legs})} carriers in {out}", file=sys.stderr)


def _write_answer(leg: Leg, out: Path, at: datetime) -> None:
    shape = SHAPES[leg.carrier]
    suffix = ".xml" if "xml" in shape.media else ".json"
    file = out / leg.carrier / f"{leg.number}{suffix}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(shape.answer([leg.shown(at)]).body)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; give a folder that can be written with --out") from error


@app.command
def serve(
    *,
    season: str,
    port: int = 8018,
    host: str = "127.0.0.1",
    now: datetime | None = None,
    speed: float = 1.0,
    faults: str = "none",
    seed: int = 1,
) -> None:
    """Answer over HTTP as the carriers of a season would, on a virtual clock; `/` lists how each is asked.

    Args:
        season: A season file.
        port: Port to listen on.
        host: Address to listen on.
        now: The virtual time at which it starts (UTC where no offset is given); the real one unless given.
        speed: How many times as fast as ours its clock runs; 0 stands still.
        faults: How the servers misbehave: none, usual or rough.
        seed: What the faults are drawn from.
    """
    if faults not in profiles():
        raise UserError(f"--faults {faults}: known are {', '.join(profiles())}")
    try:
        clock = RunningClock(_utc(now) if now else datetime.now(UTC), speed)
    except ValueError as error:
        raise UserError(f"--speed {speed}: {error}") from error
    carriers = registry()
    requests = {slug: request for slug in SHAPES if (request := carriers.manifest(slug).request) is not None}
    lab = LabApp(_shelf(season), clock, Faults(profiles()[faults], seed), requests)
    try:
        here = listen(host, port)
    except ListenError as error:
        raise UserError(str(error)) from error
    told = f"everyleg lab: {len(lab.endpoints)} carriers at {address_of(here)}"
    with until_signalled(), here:
        serve_http(lab, here, lambda: print(told, flush=True))


def _shelf(file: str) -> Shelf:
    try:
        if file == "-":
            return Shelf(read(sys.stdin.buffer))
        with Path(file).open("rb") as lines:
            return Shelf(read(lines))
    except SeasonError as error:
        raise UserError(f"{file}: {error}") from error
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; give a readable file, or - for standard input") from error


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


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
