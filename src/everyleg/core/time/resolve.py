"""From a printed clock to the instant it means, with what is known of the zone and how sure that is.

What decides, first match:

| known | basis | instant |
|---|---|---|
| local time and UTC of the same event | `offset` | the UTC one; the offset is their difference |
| an instant, or a stated offset that is trusted | `offset` | exact |
| only a day | `date` | noon of that day ± 12 h, in the best zone known (a day of 25 hours: ± 13 h) |
| a zone that the source names with the value, or always uses | `zone` | exact |
| the zone of the place | `place` | exact |
| nothing | `assumed` | the carrier's home zone ± the farthest zone that the parcel's countries allow |

An instant, or a time that says UTC, is shown on the clock of its place where that is known; with any other offset
stated, the wall clock stays as printed.

Where daylight saving makes a wall clock mean two instants (the hour that comes twice), or none (the hour that is left
out, which clocks not yet set forward still print), the answer is the middle of both readings ± half their distance,
and no offset.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, structs

from everyleg.core.model import TimeBasis
from everyleg.core.time.clock import Clock
from everyleg.core.time.offsets import ABBREVIATIONS, MAX_OFFSET, MIN_OFFSET, zone_name
from everyleg.core.time.zones import zone, zones_of

_INHABITED = (-11 * 3600, 14 * 3600)
"""Seconds east of UTC between which people live: where a parcel of unknown countries may be."""
_NOON, _LAST = time(12), time(23, 59, 59)
_UTC, _MINUTE, _HALF_DAY, _DAY = timedelta(), timedelta(minutes=1), timedelta(hours=12), timedelta(days=1)
_QUARTER_S = 15 * 60


class ZoneRule(Struct, frozen=True):
    """What a carrier's documents say, or measurements show, of the zone of its times.

    Raises:
        ValueError: when a zone or an abbreviation table does not exist.
    """

    always: str | None = None
    """The documented IANA zone of all its times; beats the place (basis `zone`)."""
    home: str | None = None
    """The zone assumed when the place is unknown (basis `assumed`)."""
    distrust_offset: bool = False
    """An offset or zone stated with a value is a lie: it is ignored."""
    wall_is: str | None = None
    """The source made its instants (epoch, `Z`) from wall clocks as if all were in this zone. Read in it, an instant
    gives the wall clock back; which zone that was is left to the rest of the rule. `UTC` undoes a false `Z`."""
    abbreviations: str | None = None
    """The part of the world (a key of `offsets.ABBREVIATIONS`) whose zone abbreviations it prints."""

    def __post_init__(self) -> None:
        for name in (self.always, self.home, self.wall_is):
            if name is not None:
                zone(name)
        if self.abbreviations is not None and self.abbreviations not in ABBREVIATIONS:
            raise ValueError(f"abbreviations {self.abbreviations!r}: known are {', '.join(ABBREVIATIONS)}")


class Moment(Struct, frozen=True, gc=False):
    """When something happened, as far as it can be known: the time fields of a statement."""

    occurred_local: datetime | None
    """Wall clock at the place, naive; noon where only the day is known."""
    utc_offset: int | None
    """Minutes east of UTC; None where they are assumed or ambiguous."""
    time_basis: TimeBasis
    occurred_at: datetime
    """Best estimate of the instant, aware, UTC."""
    uncertainty_s: int
    """Half-width in seconds of the interval around `occurred_at` that holds the truth."""
    contradicted: bool = False
    """Local time and UTC were both given and cannot both be right; the UTC one was taken."""


def resolve(
    clock: Clock,
    rule: ZoneRule,
    zone_of_place: str | None = None,
    countries: tuple[str, ...] = (),
    utc: Clock | None = None,
    country_of_place: str | None = None,
) -> Moment:
    """The moment that a printed clock means.

    Args:
        clock: what the source printed.
        rule: what is known of the carrier's times.
        zone_of_place: the IANA zone of the statement's place, if known.
        countries: ISO alpha-2 codes of the parcel's countries. Without any, every inhabited zone is possible.
        utc: the same event in UTC, where the source gives both.
        country_of_place: the country of the statement's place, where its zone is not known. It stands for `countries`,
            and its middle for a home zone that lies outside it.
    """
    if rule.wall_is is not None:
        clock = _as_wall(clock, rule.wall_is)
    elif rule.distrust_offset and clock.instant is not None and clock.offset is not None:
        # `/Date(…+0200)/`: .NET puts its server's offset on any time without one; only the wall clock says something.
        clock = structs.replace(clock, local=_naive(clock.instant, clock.offset), offset=None, instant=None)
    offset, named = (None, None) if rule.distrust_offset else (clock.offset, _named(clock, rule))
    shown = named or zone_of_place or rule.always
    if utc is not None and utc.precision != "date":
        return _from_pair(clock, utc, shown)
    if clock.local is None or (offset is not None and clock.precision != "date"):
        if offset and clock.local is not None:
            return Moment(clock.local, offset, "offset", _utc(clock.local, offset * 60), 0)
        return _at(_instant(clock), offset, shown)
    always = named or rule.always
    known = always or zone_of_place
    if clock.precision == "date":
        return _day(clock.local, offset, known, rule.home)
    if known is not None:
        return _in_zone(clock.local, known, "zone" if always else "place")
    return _assumed(clock.local, rule.home, countries, country_of_place)


def at_offset(local: datetime, offset: int) -> Moment:
    """The moment of a wall clock whose offset is stated: what `resolve` gives where that is trusted and not UTC."""
    return Moment(local, offset, "offset", EPOCH_UTC + (local - EPOCH - _east(offset * 60)), 0)


def assumed(local: datetime, home: str | None, countries: tuple[str, ...], country: str | None) -> Moment:
    """The moment of a wall clock of which nothing is known but where the parcel may be; see `resolve`."""
    return _assumed(local, home, countries, country)


def from_utc(utc: datetime, shown: str | None) -> Moment:
    """The moment of a time that says UTC, on the clock of a zone where one is known."""
    return _at(_utc(utc, 0), 0, shown)


def offset_between(local: datetime, utc: datetime) -> int | None:
    """Minutes that a wall clock is east of UTC, given both for one event.

    None when the difference is no offset that exists: not a quarter of an hour (to within a minute, as either may be
    cut to minutes), or outside −12…+14 h. Both are naive.
    """
    seconds = (local - utc).total_seconds()
    quarters = round(seconds / _QUARTER_S)
    if abs(seconds - quarters * _QUARTER_S) >= 60 or not MIN_OFFSET <= quarters * 15 <= MAX_OFFSET:
        return None
    return quarters * 15


def _named(clock: Clock, rule: ZoneRule) -> str | None:
    return zone_name(clock.zone, rule.abbreviations) if clock.zone else None


def _instant(clock: Clock) -> datetime:
    """The instant of a clock that states one; a clock without an offset is in UTC."""
    if clock.instant is not None:
        return clock.instant
    if clock.local is None:
        raise ValueError("a clock tells either a wall clock or an instant")
    return _utc(clock.local, (clock.offset or 0) * 60)


def _naive(instant: datetime, offset: int) -> datetime:
    return (instant + timedelta(minutes=offset)).replace(tzinfo=None)


def _as_wall(clock: Clock, name: str) -> Clock:
    """Undoes what a source did to a wall clock when it called it an instant."""
    if clock.precision == "date" or (clock.instant is None and clock.offset is None):
        return clock
    local = _instant(clock).astimezone(zone(name)).replace(tzinfo=None, fold=0)
    return structs.replace(clock, local=local, offset=None, instant=None)


EPOCH, EPOCH_UTC = datetime(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)  # noqa: DTZ001 - a wall clock


@lru_cache(maxsize=256)
def _east(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _utc(local: datetime, east_s: int) -> datetime:
    # By differences: `replace(tzinfo=…)` takes five times as long.
    return EPOCH_UTC + (local - EPOCH - _east(east_s))


def _wall(instant: datetime, offset: int) -> datetime:
    """The wall clock that many minutes east of UTC."""
    return EPOCH + (instant - EPOCH_UTC + _east(offset * 60))


def _from_pair(clock: Clock, utc: Clock, shown: str | None) -> Moment:
    """Local time and UTC of one event. What offset the local one claims does not matter: both often end in Z."""
    instant = _instant(utc)
    if clock.local is None or clock.precision == "date":
        return _at(instant, None, shown)
    beside = _wall(instant, 0) if utc.local is None or utc.offset else utc.local
    offset = QUARTERS.get(clock.local - beside)
    if offset:
        return Moment(clock.local, offset, "offset", instant, 0)
    offset = offset_between(clock.local, beside)
    moment = _at(instant, offset, shown)
    return moment if offset is not None else structs.replace(moment, contradicted=True)


QUARTERS = {timedelta(minutes=m): m for m in range(MIN_OFFSET, MAX_OFFSET + 1, 15)}
"""Differences that are offsets to the second → minutes."""


def _at(instant: datetime, offset: int | None, shown: str | None) -> Moment:
    """A known instant, on the clock of its offset; where that is UTC or unknown, on the clock of its zone."""
    if not offset and shown is not None:
        offset = _offset_at(instant, shown)
    return Moment(None if offset is None else _wall(instant, offset), offset, "offset", instant, 0)


def _offset_at(instant: datetime, name: str) -> int:
    """Minutes east of UTC of a zone's clock at an instant; remembered for days on which it does not change."""
    day = (name, instant.toordinal())
    known = _STEADY_UTC.get(day)
    if known is None:
        known = (instant.astimezone(zone(name)).utcoffset() or _UTC) // _MINUTE
        if _steady(name, day[1]):
            _remember(_STEADY_UTC, day, known)
    return known


