"""Which instant a printed clock means, on what ground, and how sure that is."""

# ruff: noqa: DTZ001 - wall clocks have no zone

import time as host
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.time import resolve as resolving
from everyleg.core.time.clock import Clock
from everyleg.core.time.resolve import Moment, ZoneRule, offset_between, resolve
from everyleg.core.time.zones import zone as zone_called
from everyleg.core.time.zones import zones_of

NEW_YORK, SHANGHAI, BERLIN = "America/New_York", "Asia/Shanghai", "Europe/Berlin"
NOTHING_KNOWN = ZoneRule()
ZONES = [
    NEW_YORK,
    SHANGHAI,
    BERLIN,
    "Europe/London",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Santiago",
]

instants = st.datetimes(min_value=datetime(2018, 1, 1), max_value=datetime(2030, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
# A few hours around each change of the clocks, where wall clocks mean two instants.
around_changes = st.tuples(
    st.sampled_from(
        [
            datetime(2024, 3, 10, 7),
            datetime(2024, 11, 3, 6),
            datetime(2024, 3, 31, 1),
            datetime(2024, 10, 27, 1),
            datetime(2024, 4, 6, 15),
        ]
    ),
    st.integers(-4 * 3600, 4 * 3600),
).map(lambda change: change[0].replace(tzinfo=UTC) + timedelta(seconds=change[1]))


def wall(text: str, offset: int | None = None, zone: str | None = None) -> Clock:
    return Clock(datetime.fromisoformat(text), offset, None, "second", zone)


def day(text: str, offset: int | None = None) -> Clock:
    return Clock(datetime.fromisoformat(text), offset, None, "date")


def epoch(text: str, offset: int | None = None) -> Clock:
    return Clock(None, offset, utc(text), "second")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall_in(zone: str, instant: datetime) -> datetime:
    return instant.astimezone(zone_called(zone)).replace(tzinfo=None, fold=0)


def holds(moment: Moment, truth: datetime) -> bool:
    return abs(moment.occurred_at - truth) <= timedelta(seconds=moment.uncertainty_s)


# What is stated


def test_a_stated_offset_settles_the_instant():
    assert resolve(wall("2024-01-02T10:00", -300), NOTHING_KNOWN) == Moment(
        datetime(2024, 1, 2, 10), -300, "offset", utc("2024-01-02T15:00"), 0
    )


def test_a_time_in_utc_is_shown_on_the_clock_of_its_place():
    moment = resolve(wall("2024-01-02T10:00", 0), NOTHING_KNOWN, NEW_YORK)

    assert (moment.occurred_local, moment.utc_offset, moment.time_basis) == (datetime(2024, 1, 2, 5), -300, "offset")
    assert moment.occurred_at == utc("2024-01-02T10:00")


def test_a_time_in_utc_of_an_unknown_place_stays_as_printed():
    moment = resolve(wall("2024-01-02T10:00", 0), ZoneRule(home=SHANGHAI))

    assert (moment.occurred_local, moment.utc_offset) == (datetime(2024, 1, 2, 10), 0)


def test_an_instant_is_exact_and_has_a_wall_clock_only_where_its_zone_is_known():
    assert resolve(epoch("2024-01-02T10:00"), ZoneRule(home=SHANGHAI)).occurred_local is None
    assert resolve(epoch("2024-01-02T10:00"), NOTHING_KNOWN, SHANGHAI) == Moment(
        datetime(2024, 1, 2, 18), 480, "offset", utc("2024-01-02T10:00"), 0
    )
    assert resolve(epoch("2024-01-02T10:00", 120), NOTHING_KNOWN).occurred_local == datetime(2024, 1, 2, 12)


def test_a_distrusted_offset_is_ignored():
    lie = wall("2024-01-02T10:00", 0)

    assert resolve(lie, ZoneRule(distrust_offset=True, always=SHANGHAI)).occurred_at == utc("2024-01-02T02:00")
    assert resolve(lie, ZoneRule(distrust_offset=True), NEW_YORK).occurred_at == utc("2024-01-02T15:00")
    assert resolve(lie, ZoneRule(distrust_offset=True, home=SHANGHAI), None, ("CN",)).time_basis == "assumed"


def test_the_wall_clock_of_an_instant_with_a_distrusted_offset_is_kept():
    # What .NET makes of 12:00 without a zone on a server in Berlin.
    instant = datetime(2024, 1, 2, 11, tzinfo=UTC)
    clock = Clock(None, 60, instant, "second")

    assert resolve(clock, ZoneRule(distrust_offset=True), SHANGHAI) == Moment(
        datetime(2024, 1, 2, 12), 480, "place", utc("2024-01-02T04:00"), 0
    )
    assert resolve(clock, NOTHING_KNOWN, SHANGHAI).occurred_at == instant


def test_wall_clocks_that_were_sent_as_instants_are_recovered():
    sent_as_utc = epoch("2024-01-02T18:00")
    sent_as_beijing = wall("2024-01-02T10:00", 0)

    assert resolve(sent_as_utc, ZoneRule(wall_is="UTC"), NEW_YORK) == Moment(
        datetime(2024, 1, 2, 18), -300, "place", utc("2024-01-02T23:00"), 0
    )
    assert resolve(sent_as_beijing, ZoneRule(wall_is=SHANGHAI), NEW_YORK).occurred_local == datetime(2024, 1, 2, 18)


def test_a_zone_named_with_the_value_is_the_sources_own():
    moment = resolve(wall("2024-07-02T10:00", zone="America/Toronto"), ZoneRule(home=BERLIN), SHANGHAI)

    assert (moment.time_basis, moment.occurred_at) == ("zone", utc("2024-07-02T14:00"))


def test_an_abbreviation_names_a_clock_not_an_offset():
    summer = wall("2024-07-02T10:00", zone="EST")

    assert resolve(summer, ZoneRule(abbreviations="america")).utc_offset == -240
    assert resolve(summer, NOTHING_KNOWN, BERLIN).time_basis == "place"


# What the carrier and the place tell


def test_the_carriers_documented_zone_beats_the_place():
    moment = resolve(wall("2024-01-02T10:00"), ZoneRule(always=BERLIN), NEW_YORK)

    assert (moment.time_basis, moment.utc_offset, moment.occurred_at) == ("zone", 60, utc("2024-01-02T09:00"))


def test_the_place_beats_the_carriers_home():
    moment = resolve(wall("2024-07-02T10:00"), ZoneRule(home=SHANGHAI), NEW_YORK)

    assert (moment.time_basis, moment.utc_offset, moment.occurred_at) == ("place", -240, utc("2024-07-02T14:00"))


@given(instants | around_changes, st.sampled_from(ZONES), st.sampled_from(["place", "always"]))
def test_the_interval_holds_the_truth_in_any_zone_at_any_time(truth, zone, ground):
    clock = Clock(wall_in(zone, truth), None, None, "second")

    moment = resolve(clock, NOTHING_KNOWN, zone) if ground == "place" else resolve(clock, ZoneRule(always=zone))

    assert holds(moment, truth)
    assert moment.uncertainty_s <= 1800
    if moment.utc_offset is not None:
        assert moment.occurred_local - timedelta(minutes=moment.utc_offset) == moment.occurred_at.replace(tzinfo=None)


def test_the_hour_that_comes_twice_is_both():
    moment = resolve(wall("2024-11-03T01:30"), NOTHING_KNOWN, NEW_YORK)

    assert (moment.utc_offset, moment.uncertainty_s) == (None, 1800)
    assert holds(moment, utc("2024-11-03T05:30"))
    assert holds(moment, utc("2024-11-03T06:30"))


def test_the_hour_that_is_left_out_is_read_with_the_clock_before_and_after():
    moment = resolve(wall("2024-03-10T02:30"), NOTHING_KNOWN, NEW_YORK)

    assert (moment.utc_offset, moment.uncertainty_s) == (None, 1800)
    assert holds(moment, utc("2024-03-10T07:30"))
    assert holds(moment, utc("2024-03-10T06:30"))


# What is assumed


def test_nothing_known_is_the_home_zone_and_as_far_as_the_parcel_may_be():
    moment = resolve(wall("2024-01-02T10:00"), ZoneRule(home=SHANGHAI), None, ("CN", "US"))

    assert moment == Moment(datetime(2024, 1, 2, 10), None, "assumed", utc("2024-01-02T02:00"), 18 * 3600)


def test_no_home_is_the_middle_of_the_countries():
    moment = resolve(wall("2024-01-02T10:00"), NOTHING_KNOWN, None, ("DE", "CN"))

    assert (moment.occurred_at, moment.uncertainty_s) == (utc("2024-01-02T05:30"), 3.5 * 3600)


def test_no_country_is_every_inhabited_zone():
    for rule in (NOTHING_KNOWN, ZoneRule(home=BERLIN)):
        moment = resolve(wall("2024-01-02T10:00"), rule)
        for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):
            assert holds(moment, datetime(2024, 1, 2, 10, tzinfo=zone_called(zone)).astimezone(UTC))


def test_a_place_of_several_zones_narrows_what_is_assumed():
    moment = resolve(wall("2024-01-02T10:00"), ZoneRule(home=SHANGHAI), None, ("CN", "US"), country_of_place="US")

    assert moment.time_basis == "assumed"
    assert moment.uncertainty_s == 2.5 * 3600
    assert holds(moment, utc("2024-01-02T15:00"))
    assert holds(moment, utc("2024-01-02T20:00"))


def test_a_home_within_the_places_country_is_still_the_best_guess():
    moment = resolve(wall("2024-01-02T10:00"), ZoneRule(home=NEW_YORK), None, (), country_of_place="US")

    assert (moment.occurred_at, moment.uncertainty_s) == (utc("2024-01-02T15:00"), 5 * 3600)


COUNTRIES = ["US", "CN", "DE", "ES", "AU", "BR", "ID", "RU"]


@given(
    st.data(),
    instants | around_changes,
    st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=3),
    st.sampled_from([None, *ZONES]),
    st.booleans(),
)
def test_the_interval_holds_the_truth_in_any_zone_of_the_countries(data, truth, countries, home, placed):
    country = data.draw(st.sampled_from(countries))
    zone = data.draw(st.sampled_from(zones_of(country)))
    clock = Clock(wall_in(zone, truth), None, None, "second")

    moment = resolve(clock, ZoneRule(home=home), None, tuple(countries), None, country if placed else None)

    assert moment.time_basis == "assumed"
    assert holds(moment, truth)


