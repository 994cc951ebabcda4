"""`everyleg detect`: which carriers a number may belong to, and why."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from everyleg.app.plugins import roots
from everyleg.cli.io import UserError, print_json, read_bytes
from everyleg.numbers.detector import Detection, Detector
from everyleg.numbers.ranking import tied
from everyleg.ports.number_formats import load_formats

SURE = 0.8
"""From this confidence on, people are not asked to name the carrier."""
UNLIKELY = 0.05
"""Below this confidence a candidate is no more than a possibility."""
SHOWN = 5
"""Candidates that people see; JSON has them all."""
NAME_IT = "Name the carrier if you know it; the shop's order and the destination tell more than the number."


def detect(*numbers: Annotated[str, Parameter(allow_leading_hyphen=True)], json: bool = False) -> None:
    """Say which carriers a tracking number may belong to, best first, with reasons.

    Args:
        numbers: Tracking numbers; - reads one from each line of standard input.
        json: Print JSON instead of a table.
    """
    if not numbers:
        raise UserError("no number given; name one or more, or - to read them from standard input")
    if options := [number for number in numbers if number.startswith("--")]:
        raise UserError(f"{options[0]} is no option of detect; the only one is --json")
    try:
        detector = Detector(load_formats(roots()))
    except ValueError as error:
        raise UserError(f"{error}; mend the file") from error
    found = [detector.detect(number) for number in _lines(numbers)]
    if json:
        print_json(found)
    else:
        _show(found, Console())


def _lines(numbers: Iterable[str]) -> Iterator[str]:
    for number in numbers:
        if number == "-":
            yield from filter(str.strip, read_bytes("-").decode("utf-8-sig", "replace").splitlines())
        else:
            yield number.encode("utf-8", "replace").decode()


def _show(found: Iterable[Detection], console: Console) -> None:
    for one in found:
        console.print(f"[bold]{escape(one.normalized or one.input)}[/bold]")
        for change in one.changes:
            console.print(f"  [yellow]{escape(change)}[/yellow]")
        if one.candidates:
            console.print(_table(one))
        if advice := _advice(one):
            console.print(f"  {escape(advice)}")
        console.print()


def _table(one: Detection) -> Table:
    table = Table("confidence", "carrier", "format", "why", header_style="bold")
    for candidate in one.candidates[:SHOWN]:
        reasons = [reason for reason in candidate.reasons if not reason.startswith("also possible")]
        share = f"{candidate.confidence:.0%}" if candidate.confidence >= 0.01 else "< 1%"
        table.add_row(share, candidate.carrier, candidate.format, escape("\n".join(reasons)))
    if len(one.candidates) > SHOWN:
        table.caption = f"{len(one.candidates) - SHOWN} less likely left out; --json shows all"
    return table


def _advice(one: Detection) -> str | None:
    """What remains uncertain, and what a person can do."""
    if one.normalized is None:
        return None
    doubt = _doubt(one) if one.candidates else "No carrier known here numbers so: compare it with the original."
    return f"{doubt} {NAME_IT}" if doubt else None


def _doubt(one: Detection) -> str | None:
    first, rivals = one.candidates[0], [candidate.carrier for candidate in tied(one.candidates)]
    if any(reason.startswith("check digit is wrong") for reason in first.reasons):
        return "The check digit is wrong: compare the number with the original."
    if first.confidence < UNLIKELY:
        return "None of them is likely: many carriers number so."
    if len(rivals) > 1:
        return f"{_count(rivals)} carriers are equally likely: {', '.join(rivals)}."
    return f"{first.carrier} is the best guess, not certain." if first.confidence < SURE else None


def _count(things: list[str]) -> str:
    words = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
    return words.get(len(things), str(len(things)))