_STEADY_UTC: dict[tuple[str, int], int] = {}
STEADY: dict[tuple[str, int], tuple[int, datetime]] = {}
"""Days on and around which a zone's clock does not change → minutes east of UTC; and also the epoch on such a clock, so
that the instant is that plus the time since the epoch."""

Known = TypeVar("Known")


def _remember(days: dict[tuple[str, int], Known], day: tuple[str, int], known: Known) -> None:
    if len(days) >= 65_536:
        days.clear()
    days[day] = known


def _steady(name: str, ordinal: int) -> bool:
    """Whether a zone's clock is the same from the day before to the day after."""
    around = [datetime.combine(date.fromordinal(ordinal + n), time.min) for n in (-1, 0, 1, 2)]
    return len({east for edge in around for east in _readings(edge, name)}) == 1


def _readings(local: datetime, name: str) -> tuple[int, int]:
    """Seconds east of UTC that a wall clock can mean in a zone: twice the same, save around a change of the clocks."""
    utcoffset = zone(name).utcoffset
    first, second = utcoffset(local) or _UTC, utcoffset(local.replace(fold=1)) or _UTC
    return first.days * 86_400 + first.seconds, second.days * 86_400 + second.seconds


def _learn_steady(name: str, ordinal: int, east: int) -> None:
    if _steady(name, ordinal):
        _remember(STEADY, (name, ordinal), (east // 60, EPOCH_UTC - _east(east)))


def _in_zone(local: datetime, name: str, basis: TimeBasis) -> Moment:
    known = STEADY.get((name, local.toordinal()))
    if known is not None:
        return Moment(local, known[0], basis, known[1] + (local - EPOCH), 0)
    first, second = _readings(local, name)
    if first != second:
        return Moment(local, None, basis, _utc(local, (first + second) // 2), (abs(first - second) + 1) // 2)
    _learn_steady(name, local.toordinal(), first)
    return Moment(local, first // 60, basis, _utc(local, first), 0)


@lru_cache(maxsize=4096)
def _day(day: datetime, offset: int | None, known: str | None, home: str | None) -> Moment:
    """Noon of a day. A date that says UTC is a local date all the same, where the zone is known."""
    noon = datetime.combine(day, _NOON)
    if offset is not None and (offset or known is None):
        return Moment(noon, offset, "date", _utc(noon, offset * 60), 43_200)
    name = known or home
    if name is None:
        return Moment(noon, None, "date", _utc(noon, 0), 43_200)
    middle = _in_zone(noon, name, "date")
    start = _utc(day, max(_readings(day, name)))
    end = _utc(day + _DAY, min(_readings(day + _DAY, name)))
    half = max(middle.occurred_at - start, end - middle.occurred_at, _HALF_DAY)
    return structs.replace(
        middle, utc_offset=middle.utc_offset if known else None, uncertainty_s=int(half.total_seconds())
    )


def _assumed(local: datetime, home: str | None, countries: tuple[str, ...], country: str | None) -> Moment:
    """A wall clock of an unknown zone: the home zone's reading, and how far the others lie from it."""
    least, most = _span((country,) if country else countries, local.date())
    middle = (least + most) // 2
    if home is not None:
        steady = STEADY.get((home, local.toordinal()))
        at_home = steady[0] * 60 if steady is not None else sum(_readings(local, home)) // 2
        if steady is None:
            _in_zone(local, home, "zone")  # remembers the day
        if country is None or least <= at_home <= most:
            middle = at_home
    return Moment(local, None, "assumed", _utc(local, middle), max(middle - least, most - middle))


@lru_cache(maxsize=4096)
def _span(countries: tuple[str, ...], day: date) -> tuple[int, int]:
    """Least and most seconds east of UTC of the countries' clocks on a day."""
    edges = (datetime.combine(day, time.min), datetime.combine(day, _LAST))
    readings = [
        east for country in countries for name in zones_of(country) for edge in edges for east in _readings(edge, name)
    ]
    return (min(readings), max(readings)) if readings else _INHABITED
