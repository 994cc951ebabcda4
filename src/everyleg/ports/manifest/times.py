"""The time of an event: from a manifest's time part to a moment."""

from collections.abc import Callable
from typing import Any

from everyleg.core.model import Place
from everyleg.core.time.clock import Clock
from everyleg.core.time.layouts import LayoutError, compile_layouts
from everyleg.core.time.offsets import with_zone
from everyleg.core.time.resolve import Moment, ZoneRule, resolve
from everyleg.ports.manifest.paths import picker
from everyleg.ports.manifest.schema import TimeSpec, ZoneSpec

TimeReader = Callable[[Any, Any, Any, Place, str | None, tuple[str, ...]], tuple[str, Moment | None]]
"""(event, parcel, root, place, zone of the place, countries of the parcel) → raw time and moment; the moment is None when
the raw time fits no layout; raw time is empty when there is none."""


def zone_rule(spec: ZoneSpec) -> ZoneRule:
    """The core's rule for a manifest's zone part."""
    return ZoneRule(
        always=spec.always,
        home=spec.home,
        distrust_offset=spec.distrust_offset,
        wall_is=spec.wall_is,
        abbreviations=spec.abbreviations,
    )


def time_reader(specs: list[TimeSpec], zone: ZoneSpec, nulls: frozenset[str]) -> TimeReader:
    """Try each way to find the time in turn."""
    readers = [_one(spec, zone, nulls) for spec in specs]
    if len(readers) == 1:
        return readers[0]

    def read(
        event: Any, parcel: Any, root: Any, place: Place, place_zone: str | None, countries: tuple[str, ...]
    ) -> tuple[str, Moment | None]:
        first: tuple[str, Moment | None] = ("", None)
        for reader in readers:
            raw, moment = reader(event, parcel, root, place, place_zone, countries)
            if moment is not None:
                return raw, moment
            first = first if first[0] else (raw, None)
        return first

    return read


def _one(spec: TimeSpec, zone: ZoneSpec, nulls: frozenset[str]) -> TimeReader:
    at, parse, rule = picker(spec.at, nulls), compile_layouts(spec.layouts), zone_rule(zone)
    beside, utc = [picker(p, nulls) for p in (spec.offset, spec.zone) if p is not None], _utc_reader(spec, nulls)

    def read(
        event: Any, parcel: Any, root: Any, place: Place, place_zone: str | None, countries: tuple[str, ...]
    ) -> tuple[str, Moment | None]:
        raw = at(event, parcel, root)
        if raw is None:
            return "", None
        try:
            clock = parse(raw)
        except LayoutError:
            return raw, None
        for pick in beside:
            said = pick(event, parcel, root)
            if said is not None:
                clock = with_zone(clock, said)
        pair = utc(event, parcel, root) if utc is not None else None
        return raw, resolve(clock, rule, place_zone, countries, pair, place.country)

    return read


def _utc_reader(spec: TimeSpec, nulls: frozenset[str]) -> Callable[[Any, Any, Any], Clock | None] | None:
    """The same moment in UTC, where the source gives it and it can be read."""
    if spec.utc is None:
        return None
    at, parse = picker(spec.utc.at, nulls), compile_layouts(spec.utc.layouts)

    def read(event: Any, parcel: Any, root: Any) -> Clock | None:
        said = at(event, parcel, root)
        try:
            return parse(said) if said is not None else None
        except LayoutError:
            return None

    return read
