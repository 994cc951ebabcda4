"""The time of an event: from a manifest's time part to a moment."""

from collections.abc import Callable
from typing import Any

from everyleg.core.model import Place
from everyleg.core.time.clock import Clock
from everyleg.core.time.layouts import Reader, reader_of
from everyleg.core.time.offsets import with_zone
from everyleg.core.time.resolve import Moment, ZoneRule, iso_with_offset, resolve
from everyleg.ports.manifest.paths import as_text
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
    stated = _reads_offsets(spec, rule)

    def read(
        raw: tuple[Any, ...], place: Place, place_zone: str | None, countries: tuple[str, ...]
    ) -> tuple[str, Moment | None]:
        if stated and (moment := iso_with_offset(raw[0])) is not None:
            return raw[0], moment
        said = as_text(raw[0])
        if said is None or said in nulls:
            return "", None
        clock = parse(said)
        if clock is None:
            return said, None
        if beside:
            for value in raw[1:3]:
                if value is not None and (text := as_text(value)) is not None and text not in nulls:
                    clock = with_zone(clock, text)
        pair = _utc(parse_utc, raw[3]) if parse_utc is not None else None
        return said, resolve(clock, rule, place_zone, countries, pair, place.country)

    return read


def _reads_offsets(spec: TimeSpec, rule: ZoneRule) -> bool:
    """Whether an ISO time with an offset means just what it says here."""
    alone = spec.offset is None and spec.zone is None and spec.utc is None
    return (
        alone and spec.layouts[0] in ("iso", "iso|midnight_is_date") and not rule.distrust_offset and not rule.wall_is
    )


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
