"""The season of `bench freshness --cohorts`: consignments of 20 to 2,000 parcels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.app.plugins import roots
from everyleg.lab.freshness.consignments import LEAST, MOST, batched, sizes
from everyleg.ports.number_formats import load_formats


@given(st.integers(0, 10_000), st.integers(2, 60))
def test_sizes_lie_between_the_limits_and_are_spread_by_multiples(seed, batches):
    drawn = sizes(seed, batches)
    assert drawn == sorted(drawn, reverse=True)
    assert LEAST <= drawn[-1] <= drawn[0] <= MOST
    middle = (LEAST * MOST) ** 0.5
    assert abs(sum(size > middle for size in drawn) - batches / 2) <= 1


@pytest.fixture(scope="module")
def season():
    return batched(3, 2000, load_formats(roots()), orders=5000)


def test_the_same_seed_gives_the_same_season(season):
    again = batched(3, 2000, load_formats(roots()), orders=5000)
    assert [one.cohort for one in again] == [one.cohort for one in season]
    assert all(np.array_equal(a.published, b.published) for a, b in zip(again, season, strict=True))


def test_every_parcel_is_in_a_batch_and_no_batch_is_larger_than_drawn(season):
    there = sorted(Counter(one.cohort for one in season).values(), reverse=True)
    assert None not in {one.cohort for one in season}
    assert len(there) == len(sizes(3, len(there)))
    assert all(size <= drawn for size, drawn in zip(there, sizes(3, len(there)), strict=True))


def test_ways_are_told_to_their_end(season):
    assert sum(one.delivered for one in season) > 0.7 * len(season)
    assert all(np.all(np.diff(one.published) >= 0) for one in season)
