"""The demo's story: the same from start to start, full of things to see, and asked about as a planner would."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lab.readback import read
from tests.unit.lab.worlds import formats

from everyleg.lab.demo.asking import CHECK_EVERY, ask, due, history, open_at
from everyleg.lab.demo.curiosities import curiosities
from everyleg.lab.demo.plot import BEFORE_DAYS, Plot, demo_plan
from everyleg.lab.demo.selling import sale
from everyleg.lab.rendering.scans import Reply
from everyleg.lab.rendering.shapes import SHAPES

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


@cache
def plot(parcels=200):
    return Plot(demo_plan(NOW, parcels), formats())


@cache
def scenes():
    return list(plot().scenes(None, NOW))


def legs():
    return [leg for scene in scenes() for leg in scene.legs]


def test_about_as_many_parcels_as_asked_are_on_their_way_or_there():
    assert 150 < len(scenes()) < 260
    assert {scene.end for scene in scenes()} >= {"delivered"}
    assert 0.2 < sum(open_at(leg, NOW) for leg in legs()) / len(legs()) < 0.8


def test_only_carriers_that_answer_are_asked():
    assert {leg.carrier for leg in legs()} <= set(SHAPES)
    assert len({leg.carrier for leg in legs()}) >= 10


def test_a_second_start_tells_the_same_story_and_what_comes_then():
    again = Plot(plot().plan, formats())
    later = NOW + timedelta(days=3)
    before, since = list(again.scenes(None, NOW)), list(again.scenes(NOW, later))
    assert [s.parcel for s in before] == [s.parcel for s in scenes()]
    assert [s.parcel for s in again.scenes(None, later)] == [s.parcel for s in [*before, *since]]
    assert since


@settings(max_examples=30, deadline=None)
@given(today=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_a_demo_can_begin_on_any_day(today):
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    plan = demo_plan(now, 5)
    told = plan.start + timedelta(weeks=plan.shift_weeks)
    assert now.date() - told == timedelta(days=BEFORE_DAYS)


def test_a_season_told_in_another_year_is_the_same_but_for_its_dates():
    now = NOW + timedelta(weeks=52 * 5)
    moved = Plot(demo_plan(now, 20), formats())
    scene = next(iter(moved.scenes(None, now)))
    assert abs(now - scene.parcel.created_at) < timedelta(days=BEFORE_DAYS + 1)
    leg = scene.legs[0]
    answer = ask([leg], leg.published[-1].at)
    events = read(Reply(answer.body), leg.carrier, leg.number, now=now).results[0].events
    assert {e.occurred_at for e in events} >= {
        one.event.occurred_at.replace(microsecond=0) for one in leg.published[:1]
    }


def test_every_news_is_seen_by_the_next_round():
    for leg in legs():
        asked = list(history(leg, NOW, timedelta(hours=24)))
        news = [one.at for one in leg.published if one.at <= NOW]
        assert asked == sorted(asked)
        assert asked[-1] <= NOW
        assert all(any(at <= moment < at + timedelta(hours=24.01) or moment == NOW for moment in asked) for at in news)


def test_nobody_asks_on_when_all_is_told():
    done = next(leg for leg in legs() if leg.published and leg.published[-1].event.milestone == "delivered")
    after = done.published[-1].at + timedelta(minutes=1)
    assert not open_at(done, after)
    assert not due(done, after, after + timedelta(days=30))


def test_news_is_asked_for_at_once_and_silence_every_six_hours():
    leg = next(leg for leg in legs() if len(leg.published) > 3 and leg.published[1].at < leg.published[2].at)
    first, second = leg.published[1].at, leg.published[2].at
    assert due(leg, first, second)
    quiet = min(second - timedelta(seconds=1), first + CHECK_EVERY / 2)
    assert not due(leg, first, quiet)
    assert due(leg, first - CHECK_EVERY, first)


def test_something_odd_is_there_for_every_page():
    odd = curiosities(list(plot(1000).scenes(None, NOW)), NOW)
    assert {one.kind for one in odd.odd} == {"recycled", "replaced", "replacement", "held", "unknown", "unreadable"}
    for bad in odd.bad_answers:
        result = read(Reply(bad.body), bad.carrier, bad.number, now=NOW).results[0]
        assert (result.outcome, result.reason.kind) == ("failed", "unreadable")


def test_the_seller_knows_the_first_number_that_can_be_asked():
    for scene in scenes():
        order = sale(scene, str.upper)
        assert (order.carrier, order.tracking_number) == (scene.legs[0].carrier, scene.legs[0].number)
        assert order.buyer_email.endswith("@example.com")
    references = [sale(scene, str.upper).order_reference for scene in scenes()]
    assert len(set(references)) == len(references)
