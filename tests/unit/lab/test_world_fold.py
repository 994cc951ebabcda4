"""The product's own fold as oracle: what was published of a finished parcel tells how it ended."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lab.worlds import some, timelines, world

OUTCOME = {
    "delivered": lambda t: t.milestone == "delivered",
    "returned": lambda t: t.milestone == "returned",
    "cancelled": lambda t: t.sub_status == "cancelled",
    "seized": lambda t: t.sub_status == "import_customs_seized",
    "lost": lambda t: t.milestone not in ("delivered", "returned"),
}


def assert_told(here, made):
    (timeline,) = timelines(here, made)
    assert OUTCOME[made.trip.end](timeline), (made.trip.order.index, made.trip.end, timeline.sub_status)
    return timeline


@pytest.mark.parametrize("seed", [1, 2])
def test_the_fold_finds_how_every_parcel_ended(seed):
    here, parcels = some(seed)
    for made in parcels:
        assert_told(here, made)


@settings(max_examples=20)
@given(st.integers(0, 2**40), st.integers(0, 10**6))
def test_the_fold_finds_how_any_parcel_ended(seed, index):
    here = world(seed)
    assert_told(here, here.parcel(index))


def test_deliveries_are_dated_right_unless_the_clock_had_no_zone():
    here, parcels = some()
    delivered = [(made, timelines(here, made)[0]) for made in parcels[:500] if made.trip.end == "delivered"]
    off = [abs(timeline.delivered_at.timestamp() - made.trip.ended) for made, timeline in delivered]
    assert sum(seconds < 3600 for seconds in off) > 0.98 * len(off)


def test_chains_fold_into_as_many_legs_with_joints_between():
    here, parcels = some()
    whole = [made for made in parcels[:500] if made.trip.end == "delivered"]
    for made in whole:
        (timeline,) = timelines(here, made)
        assert len(timeline.legs) == len(made.numbers)
        assert len(timeline.handoffs) == len(made.numbers) - 1
