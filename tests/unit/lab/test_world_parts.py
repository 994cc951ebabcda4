"""The parts of the world, each by itself."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.lab.worlds import formats, world

from everyleg.core.time.zones import zone
from everyleg.core.vocabulary import STATUSES
from everyleg.lab.world import Plan, PlanError
from everyleg.lab.world.dice import Dice, cumulative, seed_of
from everyleg.lab.world.feeds import next_batch
from everyleg.lab.world.figures import Share, Span
from everyleg.lab.world.hours import DAY, LocalClock, WorkHours, day_number
from everyleg.lab.world.issuing import issuer
from everyleg.lab.world.tables import Week, named_sources, tables
from everyleg.numbers.formats import Format

FIRST = day_number(date(2026, 9, 1))
ZONES = sorted({spot.zone for spot in tables().places.values()})
CLOCKS = {name: LocalClock(name, FIRST, FIRST + 200) for name in ZONES}
OFFICE = Week(("09:00-17:00",) * 5 + (None, None), "test")
HOLIDAY = day_number(date(2026, 10, 12))
HOURS = WorkHours(OFFICE, CLOCKS["America/New_York"], range(FIRST, FIRST + 200), {HOLIDAY})
instants = st.integers((FIRST + 10) * DAY, (FIRST + 150) * DAY)


@given(st.sampled_from(ZONES), instants)
def test_local_clocks_are_those_of_the_zone(name, t):
    there = datetime.fromtimestamp(t, UTC).astimezone(zone(name))
    assert CLOCKS[name].offset(t) == there.utcoffset().total_seconds()
    assert CLOCKS[name].day(t) == day_number(there.date())


@given(st.sampled_from(ZONES), instants)
def test_a_wall_clock_and_its_instant_agree(name, t):
    clock = CLOCKS[name]
    wall = t + clock.offset(t)
    again = clock.at(wall // DAY, wall % DAY)
    assert again == t or abs(again - t) == 3600  # the hour that comes twice


@given(instants, st.integers(0, 100 * 3600))
def test_working_time_adds_up(t, work):
    end = HOURS.add(t, work)
    worked = sum(_working(900 * quarter + 450) for quarter in range(t // 900, int(end) // 900))
    assert abs(worked * 900 - work) <= 1800


def _working(t):
    there = datetime.fromtimestamp(t, UTC).astimezone(zone("America/New_York"))
    return there.weekday() < 5 and 9 <= there.hour < 17 and there.date() != date(2026, 10, 12)


@given(instants, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_work_ends_no_earlier(t, one, more):
    assert t <= HOURS.add(t, one) <= HOURS.add(t, one + more)


@given(instants)
def test_the_next_day_begins_after_and_closes_the_same_day(t):
    opens, closes = HOURS.next_day(t)
    assert opens > t
    assert closes - opens == 8 * 3600


@given(instants, st.integers(1, 24))
def test_a_batch_comes_at_its_hour_and_within_its_interval(t, every):
    batch = next_batch(t, every)
    assert batch % (every * 3600) == 0
    assert 0 <= batch - t < every * 3600


def test_streams_of_one_name_are_one_and_of_two_names_two():
    assert [Dice(1, 2, "a").u() for _ in range(3)] == [Dice(1, 2, "a").u()] * 3
    assert Dice(1, 2, "a").u() != Dice(1, 2, "b").u() != Dice(1, 3, "b").u()


def test_seeds_are_those_of_every_machine():
    assert seed_of(1, "order") == 10553650221298630532


def test_spans_have_their_median_their_spread_and_their_tail():
    dice = Dice("spans")
    plain = [dice.seconds(Span(10, 0.5, "test")) for _ in range(20_000)]
    assert median(plain) == pytest.approx(36_000, rel=0.03)
    low, *_, high = quantiles(plain, n=100)[15:84]
    assert high / low == pytest.approx(2.718281828, rel=0.06)  # 16 % to 84 % is two sigmas
    tailed = [dice.seconds(Span(10, 0.1, "test", tail=0.1, times=10)) for _ in range(20_000)]
    assert sum(t > 200_000 for t in tailed) / len(tailed) == pytest.approx(0.1, abs=0.01)


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=6))
def test_picks_follow_their_weights(weights):
    dice = Dice("picks", *weights)
    edges = cumulative(weights)
    picked = [dice.pick(edges) for _ in range(3000)]
    for index, weight in enumerate(weights):
        assert picked.count(index) / len(picked) == pytest.approx(weight / sum(weights), abs=0.06)


@given(st.sampled_from(sorted(tables().telling.carriers)), st.integers(0, 10**8 - 2), st.integers(0, 2**40))
def test_any_number_fits_its_format_and_is_its_parcels_alone(slug, index, seed):
    name = tables().telling.carriers[slug].number
    form = next(form for form in formats()[slug] if form.name == name)
    numbers = issuer(formats()[slug], name, seed, slug)
    number = numbers.number(index)
    assert _fits(form, number)
    assert number not in {numbers.number(index + step) for step in (1, 7, 10_000, 48_271)}


def _fits(form, number):
    from everyleg.numbers.detector import Detector

    (found,) = [c for c in Detector({"it": [form]}).detect(number).candidates if c.format == form.name]
    return not any("check digit is wrong" in reason for reason in found.reasons)


def test_a_format_without_room_for_a_serial_is_refused():
    with pytest.raises(ValueError, match="no 8 digits in a row"):
        issuer([Format("short", r"AB\d{5}", "test", "read")], "short", 1, "it")


def test_a_carrier_without_that_format_is_refused():
    with pytest.raises(ValueError, match="zto has no number format 'x'"):
        issuer([], "x", 1, "zto")


@pytest.mark.parametrize("kind", sorted(tables().problems.shared))
def test_incidents_of_one_kind_follow_each_other(kind):
    rows = next(rows for whom in "abcdef" if len(rows := world(5).nature.incidents(kind, whom).rows) > 1)
    assert all(row.since < row.until for row in rows)
    assert all(one.until <= other.since for one, other in pairwise(rows))
    assert len({row.cause for row in rows}) == len(rows)


def test_an_incident_is_found_at_its_times_and_at_no_others():
    incidents = world(5).nature.incidents("feed_outage", "somebody")
    row = incidents.rows[1]
    assert incidents.at(row.since) == incidents.at(row.until - 1) == row
    assert incidents.at(row.until) is None
    assert incidents.within(row.until - 5, row.until + 5) == row
    assert incidents.within(row.since - 10, row.since) is None


def test_every_figure_says_where_it_is_from():
    assert set(named_sources(tables())) <= set(tables().sources)
    assert _figures(tables()) > 130


def _figures(part):
    if isinstance(part, Share | Span):
        assert part.source
        return 1
    if isinstance(part, msgspec.Struct):
        return sum(_figures(getattr(part, name)) for name in part.__struct_fields__)
    if isinstance(part, dict):
        return sum(map(_figures, part.values()))
    return sum(map(_figures, part)) if isinstance(part, list) else 0


def test_every_source_is_used():
    assert set(tables().sources) - set(named_sources(tables())) <= {"yun-standard", "lost-index"}  # named in comments


def test_every_word_is_for_a_step_and_means_a_row_of_the_vocabulary():
    for words in tables().words.values():
        for step, said in words.items():
            assert step in STATUSES
            assert isinstance(said, str) or said[0] in STATUSES


def test_every_carrier_of_a_channel_tells_and_delivers():
    telling = tables().telling
    for channel in tables().trade.channels:
        assert {slug for slug, _, _ in channel.legs} <= set(telling.carriers)
        assert channel.legs[-1][0] in telling.rounds
        assert channel.lane in {lane.name for lane in tables().lanes}


def test_shares_add_up():
    assert sum(lane.share.value for lane in tables().lanes) == pytest.approx(1)
    for lane in tables().lanes:
        assert sum(c.share for c in tables().trade.channels if c.lane == lane.name) == pytest.approx(1)
        assert sum(weight for weight, _ in lane.cities.values()) == pytest.approx(1)
        assert sum(lane.hands_over.values()) == pytest.approx(1)
    for feed in tables().telling.carriers.values():
        assert sum(way.share for way in feed.lag) == pytest.approx(1)


@pytest.mark.parametrize(
    "plan",
    [{"parcels": -1}, {"days": 0}, {"start": date(2025, 1, 1)}, {"until": date(2028, 1, 1)}, {"pace": 0.0},
     {"until": date(2026, 9, 1)}],
)  # fmt: skip
def test_a_season_that_cannot_be_made_is_refused(plan):
    with pytest.raises(PlanError):
        Plan(1, **{"parcels": 1} | plan)


def test_a_season_ends_thirty_days_after_its_last_parcel():
    assert Plan(1, 1, start=date(2026, 10, 1), days=10).end == datetime(2026, 10, 1, tzinfo=UTC) + timedelta(40)
