"""The rows of a forwarder's file as one body: what `sheets.traces` writes, and whose word it is when it is read again.

The events of a body are read by the manifest `forwarder-sheet`. Here is what no carrier's answer has: the carrier whose
numbers they are comes with the body, and each number may be inside of something, since and until when.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from everyleg.pipeline.consolidations.naming import Key, Kind, key_for
from everyleg.ports.carrier import Answered

SHEET = "forwarder-sheet"
"""Slug of the manifest, and of whoever tells of an air waybill without saying who they are."""

MARK = b'{"everyleg":"traces/1"'
"""How a body begins."""


class Inside(Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """A consolidation that a number is inside."""

    kind: Kind
    reference: str
    from_: datetime | None = None
    """Put in then."""
    to: datetime | None = None
    """Taken out then."""
    of: str | None = None
    """Slug of whose bag or batch it is; None: of the carrier whose numbers the body has."""


class Step(Struct, frozen=True, omit_defaults=True):
    """One thing that happened, as the file says it."""

    at: str
    """Wall clock, ISO 8601; a day alone where the file says no more."""
    zone: str | None = None
    """Offset or zone, where the file says it."""
    place: str | None = None
    code: str | None = None
    text: str | None = None


class Traced(Struct, omit_defaults=True):
    """A number, a parcel's or `mawb:784-…`, and what the file says of it."""

    number: str
    inside: list[Inside] = []
    events: list[Step] = []
    estimated: str | None = None
    rows: dict[str, dict[str, str]] = {}
    """By the row's number in the file: the cells of columns that nobody reads, by their headings."""


class Body(Struct):
    """All of a body."""

    everyleg: str
    carrier: str
    """Slug of whose numbers they are: the same rows told of another carrier's are another body."""
    parcels: list[Traced]


_decoder = msgspec.json.Decoder(Body)


def encode(carrier: str, parcels: Sequence[Traced]) -> bytes:
    """The body of some numbers of one carrier."""
    return msgspec.json.encode(Body("traces/1", carrier, list(parcels)))


def owned(answered: Answered, carrier: str | None) -> None:
    """Make what a manifest read of a body the word on a carrier's numbers."""
    reading, slug = answered.reading, carrier or SHEET
    reading.carrier = slug
    for result in reading.results:
        result.events = [replace(event, carrier=slug) for event in result.events]


def insides(body: bytes, carrier: str | None) -> dict[str, list[tuple[Key, datetime | None, datetime | None]]]:
    """By number, what a body says that it is inside; empty for what is no such body."""
    try:
        parcels = _decoder.decode(body).parcels
    except msgspec.DecodeError:
        return {}
    found: dict[str, list[tuple[Key, datetime | None, datetime | None]]] = {}
    for parcel in parcels:
        for one in parcel.inside:
            key = key_for(one.kind, one.reference, one.of or carrier or SHEET)
            found.setdefault(parcel.number, []).append((key, one.from_, one.to))
    return found
