"""The ribbon's geometry: lengths are time, states follow the way, knots are hand-offs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.vocabulary import STAGES
from everyleg.web.components.glance import NOTHING, EventSeen, Glance, JointSeen, LegSeen, PlaceSeen
from everyleg.web.components.ribbon import ribbon

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROWS = {
    "first_mile": "picked_up",
    "export_customs": "export_customs_released",
    "line_haul": "departed_origin",
    "import_customs": "import_customs_processing",
    "last_mile": "destination_sorting",
}
HOUR = 3600


def glance(stages, *, dwell=None, milestone="in_transit", exception=False, joints=(), ago=timedelta(hours=2)):
    events = [EventSeen("x", s, ROWS[s], NOW - ago, None, None, PlaceSeen(), None) for s in stages]
    legs = [LegSeen("x", "1", ["first_mile"], None, None), LegSeen("y", "2", ["last_mile"], None, None)]
    return Glance(
        milestone, ROWS[stages[-1]], stages[-1], exception, None, None, dwell or {}, legs, list(joints), events
    )


def states(band):
    return [segment.state for segment in band.segments]


dwells = st.dictionaries(st.sampled_from(STAGES), st.integers(0, 400 * 24 * HOUR))
ways = st.integers(1, 5).map(lambda n: list(STAGES[:n]))


@given(ways, dwells, st.floats(50, 2000))
def test_segments_fill_the_width_whatever_the_times(stages, dwell, width):
    band = ribbon(glance(stages, dwell=dwell), NOW, width)
    assert abs(sum(s.width for s in band.segments) - width) < 0.1
    assert all(s.width > width / 20 for s in band.segments)
    assert [s.x for s in band.segments] == sorted(s.x for s in band.segments)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_the_longer_of_two_stages_is_never_the_shorter_segment(one, other):
    band = ribbon(glance(list(STAGES[:3]), dwell={"first_mile": one, "export_customs": other}), NOW)
    first, second, *_ = band.segments
    assert (first.width <= second.width) if one <= other else (first.width >= second.width)


def test_a_hub_of_three_hours_shows_beside_a_sea_leg_of_twenty_days():
    band = ribbon(glance(list(STAGES[:4]), dwell={"first_mile": 3 * HOUR, "line_haul": 20 * 24 * HOUR}), NOW)
    assert 1.5 < band.segments[2].width / band.segments[0].width < 5


def test_what_is_behind_is_past_the_stage_is_current_the_rest_is_expected():
    assert states(ribbon(glance(list(STAGES[:3])), NOW)) == ["past", "past", "current", "expected", "expected"]


def test_a_stage_that_nobody_told_of_is_unseen():
    assert states(ribbon(glance(["first_mile", "line_haul"]), NOW))[1] == "unseen"


def test_nothing_told_means_everything_is_to_come():
    band = ribbon(NOTHING, NOW)
    assert states(band) == ["expected"] * 5
    assert {knot.side for knot in band.knots} == {"open"}


def test_delivered_has_nothing_current_and_a_closed_end():
    band = ribbon(glance(list(STAGES), milestone="delivered"), NOW)
    assert band.done
    assert "current" not in states(band)
    assert band.knots[-1].side == "passed"


def test_the_running_stage_is_counted_until_now():
    band = ribbon(glance(["first_mile"], ago=timedelta(hours=5)), NOW)
    assert band.segments[0].seconds == 5 * HOUR


def test_only_the_running_stage_has_a_tone_and_a_problem_goes_before_lateness():
    stages = list(STAGES[:2])
    tones = lambda **how: [s.tone for s in ribbon(glance(stages, exception=how.pop("bad", False)), NOW, **how).segments]  # noqa: E731
    assert tones(late=True) == ["calm", "warm", "calm", "calm", "calm"]
    assert tones(late=True, bad=True)[1] == "hot"
    assert tones(blind=True)[1] == "blind"


def test_a_hand_off_stands_before_the_first_stage_of_who_takes_it():
    joint = JointSeen("x", "y", NOW, NOW, 9 * HOUR, None)
    band = ribbon(glance(list(STAGES), joints=[joint]), NOW)
    assert [(k.side, k.gap_s) for k in band.knots][4] == ("closed", 9 * HOUR)


def test_a_missing_side_leaves_half_a_knot():
    joint = JointSeen("x", "y", NOW, None, None, "acceptance")
    band = ribbon(glance(list(STAGES[:4]), joints=[joint]), NOW)
    assert band.knots[4].side == "acceptance"
