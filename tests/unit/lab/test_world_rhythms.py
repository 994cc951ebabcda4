"""Days, weeks and medians of the world: what planners, estimates and alerts will learn from."""

from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median

import pytest
from tests.unit.lab.worlds import some, world

from everyleg.core.vocabulary import STATUSES
from everyleg.lab.world.dice import Dice
from everyleg.lab.world.hours import DAY, day_number
from everyleg.lab.world.surroundings import lane_weeks
from everyleg.lab.world.tables import tables


def local(here, place, t):
    """Weekday (0 is Monday) and hour at a place."""
    wall = int(t) + here.nature.around.clock_at(place).offset(t)
    return (wall // DAY + 3) % 7, wall % DAY // 3600


def scans(step, parcels=None):
    return [(made, s) for made in parcels or some()[1] for s in made.trip.scans if s.step == step]


def days(made):
    return (made.trip.ended - made.trip.order.created) / DAY


def test_customs_releases_when_it_works():
    here, _ = some()
    for made, scan in scans("import_customs_released"):
        weekday, hour = local(here, scan.place, scan.t - 1)
        assert weekday < 6
        assert 6 <= hour < 22
        if made.trip.order.lane.customs.week == "customs":
            assert weekday < 5


def test_customs_and_rounds_rest_on_public_holidays():
    here, parcels = some()
    for made in parcels:
        for scan in made.trip.scans:
            rests = {day_number(day) for day in here.nature.tables.calendar.holidays[made.trip.order.lane.destination]}
            if scan.step == "import_customs_released":
                assert here.nature.around.clock_at(scan.place).day(scan.t - 1) not in rests


def test_doors_are_reached_by_day_and_mornings_begin_the_rounds():
    here, _ = some()
    doors = Counter(local(here, s.place, s.t)[1] for made, s in scans("delivered") if s.leg == len(made.numbers) - 1)
    vans = Counter(local(here, s.place, s.t)[1] for _, s in scans("out_for_delivery"))
    assert min(doors) >= 7
    assert max(doors) <= 21
    assert 10 <= doors.most_common(1)[0][0] <= 14
    assert 7 <= vans.most_common(1)[0][0] <= 9


def test_who_rests_on_sundays_delivers_nothing_then():
    here, parcels = some()
    sundays = Counter()
    for made, scan in scans("delivered", parcels):
        slug = made.trip.order.channel.legs[scan.leg][0]
        sundays[slug] += scan.leg == len(made.numbers) - 1 and local(here, scan.place, scan.t)[0] == 6
    assert sundays["usps"] == sundays["dhl-parcel-de"] == sundays["australia-post"] == 0
    assert sundays["evri"] + sundays["gofo"] > 0


def test_sellers_send_on_working_days():
    here, _ = some()
    assert all(local(here, s.place, s.t)[0] < 6 for _, s in scans("picked_up"))


@pytest.mark.parametrize("channel", [c.name for c in tables().trade.channels])
def test_half_of_a_channel_arrives_about_when_its_carrier_estimates(channel):
    ways = [made for seed in (1, 2) for made in some(seed)[1] if made.trip.order.channel.name == channel]
    estimate = next(c.estimate_days for c in tables().trade.channels if c.name == channel)
    took = median(days(made) for made in ways if made.trip.end == "delivered")
    assert 0.72 * estimate < took < 1.25 * estimate


def test_ways_have_a_heavy_tail():
    took = sorted(
        days(made) for made in some()[1] if made.trip.end == "delivered" and made.trip.order.lane.name == "cn-us-air"
    )
    half, most = took[len(took) // 2], took[int(0.99 * len(took))]
    assert most > 1.7 * half
    assert most - half > 2 * (half - took[len(took) // 100])


def test_parcels_of_a_consignment_move_together():
    arrived = defaultdict(set)
    for made, scan in scans("arrived_destination"):
        arrived[made.trip.cohort].add(scan.t)
    shared = Counter(made.trip.cohort for made, _ in scans("arrived_destination"))
    assert max(shared.values()) > 5
    assert all(len(times) == 1 for times in arrived.values())


def test_most_parcels_of_a_consignment_clear_together():
    released = defaultdict(Counter)
    for made, scan in scans("import_customs_released"):
        released[made.trip.cohort][scan.t] += 1
    groups = [times for times in released.values() if times.total() >= 5]
    assert sum(times.most_common(1)[0][1] for times in groups) > 0.8 * sum(times.total() for times in groups)


def test_slow_weeks_are_common_to_a_lane_and_remembered():
    weeks = lane_weeks(tables().problems.common, Dice(1, "test"), 4000)
    assert 0.9 < median(weeks) < 1.1
    calm = [(a, b) for a, b in pairwise(weeks) if max(a, b) < 1.5]
    assert sum((a > 1) == (b > 1) for a, b in calm) > 0.6 * len(calm)
    assert sum(week > 1.5 for week in weeks) > 0.03 * len(weeks)


def test_a_faster_pace_makes_faster_ways():
    fast = world(1, pace=0.7)
    both = [(made, fast.parcel(made.trip.order.index)) for made in some()[1][:300]]
    pairs = [(days(a), days(b)) for a, b in both if a.trip.end == b.trip.end == "delivered"]
    assert median(b / a for a, b in pairs) < 0.95


def lags(carrier, seed=1):
    told = [one for made in some(seed)[1] for one in made.told if one.feed == carrier and one.source == "carrier_api"]
    return [(one, (one.due - one.t) / 3600) for one in told]


def test_each_carrier_is_as_slow_to_tell_as_its_table_says():
    for carrier, quick, slow in (("zto", 0.0, 0.3), ("usps", 0.1, 0.8), ("yanwen", 1.5, 5.0), ("winit", 4.0, 14.0)):
        assert quick < median(lag for _, lag in lags(carrier)) < slow


def test_who_tells_once_a_day_tells_at_that_hour():
    here, _ = some()
    clock = here.nature.around.clock("Asia/Shanghai")
    at = Counter((one.due + clock.offset(one.due)) % DAY for one, _ in lags("winit"))
    assert at.most_common(1)[0] == (18 * 3600 + 1800, at[18 * 3600 + 1800])
    assert at[18 * 3600 + 1800] > 0.4 * at.total()


def test_carriers_publish_only_their_own_words():
    told = {one.step for made in some()[1] for one in made.told if one.feed == "yanwen"}
    assert "import_customs_released" in told
    assert not told & {"import_customs_held", "import_customs_processing", "export_customs_released"}
    assert {"out_for_delivery", "delivered"} <= told  # the last mile's scans, under its own number


def test_some_times_have_no_zone_and_some_are_days_alone():
    here, parcels = some()
    bases = Counter(s.time_basis for made in parcels[:600] for s in here.statements(made))
    assert set(bases) == {"offset", "zone", "place", "assumed", "date"}
    assert 0.002 < bases["assumed"] / bases.total() < 0.05


def test_second_sources_are_later_and_sometimes_disagree():
    _, parcels = some()
    disagree = agree = 0
    for made in parcels:
        own = {one.step: one for one in made.told if one.source == "carrier_api"}
        for one in made.told:
            if one.source != "carrier_api" and one.step in own:
                same = one.word.sub_status == own[one.step].word.sub_status and not one.skew
                agree, disagree = agree + same, disagree + (not same)
                first = min(own.shown for own in made.told if (own.source, own.step) == ("carrier_api", one.step))
                assert one.shown >= first
    assert agree > disagree > 20


def test_a_feed_that_is_down_shows_nothing_and_then_everything():
    here, parcels = some()
    for made in parcels:
        for one in made.told:
            outage = here.nature.incidents("feed_outage", one.feed).at(one.shown)
            assert outage is None or one.source != "carrier_api" or one.shown - one.due >= 3600


def test_every_step_of_a_way_is_in_the_vocabulary():
    steps = {scan.step for made in some()[1] for scan in made.trip.scans}
    assert steps <= set(STATUSES)
    assert len(steps) > 40
