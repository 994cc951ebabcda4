"""What a parcel says besides its events: estimates, proof, weight, second numbers, flights."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from everyleg.core.model import Alias, Estimate, Flight, Proof, Relation
from everyleg.core.time.layouts import Clock, LayoutError, compile_layouts
from everyleg.ports.manifest.paths import Picker, find_all, maybe, picker
from everyleg.ports.manifest.schema import AliasSpec, EstimateSpec, FlightSpec, ProofSpec, WeightSpec

Slugs = Callable[[str], str | None]
"""Name, alias or code of a carrier → slug, None when nobody goes by it."""

_NOT_ALNUM = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_IN_KG = {"kg": 1.0, "kgs": 1.0, "k": 1.0, "kilogram": 1.0, "g": 0.001, "gram": 0.001, "lb": 0.45359237,
          "lbs": 0.45359237, "l": 0.45359237, "pound": 0.45359237, "oz": 0.028349523125}  # fmt: skip


def estimate_reader(
    spec: EstimateSpec | None, nulls: frozenset[str]
) -> Callable[[Any, Any, Any], Estimate | None] | None:
    """Compile an estimated delivery; its ends are ISO dates or date-times, as exact as the source."""
    if spec is None:
        return None
    at, start, end = maybe(spec.at, nulls), maybe(spec.from_, nulls), maybe(spec.to, nulls)
    parse = compile_layouts(spec.layouts)

    def read(node: Any, above: Any, root: Any) -> Estimate | None:
        point = _iso(at, parse, node, above, root)
        first = _iso(start, parse, node, above, root) or point
        last = _iso(end, parse, node, above, root) or point or first
        return Estimate(first or last or "", last or "", spec.basis) if first or last else None

    return read


def _iso(pick: Picker | None, parse: Callable[[object], Clock], node: Any, above: Any, root: Any) -> str | None:
    said = pick(node, above, root) if pick else None
    if said is None:
        return None
    try:
        return iso_text(parse(said))
    except LayoutError:
        return None


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


def proof_reader(spec: ProofSpec | None, nulls: frozenset[str]) -> Callable[[Any, Any, Any], Proof | None] | None:
    """Compile a proof of delivery."""
    if spec is None:
        return None
    picks = [maybe(p, nulls) for p in (spec.signer, spec.photo_url, spec.place, spec.at)]

    def read(node: Any, above: Any, root: Any) -> Proof | None:
        values = [pick(node, above, root) if pick else None for pick in picks]
        return Proof(*values) if any(values) else None

    return read


def weight_reader(spec: WeightSpec | None, nulls: frozenset[str]) -> Callable[[Any, Any, Any], float | None] | None:
    """Compile a weight; the value is in kilograms."""
    if spec is None:
        return None
    at, unit = picker(spec.at, nulls), picker(spec.unit, nulls)

    def read(node: Any, above: Any, root: Any) -> float | None:
        said = at(node, above, root)
        factor = _IN_KG.get((unit(node, above, root) or "").lower().rstrip("."))
        try:
            value = float(said.split()[0].replace(",", ".")) if said and factor else 0.0
        except (ValueError, IndexError):
            return None
        return round(value * factor, 6) if factor and value > 0 else None

    return read


def flight_reader(spec: FlightSpec | None, nulls: frozenset[str]) -> Callable[[Any, Any, Any], Flight | None] | None:
    """Compile the flight that a node names."""
    if spec is None:
        return None
    number, date, mawb = picker(spec.number, nulls), maybe(spec.date, nulls), maybe(spec.mawb, nulls)

    def read(node: Any, above: Any, root: Any) -> Flight | None:
        said = number(node, above, root)
        if said is None:
            return None
        day = date(node, above, root) if date else None
        return Flight(said, day[:10] if day else None, mawb(node, above, root) if mawb else None)

    return read


class AliasReader:
    """One way to find another number of the parcel: in a field, or in the words of an event."""

    def __init__(self, spec: AliasSpec, nulls: frozenset[str], slugs: Slugs) -> None:
        """Compile `spec`; names of carriers are looked up by `slugs`."""
        self._relation: Relation = spec.relation
        self._find = find_all(spec.at) if isinstance(spec.at, str) else None
        self._pick = maybe(spec.at, nulls) if self._find is None else None
        named = spec.carrier if isinstance(spec.carrier, list) else [spec.carrier] if spec.carrier is not None else []
        self._carrier = [picker(part, nulls) for part in named]
        self._names = {plain(name): slug for name, slug in spec.carriers.items()}
        self._slugs = slugs
        self._pattern = re.compile(spec.match) if spec.match else None
        self._codes = frozenset(spec.codes)

    def in_fields(self, node: Any, above: Any, root: Any) -> Iterator[Alias]:
        """Aliases that stand in the parcel's fields."""
        if self._pattern is not None:
            return
        for number in self._numbers(node, above, root):
            yield Alias(self._owner(node, above, root), number, self._relation)

    def in_event(self, code: str | None, text: str | None) -> Alias | None:
        """The alias that an event's words name."""
        if self._pattern is None or not text or (self._codes and code not in self._codes):
            return None
        found = self._pattern.search(text)
        if not found:
            return None
        groups = found.groupdict()
        return Alias(self._slug(groups.get("carrier")), groups["number"], self._relation)

    def _numbers(self, node: Any, above: Any, root: Any) -> list[str]:
        if self._find is not None:
            return [n for n in (as_number(value) for value in self._find(node, above, root)) if n]
        said = self._pick(node, above, root) if self._pick else None
        return [said] if said else []

    def _owner(self, node: Any, above: Any, root: Any) -> str | None:
        """Slug of the carrier: of the first of the named fields that names one we know."""
        names = (pick(node, above, root) for pick in self._carrier)
        return next((slug for name in names if (slug := self._slug(name)) is not None), None)

    def _slug(self, name: str | None) -> str | None:
        """Slug of a name; behind the carrier often stands its service ("USPS Ground Advantage")."""
        words = name.split() if name else []
        for count in range(len(words), 0, -1):
            said = " ".join(words[:count])
            key = plain(said)
            slug = self._names[key] if key in self._names else self._slugs(said)
            if slug is not None:
                return slug or None
        return None


def plain(name: str) -> str:
    """A carrier's name without what people write differently: case, blanks, signs."""
    return _NOT_ALNUM.sub("", name.lower())


def as_number(value: Any) -> str | None:
    """A number as text, None for what is none."""
    if isinstance(value, str):
        value = value.strip()
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value else None
