"""Season files: worlds with truth, as NDJSON in order of time. Written by `everyleg lab season`, or by anybody.

Three kinds of lines: a parcel when it is made, an event when its carrier's own system first shows it, a truth when it
begins. In files of others fields may be missing; what is needed to place a line in time and to know its parcel may not.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from everyleg.core.fold.document import DocumentError, FoldInput, StatementIn
from everyleg.core.model import Statement

Instant = Annotated[datetime, Meta(tz=True)]


class SeasonError(ValueError):
    """A season file that cannot be read; the message names the line and what is wrong with it."""


class SeasonLeg(Struct, frozen=True):
    """One carrier's part of a parcel's way."""

    carrier: str
    tracking_number: str
    stages: list[str] = []
    """In the order of the way; empty where the file does not say."""


class SeasonParcel(Struct, frozen=True, kw_only=True, tag_field="kind", tag="parcel"):
    """A parcel, known from `created_at` on."""

    id: str
    legs: list[SeasonLeg]
    """In the order of the way."""
    origin: str | None = None
    """ISO 3166-1 alpha-2, as `destination`."""
    destination: str | None = None
    created_at: Instant
    ship_by: Instant | None = None
    promised_by: Instant | None = None
    carrier_estimate: Instant | None = None
    cohort: str | None = None
    """What it moves with: the number of its MAWB, container or despatch."""
    shop: str | None = None
    channel: str | None = None
    value: float | None = None
    """US dollars."""
    sku: str | None = None


class SeasonEvent(Struct, frozen=True, tag_field="kind", tag="event"):
    """A statement, visible from `published_at` on to whoever asks its source."""

    parcel: str
    published_at: Instant
    event: Statement


class SeasonTruth(Struct, frozen=True, tag_field="kind", tag="truth", rename={"from_": "from"}):
    """What was really wrong with a parcel. Nobody is told; it is for judging."""

    parcel: str
    problem: str
    from_: Instant
    """The first moment at which it is real."""
    to: Instant | None = None
    """When it ended; None when it had not by the season's end, or never will."""
    cause: str | None = None
    """The same for parcels that share one."""


Line = SeasonParcel | SeasonEvent | SeasonTruth


class _EventIn(Struct, tag_field="kind", tag="event"):
    """An event line as anybody may write it."""

    parcel: str
    published_at: Instant
    event: StatementIn


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[SeasonParcel | _EventIn | SeasonTruth] = msgspec.json.Decoder(
    SeasonParcel | _EventIn | SeasonTruth
)


def encode(line: Line) -> bytes:
    """A line of a season file, with its line end."""
    return _encoder.encode(line) + b"\n"


def moment(line: Line) -> datetime:
    """When a line stands in the file: the time it is ordered by."""
    if isinstance(line, SeasonParcel):
        return line.created_at
    return line.published_at if isinstance(line, SeasonEvent) else line.from_


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a season file, in its order; empty ones are passed over.

    Raises:
        SeasonError: for a line that is none, whose time lies before that of an earlier line, or whose parcel no earlier
            line made.
    """
    known: set[str] = set()
    last: datetime | None = None
    for at, raw in enumerate(lines, 1):
        if raw.isspace():
            continue
        line = _line(at, raw)
        if last is not None and moment(line) < last:
            raise SeasonError(
                f"line {at}: {moment(line)} comes before {last} of an earlier line; sort the file by time"
            )
        last = moment(line)
        if isinstance(line, SeasonParcel):
            known.add(line.id)
        elif line.parcel not in known:
            raise SeasonError(f"line {at}: no earlier line makes the parcel {line.parcel!r}")
        yield line


def _line(at: int, raw: bytes) -> Line:
    try:
        line = _decoder.decode(raw)
        if isinstance(line, _EventIn):
            _, _, _, statements = FoldInput(statements=[line.event]).parts()
            return SeasonEvent(line.parcel, line.published_at, statements[0])
    except (msgspec.DecodeError, UnicodeDecodeError, DocumentError) as error:
        raise SeasonError(f"line {at}: {error}") from error
    return line
