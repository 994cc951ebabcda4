"""The time of an event: from a manifest's time part to a moment."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from everyleg.core.model import Place
from everyleg.core.time.clock import FIRST_YEAR, LAST_YEAR, Clock
from everyleg.core.time.layouts import Reader, reader_of
from everyleg.core.time.offsets import parse_offset, with_zone, zone_name
from everyleg.core.time.patterns import exact_reader
from everyleg.core.time.resolve import Moment, ZoneRule, at_offset, by_utc, in_zone, resolve
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


Swift = Callable[[Any, Any, Any, Any, str | None], Moment | None]
"""(printed time, offset beside it, zone beside it, the same in UTC; zone of the place) → the moment of a time in its
usual form; None for all that has to be read with care."""


def swift_reader(spec: TimeSpec, zone: ZoneSpec, nulls: frozenset[str]) -> Swift:
    """Compile the quick way of a time part. Where it gives a moment, that is the one that `time_reader` gives, and the
    printed time needs no tidying.
    """
    rule, wall = zone_rule(zone), _wall_reader(spec.layouts[0])
    parse_utc = reader_of(spec.utc.layouts) if spec.utc else None
    if rule.distrust_offset or rule.wall_is or any(reader_of(spec.layouts)(word) for word in nulls):
        return lambda *_: None

    def read(said: Any, beside: Any, named: Any, utc: Any, place_zone: str | None) -> Moment | None:
        if type(said) is not str or (found := wall(said)) is None:
            return None
        local, east = found
        if utc is not None and parse_utc is not None:
            pair = parse_utc(utc) if type(utc) is str and utc not in nulls else None
            return by_utc(local, pair) if pair is not None else None
        if beside is not None:
            stated = parse_offset(beside) if type(beside) is str and beside not in nulls else None
            if stated is None or east == 0:
                return None
            east = east or stated
        if east is not None:
            return at_offset(local, east) if east else None
        always = rule.always
        if named is not None:
            always = _zone_beside(named, rule)
            if always is None:
                return None
        known = always or place_zone
        return in_zone(local, known, documented=always is not None) if known is not None else None

    return read


def _zone_beside(named: Any, rule: ZoneRule) -> str | None:
    """The zone that a text names, None where it names none or an offset."""
    return zone_name(named, rule.abbreviations) if type(named) is str and parse_offset(named) is None else None


def _wall_reader(layout: str) -> Callable[[str], tuple[datetime, int | None] | None]:
    """Wall clock and offset of a text that is in its layout to the letter, with a clock that says more than the day."""
    name, _, option = layout.partition("|")
    if name == "iso":
        return _iso_at_midnight_too if not option else _iso
    parse = exact_reader(name) or reader_of([name])

    def read(text: str) -> tuple[datetime, int | None] | None:
        clock = parse(text)
        if clock is None or clock.local is None or clock.zone or clock.precision == "date":
            return None
        return None if option and clock.local.time() == time.min else (clock.local, clock.offset)

    return read


def to_the_letter(layout: str) -> bool:
    """Whether the quick way reads a time of this layout only where every character is as the layout has it."""
    name = layout.partition("|")[0]
    return name == "iso" or exact_reader(name) is not None


def _iso(text: str) -> tuple[datetime, int | None] | None:
    return _iso_at_midnight_too(text) if text[11:19] != "00:00:00" else None


def _iso_at_midnight_too(text: str) -> tuple[datetime, int | None] | None:
    """Of a full ISO time, without fractions."""
    length, east = len(text), None
    if length == 20 and text[19] == "Z":
        east = 0
    elif length in (24, 25) and text[-1].isdecimal():
        east = parse_offset(text[19:])
        if east is None:
            return None
    elif length != 19:
        return None
    if text[16] != ":" or text[10] not in "T ":
        return None
    try:
        local = datetime.fromisoformat(text[:19])
    except ValueError:
        return None
    return (local, east) if FIRST_YEAR <= local.year <= LAST_YEAR else None


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
