"""Following seasons: the rules of the contracts, and that the policy lives by what it asked for."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.app.plugins import roots
from everyleg.core.model import NOWHERE, Place, Statement
from everyleg.durations.gaps import State, sums_of
from everyleg.durations.hazards import learn
from everyleg.durations.kinds import DELIVERED, OTHER, OUT_FOR_DELIVERY
from everyleg.durations.prior import prior
from everyleg.durations.together import together_of
from everyleg.lab.freshness.batches import BatchFollower, BatchLesson, moves
from everyleg.lab.freshness.following import Follower, Lesson, at_calls, back_off, every
from everyleg.lab.freshness.journeys import Journey, Standing, gaps, journeys
from everyleg.lab.freshness.outcome import Outcome
from everyleg.lab.season import SeasonEvent, SeasonLeg, SeasonParcel, read
from everyleg.lab.world import Plan, World
from everyleg.planner.policy.adaptive import Adaptive
from everyleg.ports.number_formats import load_formats

HOUR, DAY = 3600.0, 86400.0
HAZARDS, TOGETHER = prior()
BEGIN = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def journey(*news, begun=0.0, delivered=True, cohort=None, limit=60 * DAY):
    """Published hours, and the kind of each; the last one is the delivery."""
    kinds = [OTHER] * len(news)
    if delivered:
        kinds[-1] = DELIVERED
    at = np.array([begun + hour * HOUR for hour in news])
    standings = [Standing(State("in_transit", "acme"), begun, 0)] * (len(news) + 1)
    return Journey(begun, begun + limit, at, np.array(kinds, dtype=np.int64), standings, delivered, cohort)


def made(seed, parcels, days=60):
    return journeys(read(World(Plan(seed, parcels, days=days), load_formats(roots())).lines()))


@pytest.fixture(scope="module")
def season():
    return made(3, 250)


@pytest.fixture(scope="module")
def learned():
    return learn(sums_of(gaps(made(4, 600))))


def test_fixed_intervals_show_news_at_the_next_round():
    outcome = every([journey(1, 6, 13)], 6)
    assert outcome.staleness_h.tolist() == [5, 0, 5]
    assert outcome.calls == 4  # at 0, 6, 12 and 18 hours, when the delivery is seen


def test_without_a_delivery_polling_ends_after_sixty_days():
    outcome = every([journey(1, delivered=False)], 6)
    assert outcome.calls == 60 * 4 + 1


def test_what_no_check_shows_is_stale_to_the_end():
    assert every([journey(7, delivered=False, limit=8 * HOUR)], 6).staleness_h.tolist() == [1]


def test_back_off_starts_again_with_news():
    outcome = back_off([journey(1, 20, 21.5)], (3, 6, 12, 24))
    # asked at 0, 3 (news), 6, 12, 24 (both)
    assert outcome.staleness_h.tolist() == [2, 4, 2.5]
    assert outcome.calls == 5


def test_weights_are_those_of_the_contract():
    outcome = Outcome(np.array([1.0, 3.0, 5.0]), np.array([OTHER, OUT_FOR_DELIVERY, DELIVERED]), 1.0)
    figures = outcome.figures()
    assert figures["weighted"] == pytest.approx((1 + 9 + 15) / 7)
    assert (figures["out_for_delivery"], figures["delivered"]) == (3, 5)


def told(hours, sub_status, milestone, stage="last_mile", country=None):
    at = BEGIN + dt.timedelta(hours=hours)
    words = {
        "carrier": "acme",
        "tracking_number": "1",
        "stage": stage,
        "milestone": milestone,
        "sub_status": sub_status,
    }
    times = {"occurred_local": None, "utc_offset": 60, "time_basis": "offset", "occurred_at": at, "uncertainty_s": 0}
    place = Place(country=country) if country else NOWHERE
    rest = {"code": None, "text": None, "lang": None, "source": "carrier_api", "observed_at": None, "observation": None}
    return SeasonEvent("p", at, Statement(**words, **times, place=place, **rest, key=str(hours)))


def test_a_delivery_in_another_country_or_by_the_first_mile_does_not_end_it():
    parcel = SeasonParcel(id="p", legs=[SeasonLeg("acme", "1")], destination="US", created_at=BEGIN)
    lines = [
        parcel,
        told(5, "delivered", "delivered", "first_mile"),
        told(9, "delivered", "delivered", country="CN"),
        told(90, "out_for_delivery", "out_for_delivery", country="US"),
        told(95, "delivered_signed", "delivered", country="US"),
        told(97, "delivered", "delivered"),
    ]
    (found,) = journeys(lines)
    assert found.kinds.tolist() == [OTHER, OTHER, OUT_FOR_DELIVERY, DELIVERED]
    assert found.delivered


def test_what_lies_in_the_future_teaches_nothing(season):
    until = min(one.begun for one in season) + 20 * DAY
    known = list(gaps([one for one in season if one.begun < until], until))
    assert max(one.ended for one in known) <= until
    assert any(one.kind < 0 for one in known)


def test_the_policy_sees_only_what_it_asked_for(season, learned):
    """What is published after its last look changes nothing of what it does before."""
    cut = min(one.begun for one in season) + 25 * DAY
    known = [one for one in season if one.begun < cut]

    def asked(some):
        times = []

        class Noting(Adaptive):
            def choose(self, choice):
                times.extend(now for now in choice.now if now <= cut)
                return super().choose(choice)

        Follower(some, [Lesson(0.0, learned)]).follow(lambda hazards: Noting(hazards, 1.0))
        return sorted(times)

    def blinded(one):
        later = one.published > cut
        return one._replace(published=np.where(later, one.limit, one.published)) if later.any() else one

    assert asked(known) == asked([blinded(one) for one in known])


def test_adaptive_is_fresher_than_fixed_at_the_same_calls(season, learned):
    fixed = every(season, 6)
    follower = Follower(season, [Lesson(0.0, learned)])
    found, _ = at_calls(
        fixed.calls, lambda price: follower.follow(lambda hazards: Adaptive(hazards, price)), within=0.02
    )
    assert abs(found.calls / fixed.calls - 1) <= 0.02
    ratios = found.over(fixed)
    assert ratios["mean"] < 0.75
    assert ratios["weighted"] < 0.65
    assert ratios["delivered"] < 0.35


def test_the_same_season_and_price_give_the_same(season, learned):
    some = season[:60]
    first, second = (
        Follower(some, [Lesson(0.0, learned)]).follow(lambda hazards: Adaptive(hazards, 1.0)) for _ in range(2)
    )
    assert np.array_equal(first.staleness_h, second.staleness_h)
    assert first.calls == second.calls


def test_where_parcels_travel_in_batches_sentinels_tell_of_the_others():
    """Forty parcels whose news comes at the same minute, at no hour of the day that could be known."""
    rng = np.random.default_rng(7)

    def batch(name, start):
        news = np.cumsum(rng.uniform(10, 60, 8))
        statuses = ["a", "b", "c", "d", "e", "f", "g", "h"]
        standings = [Standing(State(s, "acme"), start + h * HOUR, 0) for s, h in zip(statuses, news, strict=True)]
        first = Standing(State("registered"), start, 0)
        return [journey(*news, begun=start, cohort=name)._replace(standings=[first, *standings]) for _ in range(40)]

    def batches(count):
        return [one for i in range(count) for one in batch(str(i), i * 11 * HOUR)]

    before, some = batches(12), batches(3)
    hazards = learn(sums_of(gaps(before)))
    together = together_of(moves(before))
    fixed = every(some, 6)
    alone = Follower(some, [Lesson(0.0, hazards)])
    by_itself, _ = at_calls(fixed.calls, lambda price: alone.follow(lambda known: Adaptive(known, price)), within=0.03)
    batched = BatchFollower(some, [BatchLesson(0.0, hazards, together)])
    found, _ = at_calls(fixed.calls, lambda price: batched.follow(lambda known: Adaptive(known, price)), within=0.03)
    assert found.over(fixed)["mean"] < 0.45
    assert found.figures()["mean"] < 0.7 * by_itself.figures()["mean"]


@given(st.lists(st.floats(0.1, 200), min_size=1, max_size=6, unique=True), st.floats(0.5, 24))
def test_fixed_staleness_is_never_longer_than_the_interval(hours, interval):
    outcome = every([journey(*sorted(hours))], interval)
    assert np.all(outcome.staleness_h >= -1e-6)
    assert np.all(outcome.staleness_h <= interval + 1e-6)
