"""What a parcel says besides its events: where it comes from and goes to, estimates, proof, weight, flight, batch."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from everyleg.core.fold import Facts
from everyleg.core.model import Estimate, Flight, Proof, Result
from everyleg.core.places import country_of
from everyleg.core.time.clock import Clock
from everyleg.core.time.layouts import Reader, reader_of
from everyleg.ports.manifest.paths import paths_in
from everyleg.ports.manifest.schema import FlightSpec, PickLike, ReadingSpec
from everyleg.ports.manifest.texts import Expressions, compiled, indented

_IN_KG = {"kg": 1.0, "kgs": 1.0, "k": 1.0, "kilogram": 1.0, "g": 0.001, "gram": 0.001, "lb": 0.45359237,
          "lbs": 0.45359237, "l": 0.45359237, "pound": 0.45359237, "oz": 0.028349523125}  # fmt: skip


Fill = Callable[[Any, Any, Any, Result], Facts]
"""(parcel, node above, root, result to fill) → the parcel's countries."""

_ESTIMATE = """
point, begin, end = {}, {}, {}
if point or begin or end: result.estimated_delivery = estimate(point, begin, end)
"""
_PROOF = """
signer, photo, place, at = {}, {}, {}, {}
if signer or photo or place or at: result.proof = Proof(signer, photo, place, at)
"""
_WEIGHT = """
weight, unit = {}, {}
if weight is not None: result.weight_kg = kilograms(weight, unit)
"""
_FLIGHT = """
named = ({}, {}, {})
if named[0] is not None: result.flights = [flight_of(named)]
"""
_FACTS = """
origin, destination = {}, {}
if origin is not None or destination is not None: return facts(origin, destination)
"""


def fill_of(spec: ReadingSpec, nulls: frozenset[str]) -> Fill:
    """Compile what a parcel says of itself besides its number, events and second numbers: only what is in the reading
    is looked for.
    """
    eta, proof, weight, flight = spec.estimated_delivery, spec.proof, spec.weight, spec.flight
    parts: list[tuple[str, list[PickLike | None]]] = [
        ("result.state_hint = {}", [spec.state_hint]),
        ("result.batch = {}", [spec.batch]),
        (_ESTIMATE, [eta.at, eta.from_, eta.to] if eta else []),
        (_PROOF, [proof.signer, proof.photo_url, proof.place, proof.at] if proof else []),
        (_WEIGHT, [weight.at, weight.unit] if weight else []),
        (_FLIGHT, flight_picks(flight)),
        (_FACTS, [spec.origin, spec.destination]),
    ]
    there = [(lines, picks) for lines, picks in parts if any(pick is not None for pick in picks)]
    shared = [path for path, uses in Counter(paths_in([p for _, picks in there for p in picks])).items() if uses > 1]
    writer = Expressions(nulls, shared)
    said = [lines.format(*map(writer.value, picks)).strip() for lines, picks in there]
    body = [*writer.lines, *"\n".join(said).split("\n"), "return NO_FACTS"]
    estimate = partial(_estimate, parse=reader_of(eta.layouts), basis=eta.basis) if eta else None
    names = {
        **writer.names, "estimate": estimate, "Proof": Proof, "kilograms": _kilograms, "flight_of": flight_of,
        "facts": _facts, "NO_FACTS": NO_FACTS,
    }  # fmt: skip
    fill: Fill = compiled(f"def fill(node, above, root, result):\n{indented(body, 1)}", names, "fill")
    return fill


def _facts(origin: str | None, destination: str | None) -> Facts:
    return Facts(country_of(origin) if origin else None, country_of(destination) if destination else None)


NO_FACTS = Facts()


def flight_picks(spec: FlightSpec | None) -> list[PickLike | None]:
    """What `flight_of` needs of a node."""
    return [spec.number, spec.date, spec.mawb] if spec else [None, None, None]


def flight_of(said: Sequence[str | None]) -> Flight | None:
    """The flight that a node names."""
    number, date, mawb = said
    return Flight(number, date[:10] if date else None, mawb) if number else None


def _estimate(point: str | None, start: str | None, end: str | None, parse: Reader, basis: str) -> Estimate | None:
    """An estimated delivery; its ends are ISO dates or date-times, as exact as the source."""
    day = _iso(point, parse)
    first = day if start == point else _iso(start, parse) or day
    last = (day if end == point else _iso(end, parse) or day) or first
    return Estimate(first or last or "", last or "", basis) if first or last else None


def _iso(said: str | None, parse: Reader) -> str | None:
    if said is None:
        return None
    clock = parse(said)
    return iso_text(clock) if clock is not None else None


def iso_text(clock: Clock) -> str:
    """A clock as ISO text, as exact as it is: a date, a local date-time, or one with its offset."""
    if clock.instant is not None:
        return clock.instant.isoformat().replace("+00:00", "Z")
    if clock.local is None:
        return ""
    if clock.precision == "date":
        return clock.local.date().isoformat()
    if clock.offset is None:
        return clock.local.isoformat()
    if clock.offset == 0:
        return clock.local.isoformat() + "Z"
    sign = "-" if clock.offset < 0 else "+"
    return f"{clock.local.isoformat()}{sign}{str(timedelta(minutes=abs(clock.offset)))[:-3]:0>5}"


@lru_cache(maxsize=4096)
def _kilograms(said: str | None, unit: str | None) -> float | None:
    factor = _IN_KG.get((unit or "").lower().rstrip("."))
    try:
        value = float(said.split()[0].replace(",", ".")) if said and factor else 0.0
    except (ValueError, IndexError):
        return None
    return round(value * factor, 6) if factor and value > 0 else None
