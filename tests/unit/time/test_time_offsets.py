"""What sources say of the zone beside a time."""

# ruff: noqa: DTZ001 - wall clocks have no zone

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.time.clock import Clock
from everyleg.core.time.offsets import ABBREVIATIONS, parse_offset, with_zone, zone_name
from everyleg.core.time.zones import zone

WALL = Clock(datetime(2024, 1, 2, 10), None, None, "second")
FALSE_OR_TRUE_UTC = Clock(datetime(2024, 1, 2, 10), 0, None, "second")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+8", 480),
        ("+08", 480),
        ("+0800", 480),
        ("+08:00", 480),
        ("+530", 330),
        ("-7:00", -420),
        ("UTC+08:00", 480),
        ("GMT+02:00", 120),
        ("GMT-5", -300),
        ("gmt +9", 540),
        ("\u221203:30", -210),
        ("Z", 0),
        ("UTC", 0),
        (" GMT ", 0),
    ],
)
def test_offsets_are_read_in_any_usual_form(text, minutes):
    assert parse_offset(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "8", "08:00", "+15", "-13:00", "+08:75", "EST", "Asia/Shanghai", "+", "Z+8", "+٨"]
)
def test_what_states_no_sane_offset_gives_none(text):
    assert parse_offset(text) is None


@given(st.text())
def test_any_text_gives_a_sane_offset_or_none(text):
    offset = parse_offset(text)
    assert offset is None or -12 * 60 <= offset <= 14 * 60


def test_iana_names_are_zones():
    assert zone_name("America/Toronto") == "America/Toronto"
    assert zone_name("America/Nowhere") is None


def test_abbreviations_count_only_where_it_is_known_whose_they_are():
    assert zone_name("CST") is None
    assert zone_name("CST", "america") == "America/Chicago"
    assert zone_name("cst", "asia") == "Asia/Shanghai"


def test_every_abbreviation_names_a_zone_that_exists():
    for table in ABBREVIATIONS.values():
        for name in table.values():
            assert zone(name).key == name


def test_an_offset_beside_a_wall_clock_belongs_to_it():
    assert with_zone(WALL, "+8") == Clock(WALL.local, 480, None, "second")


def test_an_offset_beside_a_time_in_utc_tells_where_that_instant_was():
    instant = datetime(2024, 1, 2, 10, tzinfo=UTC)

    assert with_zone(FALSE_OR_TRUE_UTC, "-05:00") == Clock(None, -300, instant, "second")
    assert with_zone(Clock(None, None, instant, "second"), "GMT+02:00") == Clock(None, 120, instant, "second")


def test_an_offset_within_the_value_stands_against_one_beside_it():
    own = Clock(WALL.local, 120, None, "second")
    assert with_zone(own, "+8") == own


def test_a_date_stays_a_date_whatever_stands_beside_it():
    assert with_zone(Clock(datetime(2024, 1, 2), 0, None, "date"), "+8").precision == "date"
    assert with_zone(Clock(datetime(2024, 1, 2), 0, None, "date"), "+8").local == datetime(2024, 1, 2)


def test_other_words_are_kept_as_the_zone():
    assert with_zone(WALL, " EST ").zone == "EST"
