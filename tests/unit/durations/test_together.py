"""How the parcels of a cohort move together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.durations.together import CURVE_LAGS, Move, added, together_of

HOUR = 3600.0
LEFT, CAME = ("arrived_destination", "acme"), ("import_customs_released", "acme")


def moves(*hours, cohort="a"):
    return [Move(cohort, LEFT, CAME, 0.0, hour * HOUR) for hour in hours]


def test_who_moves_at_once_moves_together():
    cohorts = [moves(*[20] * 10, cohort=str(i)) for i in range(20)]
    found = together_of(one for some in cohorts for one in some)
    assert found.leaving(LEFT) > 0.95
    assert found.told(CAME)[-1] == pytest.approx(1.0, abs=0.2)


def test_who_moves_each_in_their_own_time_does_not():
    cohorts = [moves(*range(0, 400, 20), cohort=str(i)) for i in range(20)]
    assert together_of(one for some in cohorts for one in some).leaving(LEFT) < 0.1


def test_different_cohorts_have_nothing_to_do_with_each_other():
    assert together_of(moves(5, cohort="a") + moves(5, cohort="b")).left == {}


def test_the_curve_rises_around_the_middle_of_the_batch():
    curve = together_of([one for i in range(80) for one in moves(10, 11, 12, cohort=str(i))]).gone(LEFT)
    by = dict(zip((CURVE_LAGS / HOUR).round(2).tolist(), curve.tolist(), strict=True))
    assert by[-3.0] < 0.1 < by[0.0] < 0.8 < by[3.0]
    assert np.all(np.diff(curve) >= 0)


def test_who_comes_when_the_others_have_gone_does_not_count():
    late = [Move("a", LEFT, CAME, 60 * HOUR, 70 * HOUR)]
    assert np.array_equal(together_of(moves(*[20] * 9) + late).left[LEFT], together_of(moves(*[20] * 9)).left[LEFT])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(1, 60)), max_size=20))
def test_sums_of_different_cohorts_add_up(some):
    told = [Move(cohort, LEFT, CAME, 0.0, hour * HOUR) for cohort, hour in some]
    parts = [together_of([one for one in told if one.cohort == cohort]) for cohort in "abc"]
    whole = together_of(told)
    total = added(added(parts[0], parts[1]), parts[2])
    assert whole.came.keys() == total.came.keys()
    assert all(np.array_equal(whole.came[told], total.came[told]) for told in whole.came)
