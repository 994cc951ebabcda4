"""`everyleg normalize`: one raw answer in, its reading out."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, carrier_named, print_json, read_bytes
from everyleg.core.model import observation_id
from everyleg.ports.answer import Answer
from everyleg.ports.carrier import Answered
from everyleg.ports.manifest.reader import Asked


def normalize(
    *operands: Annotated[str, Parameter(name="FILE", allow_leading_hyphen=True)],
    carrier: str,
    number: tuple[str, ...] = (),
    observed_at: str | None = None,
    json: bool = True,
) -> None:
    """Read a carrier's raw answer (JSON or XML) into events.

    Prints the reading as JSON. Exit code 0 when the file was understood as this carrier's answer (its own errors are),
    2 when it was not; then the JSON says `failed`, and standard error says what, where and what to do.

    Args:
        operands: The raw answer, or - for standard input.
        carrier: Slug of the carrier (`everyleg carriers list`).
        number: The numbers that were asked for; several may follow one --number.
        observed_at: When the answer was received, ISO 8601 with offset; without it nothing is ever withdrawn.
        json: Accepted for symmetry with the other commands: a reading is always JSON.
    """
    del json
    file, more = file_among(operands)
    answered = read_file(file, carrier, (*number, *more), parse_instant(observed_at))
    print_json(answered.reading)
    if not answered.understood:
        reason = answered.reading.results[0].reason
        detail = f"{reason.kind}: {reason.detail}" if reason else "not understood"
        print(f"everyleg: {file}: not an answer of {carrier}: {detail}", file=sys.stderr)
        sys.exit(2)


def file_among(operands: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The one operand that is a file (or -), and the others, which are numbers behind `--number`.

    Raises:
        UserError: when there is none, or more than one.
    """
    files = [o for o in operands if o == "-" or Path(o).exists()] or list(operands)
    if len(files) != 1:
        said = " and ".join(files) or "no file"
        raise UserError(f"{said} given; name one raw answer, or - for standard input")
    rest = list(operands)
    rest.remove(files[0])
    return files[0], tuple(rest)


def read_file(file: str, slug: str, numbers: tuple[str, ...] = (), observed_at: datetime | None = None) -> Answered:
    """The reading of a file as an answer of a carrier.

    Raises:
        UserError: when the file cannot be read or nobody has the slug.
    """
    body = read_bytes(file)
    asked = Asked(numbers, observed_at, observation_id(body, "carrier_api"))
    return carrier_named(slug).read(Answer(body), asked, owners=registry().owners)


def parse_instant(text: str | None) -> datetime | None:
    """An instant with offset, in UTC; None for None.

    Raises:
        UserError: when it is no ISO 8601 date-time with an offset.
    """
    if text is None:
        return None
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{text!r} is no ISO 8601 time; write for example 2026-11-20T08:00:00Z") from error
    if said.tzinfo is None:
        raise UserError(f"{text!r} has no offset; write for example {text}Z or {text}+08:00")
    return said.astimezone(UTC)
