"""What a timeline says of how long things took."""

import datetime as dt

import pytest

from everyleg.core.fold import Event, Handoff, Timeline
from everyleg.core.model import NOWHERE
from everyleg.core.vocabulary import STATUSES
from everyleg.durations.kinds import KINDS, kind_of
from everyleg.durations.spells import news_gaps, spells_of

BEGIN = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def at(hours):
    return BEGIN + dt.timedelta(hours=hours)


def told(hours, sub_status, stage, milestone="in_transit", carrier="acme"):
    return Event(
        carrier, "1", stage, milestone, sub_status, None, 0, "offset", at(hours), 0, NOWHERE, None, None, None,
        "carrier_api", None, None, key=f"{hours}",
    )  # fmt: skip


def timeline(*events, milestone="in_transit", sub_status="in_transit", handoffs=(), ended=None):
    return Timeline(
        schema=1, numbers=[], milestone=milestone, sub_status=sub_status, stage="any", exception=False,
        delivered_at=None if ended is None else at(ended), since=events[-1].occurred_at if events else None, reached={},
        legs=[], custody=[], handoffs=list(handoffs), dwell_s={}, events=list(events), anomalies=[],
    )  # fmt: skip


def lengths(found):
    return [
        (s.kind, s.state, None if s.ended_at is None else (s.ended_at - s.began_at) / dt.timedelta(hours=1), s.outcome)
        for s in found
    ]


WAY = (
    told(0, "picked_up", "first_mile"),
    told(30, "departed_origin", "line_haul"),
    told(50, "handed_to_last_mile", "last_mile"),
)


def test_a_stage_runs_until_the_first_event_of_a_later_one():
    assert lengths(spells_of(timeline(*WAY))) == [
        ("stage", "first_mile", 30, "done"),
        ("stage", "line_haul", 20, "done"),
        ("stage", "last_mile", None, None),
    ]


def test_a_scan_told_late_opens_no_stage_anew():
    late = told(40, "origin_sorting", "first_mile")
    assert lengths(spells_of(timeline(*WAY, late))) == lengths(spells_of(timeline(*WAY)))


@pytest.mark.parametrize(
    ("milestone", "sub_status", "outcome"),
    [("delivered", "delivered", "done"), ("returned", "returned", "returned"), ("exception", "lost", "lost")],
)
def test_the_last_stage_ends_as_the_way_ends(milestone, sub_status, outcome):
    found = spells_of(timeline(*WAY, milestone=milestone, sub_status=sub_status, ended=60))
    assert lengths(found)[-1] == ("stage", "last_mile", 10, outcome)


def test_a_joint_runs_from_release_to_acceptance():
    over = Handoff("acme", "bolt", at(50), at(53), 10_800, None)
    waiting = Handoff("acme", "bolt", at(50), None, None, "acceptance")
    assert lengths(spells_of(timeline(*WAY, handoffs=[over])))[-1] == ("joint", "bolt", 3, "done")
    assert lengths(spells_of(timeline(*WAY, handoffs=[waiting])))[-1] == ("joint", "bolt", None, None)


def test_a_joint_of_which_nobody_saw_the_end_is_left_out_once_the_way_has_ended():
    waiting = Handoff("acme", "bolt", at(50), None, None, "acceptance")
    ended = timeline(*WAY, milestone="delivered", sub_status="delivered", ended=60, handoffs=[waiting])
    assert all(spell.kind == "stage" for spell in spells_of(ended))


def test_without_events_nothing_is_said():
    assert (spells_of(timeline()), news_gaps(timeline())) == ([], [])


def test_gaps_end_with_the_next_event_whatever_the_order_they_were_told_in():
    found = news_gaps(timeline(*reversed(WAY)))
    assert [(gap.sub_status, gap.next_at) for gap in found] == [
        ("picked_up", at(30)),
        ("departed_origin", at(50)),
        ("handed_to_last_mile", None),
    ]


def test_every_sub_status_is_news_of_one_kind():
    kinds = {status: KINDS[kind_of(row.milestone, status)] for status, row in STATUSES.items()}
    assert {status for status, kind in kinds.items() if kind == "delivered"} >= {"delivered", "delivered_signed"}
    assert kinds["import_customs_released"] == "customs_released"
    assert kinds["arrived_delivery_depot"] == "facility"
    assert kinds["import_customs_held"] == "other"