# Days


def test_a_day_is_its_noon_give_or_take_half_a_day():
    assert resolve(day("2024-01-02"), NOTHING_KNOWN, NEW_YORK) == Moment(
        datetime(2024, 1, 2, 12), -300, "date", utc("2024-01-02T17:00"), 43_200
    )


def test_a_day_of_an_unknown_place_is_a_day_at_home():
    moment = resolve(day("2024-01-02"), ZoneRule(home=SHANGHAI), None, ("CN", "US"))

    assert (moment.occurred_at, moment.uncertainty_s, moment.utc_offset) == (utc("2024-01-02T04:00"), 43_200, None)


def test_a_day_said_in_utc_is_a_day_of_its_place():
    assert resolve(day("2024-01-02", 0), NOTHING_KNOWN, NEW_YORK).occurred_at == utc("2024-01-02T17:00")
    assert resolve(day("2024-01-02", 120), NOTHING_KNOWN, NEW_YORK).occurred_at == utc("2024-01-02T10:00")
    assert resolve(day("2024-01-02", 0), NOTHING_KNOWN).occurred_at == utc("2024-01-02T12:00")


@given(instants | around_changes, st.sampled_from(ZONES))
def test_a_day_holds_all_its_hours_in_any_zone(truth, zone):
    midnight = wall_in(zone, truth).replace(hour=0, minute=0, second=0)

    moment = resolve(Clock(midnight, None, None, "date"), NOTHING_KNOWN, zone)

    assert moment.time_basis == "date"
    assert holds(moment, truth)


