"""What a parcel says besides its events: where it comes from and goes to, estimates, proof, weight, flight, batch."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from everyleg.core.fold import Facts
from everyleg.core.model import Estimate, Flight, Proof, Result
from everyleg.core.places import country_of
from everyleg.core.time.clock import Clock
from everyleg.core.time.layouts import Reader, reader_of
from everyleg.ports.manifest.schema import FlightSpec, PickLike, ReadingSpec
from everyleg.ports.manifest.texts import texts_of

_IN_KG = {"kg": 1.0, "kgs": 1.0, "k": 1.0, "kilogram": 1.0, "g": 0.001, "gram": 0.001, "lb": 0.45359237,
          "lbs": 0.45359237, "l": 0.45359237, "pound": 0.45359237, "oz": 0.028349523125}  # fmt: skip


class ParcelReader:
    """Reads the facts of a parcel other than its events and second numbers."""

    def __init__(self, spec: ReadingSpec, nulls: frozenset[str]) -> None:
        """Compile the parcel's part of a reading."""
        eta, proof, weight = spec.estimated_delivery, spec.proof, spec.weight
        self.texts = texts_of(
            [
                *(spec.number, spec.origin, spec.destination, spec.state_hint, spec.batch),
                *((eta.at, eta.from_, eta.to) if eta else (None, None, None)),
                *((proof.signer, proof.photo_url, proof.place, proof.at) if proof else (None, None, None, None)),
                *((weight.at, weight.unit) if weight else (None, None)),
                *flight_picks(spec.flight),
            ],
            nulls,
        )
        """(node, node above, root) → what the parcel says of itself: its number, and what `fill` understands."""
        self._parse = reader_of(eta.layouts if eta else ["iso"])
        self._basis = eta.basis if eta else ""

    def fill(self, result: Result, said: Sequence[str | None]) -> Facts:
        """Fill a result with what its parcel said, and give the parcel's countries."""
        (
            _, origin, destination, hint, batch, point, begin, end, signer, photo, place, at, weight, unit, *flight
        ) = said  # fmt: skip
        result.state_hint, result.batch = hint, batch
        if point or begin or end:
            result.estimated_delivery = _estimate((point, begin, end), self._parse, self._basis)
        if signer or photo or place or at:
            result.proof = Proof(signer, photo, place, at)
        if weight is not None:
            result.weight_kg = _kilograms(weight, unit)
        if flight[0] is not None and (named := flight_of(flight)) is not None:
            result.flights = [named]
        if origin is None and destination is None:
            return NO_FACTS
        return Facts(country_of(origin) if origin else None, country_of(destination) if destination else None)


NO_FACTS = Facts()


def flight_picks(spec: FlightSpec | None) -> list[PickLike | None]:
    """What `flight_of` needs of a node."""
    return [spec.number, spec.date, spec.mawb] if spec else [None, None, None]


def flight_of(said: Sequence[str | None]) -> Flight | None:
    """The flight that a node names."""
    number, date, mawb = said
    return Flight(number, date[:10] if date else None, mawb) if number else None


def _estimate(said: tuple[str | None, str | None, str | None], parse: Reader, basis: str) -> Estimate | None:
    """An estimated delivery; its ends are ISO dates or date-times, as exact as the source."""
    point, start, end = said
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
