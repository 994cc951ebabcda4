"""By which clock an event's day goes: its own, else that of where it probably is."""

import datetime as dt

import pytest

from everyleg.core.model import NOWHERE, Place, Statement
from everyleg.durations.kinds import clock_offset_s, is_abroad

AT = dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)
HOUR = 3600


def told(sub_status="arrived_facility", stage="any", offset=None, local=None, basis="assumed", country=None):
    place = Place(country=country) if country else NOWHERE
    clock = {"occurred_local": local, "utc_offset": offset, "time_basis": basis}
    who = {"carrier": "acme", "tracking_number": "1", "source": "carrier_api", "observed_at": None, "observation": None}
    what = {
        "stage": stage,
        "milestone": "in_transit",
        "sub_status": sub_status,
        "code": None,
        "text": None,
        "lang": None,
    }
    return Statement(**who, **what, **clock, place=place, occurred_at=AT, uncertainty_s=0, key="k")


def test_its_own_offset_counts_before_all():
    assert clock_offset_s(told(offset=-300, country="DE"), "CN") == -5 * HOUR


def test_a_wall_clock_tells_the_offset():
    assert clock_offset_s(told(local=dt.datetime(2026, 11, 20, 14))) == 8 * HOUR  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(
    ("country", "probably", "hours"), [("DE", "CN", 1), (None, "CN", 8), (None, None, 0), (None, "??", 0)]
)
def test_without_a_clock_its_country_counts_then_where_it_probably_is(country, probably, hours):
    assert clock_offset_s(told(country=country), probably) == hours * HOUR


def test_of_a_wide_country_the_clock_in_its_middle_counts():
    assert -10 * HOUR < clock_offset_s(told(country="US")) < -5 * HOUR


def test_a_day_alone_tells_no_clock():
    assert clock_offset_s(told(local=dt.datetime(2026, 11, 20), basis="date"), "CN") == 8 * HOUR  # noqa: DTZ001 - a day


@pytest.mark.parametrize(
    ("sub_status", "stage", "abroad"),
    [
        ("out_for_delivery", "any", True),
        ("picked_up", "any", False),
        ("arrived_facility", "last_mile", True),
        ("odd", "any", False),
    ],
)
def test_the_stage_or_what_happened_tells_the_side_of_the_border(sub_status, stage, abroad):
    assert is_abroad(told(sub_status, stage)) is abroad