@pytest.mark.parametrize(
    ("zone", "first_second"),
    [(NEW_YORK, "2024-11-03T04:00"), ("America/Havana", "2024-11-03T04:00")],  # Havana's midnight comes twice
)
def test_a_day_of_25_hours_holds_its_first_second(zone, first_second):
    moment = resolve(day("2024-11-03"), NOTHING_KNOWN, zone)

    assert moment.uncertainty_s == 13 * 3600
    assert holds(moment, utc(first_second))


# Local time and UTC side by side


def test_local_time_and_utc_together_tell_the_offset():
    moment = resolve(wall("2024-01-02T10:00"), ZoneRule(home=BERLIN), None, (), wall("2024-01-02T02:00"))

    assert moment == Moment(datetime(2024, 1, 2, 10), 480, "offset", utc("2024-01-02T02:00"), 0)


def test_a_false_z_on_both_does_not_matter():
    moment = resolve(wall("2024-01-02T10:00", 0), NOTHING_KNOWN, None, (), wall("2024-01-02T02:00", 0))

    assert (moment.utc_offset, moment.contradicted) == (480, False)


def test_local_time_and_utc_that_cannot_both_be_right_are_reported():
    moment = resolve(wall("2024-01-02T10:07"), NOTHING_KNOWN, NEW_YORK, (), wall("2024-01-02T15:00"))

    assert moment.contradicted
    assert moment.occurred_at == utc("2024-01-02T15:00")


