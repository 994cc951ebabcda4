"""The time of an event: from a manifest's time part to a moment."""

from collections.abc import Callable
from typing import Any

from everyleg.core.model import Place
from everyleg.core.time.clock import Clock
from everyleg.core.time.layouts import Reader, reader_of
from everyleg.core.time.offsets import with_zone
from everyleg.core.time.resolve import Moment, ZoneRule, at_offset, resolve
from everyleg.ports.manifest.paths import NULLS, as_text
from everyleg.ports.manifest.schema import PickLike, TimeSpec, ZoneSpec

TimeReader = Callable[[tuple[Any, ...], Place, str | None, tuple[str, ...]], tuple[str, Moment | None]]
"""(raw values of `time_picks`, place, zone of the place, countries of the parcel) → raw time and moment; the moment is
None when the raw time fits no layout; the raw time is empty when there is none."""


def time_picks(spec: TimeSpec) -> list[PickLike | None]:
    """What the reader of a time needs of an event: the printed time, what stands beside it, the same in UTC."""
    return [spec.at, spec.offset, spec.zone, spec.utc.at if spec.utc else None]


def zone_rule(spec: ZoneSpec) -> ZoneRule:
    """The core's rule for a manifest's zone part."""
    return ZoneRule(
        always=spec.always,
        home=spec.home,
        distrust_offset=spec.distrust_offset,
        wall_is=spec.wall_is,
        abbreviations=spec.abbreviations,
    )


def time_reader(spec: TimeSpec, zone: ZoneSpec, nulls: frozenset[str]) -> TimeReader:
    """Compile a time part."""
    parse, rule = reader_of(spec.layouts), zone_rule(zone)
    parse_utc = reader_of(spec.utc.layouts) if spec.utc else None
    beside = spec.offset is not None or spec.zone is not None
    believes = parse_utc is None and not rule.distrust_offset and not rule.wall_is

    def read(
        raw: tuple[Any, ...], place: Place, place_zone: str | None, countries: tuple[str, ...]
    ) -> tuple[str, Moment | None]:
        said = raw[0].strip() if type(raw[0]) is str else as_text(raw[0])
        clock = parse(said) if said is not None and said not in nulls else None
        if said is None or clock is None:
            return "" if said is None or said in NULLS or said in nulls else said, None
        if beside:
            clock = _with_beside(clock, raw[1:3], nulls)
        if believes and clock.offset and clock.local is not None and clock.precision != "date":
            return said, at_offset(clock.local, clock.offset)
        pair = _utc(parse_utc, raw[3]) if parse_utc is not None else None
        return said, resolve(clock, rule, place_zone, countries, pair, place.country)

    return read


def _with_beside(clock: Clock, beside: tuple[Any, ...], nulls: frozenset[str]) -> Clock:
    """The clock with the offset and the zone that stand beside it."""
    for value in beside:
        if value is not None and (text := as_text(value)) is not None and text not in nulls:
            clock = with_zone(clock, text)
    return clock


def first_of(readers: list[TimeReader]) -> TimeReader:
    """Several ways to find the time, each with four raw values of its own: the first that gives one; else the first
    time that was printed, which nobody could read.
    """
    if len(readers) == 1:
        return readers[0]

    def read(
        raw: tuple[Any, ...], place: Place, place_zone: str | None, countries: tuple[str, ...]
    ) -> tuple[str, Moment | None]:
        printed = ""
        for i, reader in enumerate(readers):
            said, moment = reader(raw[4 * i : 4 * i + 4], place, place_zone, countries)
            if moment is not None:
                return said, moment
            printed = printed or said
        return printed, None

    return read


def _utc(parse: Reader, raw: Any) -> Clock | None:
    """The same moment in UTC, where the source gives it and it can be read."""
    said = as_text(raw)
    return parse(said) if said is not None else None
