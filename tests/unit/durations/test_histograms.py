"""Curves out of histograms: what still runs is censored, what ended otherwise competes, order does not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.durations.histograms import (
    BINS,
    EDGES,
    aalen_johansen,
    bin_of,
    empty,
    histogram_of,
    kaplan_meier,
    pooled,
    quantile,
)

HOUR = 3600.0
lengths = st.floats(0, 300 * 86400)
cases = st.lists(st.tuples(lengths, st.integers(0, 2)), max_size=30)


def test_bins_hold_their_upper_edge_and_the_last_one_is_open():
    assert bin_of(0.0) == 0
    assert bin_of(EDGES[5]) == 5
    assert bin_of(EDGES[5] + 1) == 6
    assert bin_of(1e12) == BINS - 1


def test_without_running_ones_the_curve_is_the_share_that_took_longer():
    found = histogram_of([(h * HOUR, 0) for h in (1, 2, 4, 8)])
    survival = kaplan_meier(found)
    assert survival[bin_of(1.5 * HOUR)] == pytest.approx(0.75)
    assert survival[bin_of(100 * HOUR)] == 0.0


def test_what_still_runs_makes_it_slower_than_what_has_ended_alone():
    ended = [(h * HOUR, 0) for h in (1, 2, 3, 4)]
    alone, together = histogram_of(ended), histogram_of(ended, [30 * HOUR] * 4)
    assert quantile(alone, 0.5) < 4 * HOUR
    assert quantile(together, 0.6) is None  # four in eight are known to take longer
    assert quantile(together, 0.5) == pytest.approx(4 * HOUR, rel=0.2)


def test_who_was_lost_can_no_longer_arrive():
    found = histogram_of([(2 * HOUR, 0)] * 6 + [(HOUR, 2)] * 4)
    arrived, returned, lost = aalen_johansen(found)[:, -1]
    assert (arrived, returned, lost) == (pytest.approx(0.6), 0.0, pytest.approx(0.4))


@given(cases, st.lists(lengths, max_size=30))
def test_incidences_and_survival_come_to_one(finished, running):
    found = histogram_of(finished, running)
    assert aalen_johansen(found).sum(axis=0) + kaplan_meier(found) == pytest.approx(np.ones(BINS))
    assert np.all(np.diff(kaplan_meier(found)) <= 1e-12)


@given(cases, cases, st.randoms())
def test_any_order_and_what_is_taken_back_leaves_the_same_sums(kept, wrong, random):
    parts = [histogram_of([one]) for one in kept + wrong] + [histogram_of([one]).scaled(-1) for one in wrong]
    random.shuffle(parts)
    total = sum(parts, start=empty())
    assert np.array_equal(total.finished, histogram_of(kept).finished)


def test_few_cases_lean_on_the_general_ones_and_many_do_not():
    general = histogram_of([(10 * HOUR, 0)] * 500)
    few, many = histogram_of([(HOUR, 0)] * 2), histogram_of([(HOUR, 0)] * 2000)
    assert quantile(pooled([general, few]), 0.5) > 8 * HOUR
    assert quantile(pooled([general, many]), 0.5) < 1.2 * HOUR