def test_a_day_beside_a_time_in_utc_adds_nothing():
    assert resolve(day("2024-01-02"), NOTHING_KNOWN, None, (), wall("2024-01-02T02:00")).occurred_at == utc(
        "2024-01-02T02:00"
    )
    assert resolve(wall("2024-01-02T10:00"), NOTHING_KNOWN, SHANGHAI, (), day("2024-01-02")).time_basis == "place"


@given(instants, st.integers(-48, 56), st.booleans())
def test_any_quarter_of_an_hour_that_exists_is_an_offset(instant, quarters, cut_to_minutes):
    there = instant.replace(tzinfo=None)
    local = there + timedelta(minutes=15 * quarters)

    assert offset_between(local.replace(second=0) if cut_to_minutes else local, there) == 15 * quarters


@pytest.mark.parametrize("minutes", [7, -8, 14 * 60 + 15, -12 * 60 - 15, 24 * 60])
def test_other_differences_are_no_offset(minutes):
    assert offset_between(datetime(2024, 1, 2) + timedelta(minutes=minutes), datetime(2024, 1, 2)) is None


# The rule itself, and the host


@pytest.mark.parametrize(
    "rule", [{"always": "Europe/Nowhere"}, {"home": "EST5"}, {"wall_is": "Beijing"}, {"abbreviations": "mars"}]
)
def test_a_rule_with_an_unknown_zone_is_refused(rule):
    with pytest.raises(ValueError):
        ZoneRule(**rule)


@pytest.fixture
def host_zone():
    with pytest.MonkeyPatch.context() as patch:

        def move_to(name: str) -> None:
            patch.setenv("TZ", name)
            host.tzset()

        yield move_to
    host.tzset()


@pytest.mark.skipif(not hasattr(host, "tzset"), reason="this host cannot move")
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "America/New_York"])
def test_the_hosts_zone_never_matters(host_zone, name):
    clocks = [wall("2024-11-03T01:30"), wall("2024-01-02T10:00", 0), epoch("2024-07-02T10:00"), day("2024-03-31")]
    rules = [NOTHING_KNOWN, ZoneRule(home=BERLIN), ZoneRule(wall_is=SHANGHAI)]

    def answers() -> list[Moment]:
        resolving._day.cache_clear()
        resolving._span.cache_clear()
        return [
            resolve(clock, rule, zone, ("CN", "US")) for clock in clocks for rule in rules for zone in (None, NEW_YORK)
        ]

    host_zone("UTC")
    at_greenwich = answers()
    host_zone(name)

    assert answers() == at_greenwich
