"""What a consolidation is called, and by which numbers it is told of: pure.

A consolidation is told of under a number like any parcel; that it is one, the number itself says, so it does not matter
what is heard first. Sources: IATA Resolution 600a (air waybill: three digits of the airline, seven of the consignment,
their remainder by 7); ISO 6346 (container: owner, category U, J or Z, six digits, check digit); IATA designators of
flights.
"""

import re
from datetime import date
from typing import Literal, NamedTuple, get_args

from everyleg.core.model import Flight, Ref
from everyleg.numbers.checks import mod7

Kind = Literal["flight", "mawb", "container", "bag", "batch"]

_KINDS = frozenset(get_args(Kind))
_OWNED: frozenset[str] = frozenset({"bag", "batch"})
"""Kinds whose references are a carrier's own: another carrier's may be called the same."""
LONGEST = 80
"""Characters of a reference."""

_LEAST_DIGITS = 8

_MAWB = re.compile(r"(\d{3})[-\s]?(\d{7})(\d)")
_FLIGHT = re.compile(r"([A-Z]{3}|[A-Z]\d|\d[A-Z]|[A-Z]{2})\s*-?\s*0*(\d{1,4}[A-Z]?)")
_CONTAINER = re.compile(r"([A-Z]{3}[UJZ])\s*-?(\d{6})-?(\d)")
_VALUES = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))


class Key(NamedTuple):
    """What identifies a consolidation within a workspace. An airline or a line uses a number again after some time: the
    times of what is told, and of who is inside, keep the two apart.
    """

    kind: Kind
    carrier: str
    """Slug of whose bag or batch it is; empty where the reference is enough."""
    reference: str

    @property
    def told_as(self) -> str:
        """The number under which it is told of."""
        return f"{self.kind}:{self.reference}"


def key_of(ref: Ref) -> Key | None:
    """The consolidation that a number stands for: `kind:reference`, or an air waybill as it is written
    (`784-12345675`); None for a parcel's.
    """
    number = ref.tracking_number
    if ":" in number:
        kind, _, reference = number.partition(":")
        return key_for(kind, reference, ref.carrier) if kind in _KINDS and reference else None  # type: ignore[arg-type]
    if number[3:4] == "-" and len(number) == len("784-12345675") and (mawb := mawb_of(number)) is not None:
        return Key("mawb", "", mawb)
    return None


def key_for(kind: Kind, reference: str, carrier: str) -> Key:
    """The consolidation of a kind by its reference, however it is written.

    Args:
        kind: of it.
        reference: as somebody wrote it; what has a shape (air waybills, containers) is brought into it.
        carrier: slug of who tells of it.
    """
    said = " ".join(reference.upper().split())[:LONGEST]
    if kind == "mawb":
        said = mawb_of(said) or said
    elif kind == "container":
        said = container_of(said) or said
    return Key(kind, carrier if kind in _OWNED else "", said)


def keys_of_flight(flight: Flight) -> list[Key]:
    """What a flight that an answer names is: the flight, if its day is known, and the air waybill. That it is one, the
    answer says: its check digit need not.
    """
    found = []
    if flight.date is not None and (named := flight_of(flight.number, flight.date)) is not None:
        found.append(Key("flight", "", named))
    if flight.mawb is not None and sum(map(str.isdigit, flight.mawb)) >= _LEAST_DIGITS:
        found.append(key_for("mawb", flight.mawb, ""))
    return found


def mawb_of(text: str) -> str | None:
    """An air waybill as it is written (`784-12345675`), None for what is none."""
    found = _MAWB.fullmatch(text.strip())
    if found is None or mod7(found[2]) != found[3]:
        return None
    return f"{found[1]}-{found[2]}{found[3]}"


def flight_of(number: str, day: str) -> str | None:
    """A flight of a day (`CZ3081@2026-11-20`), None when either is none."""
    found = _FLIGHT.fullmatch(number.strip().upper())
    try:
        flown = date.fromisoformat(day.strip()[:10])
    except ValueError:
        return None
    return f"{found[1]}{found[2]}@{flown.isoformat()}" if found else None


def container_of(text: str) -> str | None:
    """A container as it is painted on (`MSKU1234565`), None for what is none."""
    found = _CONTAINER.fullmatch(text.strip().upper())
    if found is None:
        return None
    body = found[1] + found[2]
    total = sum((_VALUES[char] if char in _VALUES else int(char)) << place for place, char in enumerate(body))
    return body + found[3] if total % 11 % 10 == int(found[3]) else None
