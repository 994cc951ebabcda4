"""Sums of gaps, and the hazards that come out of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.durations.gaps import NOTHING, Gap, State, sums_of
from everyleg.durations.hazards import learn
from everyleg.durations.kinds import DELIVERED, KINDS, OTHER
from everyleg.durations.prior import decode, encode, prior
from everyleg.durations.together import Together

HOUR, DAY = 3600.0, 86400.0
MONDAY = 4 * DAY  # the epoch was a Thursday
ONES = np.ones(len(KINDS))

states = st.builds(State, st.sampled_from(["in_transit", "out_for_delivery"]), st.sampled_from(["acme", "bolt"]))
starts = st.floats(0, 30 * DAY)


@st.composite
def gap(draw):
    begun = draw(starts)
    ended = begun + draw(st.floats(0, 20 * DAY))
    event = begun - draw(st.floats(0, DAY))
    return Gap(draw(states), begun, ended, event, draw(st.sampled_from([0, 28800, -18000])), draw(st.integers(-1, 4)))


def same(one, other):
    return (
        one.states == other.states
        and np.array_equal(one.exposure_at, other.exposure_at)
        and np.array_equal(one.news_at, other.news_at)
        and np.allclose(one.exposure, other.exposure, atol=1e-6)
        and np.allclose(one.news, other.news)
    )


def rate(hazards, state, age_h, at=MONDAY + 12 * HOUR, weights=ONES):
    places = hazards.places([state])
    return float(hazards.rates(places, np.array([[age_h * HOUR]]), np.array([[at]]), weights)[0, 0])


@given(st.lists(gap(), max_size=12), st.randoms())
def test_any_order_and_any_parts_give_the_same_sums(gaps, random):
    whole = sums_of(gaps)
    random.shuffle(gaps)
    cut = random.randint(0, len(gaps))
    assert same(sums_of(gaps[:cut]) + sums_of(gaps[cut:]), whole + NOTHING)


@given(st.lists(gap(), max_size=8), st.lists(gap(), max_size=8))
def test_a_gap_that_proves_wrong_is_taken_back(kept, wrong):
    learned = sums_of(kept + wrong) + sums_of(wrong).scaled(-1)
    expected = sums_of(kept)
    assert learned.exposure.sum() == pytest.approx(expected.exposure.sum(), abs=1e-5)
    assert learned.news.sum() == pytest.approx(expected.news.sum())


def test_exposure_is_all_of_the_time_that_was_lived_through():
    sums = sums_of([Gap(State("in_transit"), 10.5 * HOUR, 75.25 * HOUR, 0.0, 0, OTHER)])
    assert sums.exposure.sum() == pytest.approx(64.75)
    assert sums.news.sum() == 1


def test_a_rate_is_news_by_time_lived_through():
    gaps = [
        Gap(State("in_transit"), i * DAY, i * DAY + 50 * HOUR, i * DAY, 0, OTHER if i % 2 else -1) for i in range(2000)
    ]
    hazards = learn(sums_of(gaps))
    state = State("in_transit")
    assert rate(hazards, state, 50.5, at=2 * DAY + 2.5 * HOUR) > 20 * rate(hazards, state, 30, at=DAY + 6.5 * HOUR)


def test_hours_without_news_are_learned():
    """News at ten in the morning only, whatever the age."""
    gaps = []
    for i in range(1500):
        begun = MONDAY + i * DAY + (i % 24) * HOUR
        ended = np.ceil((begun - 10 * HOUR) / DAY) * DAY + 10 * HOUR + 60
        gaps.append(Gap(State("in_transit"), begun, ended, begun, 0, OTHER))
    hazards = learn(sums_of(gaps))
    morning = rate(hazards, State("in_transit"), 10, at=MONDAY + 10 * HOUR + 60)
    assert morning > 50 * rate(hazards, State("in_transit"), 10, at=MONDAY + 22 * HOUR)
    assert morning > 5 * rate(hazards, State("in_transit"), 10, at=MONDAY + 10 * HOUR + 1800)


def steady(state, hours, count, kind=OTHER):
    return [Gap(state, i * 7 * HOUR, (i * 7 + hours) * HOUR, i * 7 * HOUR, 0, kind) for i in range(count)]


def test_an_unknown_carrier_behaves_like_any_in_that_state_and_a_known_one_like_itself():
    quick, slow = State("in_transit", "acme"), State("in_transit", "bolt")
    hazards = learn(sums_of(steady(quick, 2, 800) + steady(slow, 40, 800)))
    unknown = rate(hazards, State("in_transit", "new"), 1.5)
    assert rate(hazards, slow, 1.5) < unknown < rate(hazards, quick, 1.5)


def test_a_few_own_cases_move_a_prior_little_and_many_move_it_far():
    state = State("in_transit", "acme")
    before = learn(sums_of(steady(state, 2, 1000)))
    few = learn(sums_of(steady(state, 3, 2)), before)
    many = learn(sums_of(steady(state, 40, 2000)), before)
    assert rate(few, state, 1.5) > 0.5 * rate(before, state, 1.5)
    assert rate(many, state, 1.5) < 0.1 * rate(before, state, 1.5)


def test_without_anything_learned_the_prior_stands():
    hazards, _ = prior()
    after = learn(NOTHING, hazards)
    state = State("out_for_delivery", "acme", "US")
    assert rate(after, state, 3) == pytest.approx(rate(hazards, state, 3))


def test_the_shipped_prior_knows_what_everybody_knows():
    hazards, together = prior()
    delivered = np.eye(len(KINDS))[DELIVERED]
    noon = MONDAY + 12 * HOUR
    on_the_round = rate(hazards, State("out_for_delivery"), 4, noon, delivered)
    assert on_the_round > 20 * rate(hazards, State("departed_origin"), 4, noon, delivered)
    assert together.leaving(("departed_origin", "")) > together.leaving(("order_created", ""))


def test_a_prior_written_and_read_is_the_same_to_three_digits():
    hazards, together = prior()
    again, moved = decode(encode(hazards, together))
    assert again.index_of == hazards.index_of
    assert all(np.allclose(a, b, rtol=6e-3) for a, b in zip(again.factors, hazards.factors, strict=True))
    assert moved.left.keys() == together.left.keys()
    assert isinstance(moved, Together)
