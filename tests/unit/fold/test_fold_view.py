"""What needs the clock is apart from the state."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from everyleg.core.fold import Facts, fold_document, view

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def timeline(*rows):
    """One parcel with a scan a day."""
    told = [
        {
            "carrier": "usps",
            "tracking_number": "9200",
            "sub_status": row,
            "occurred_at": (START + timedelta(days=day)).isoformat(),
        }
        for day, row in enumerate(rows)
    ]
    (one,) = fold_document(json.dumps({"statements": told}).encode())
    return one


def after(days):
    return START + timedelta(days=days)


def test_silence_runs_from_the_last_event():
    assert view(timeline("picked_up", "departed_origin"), after(3)).silent_s == 2 * 86_400


def test_an_event_in_the_future_is_no_negative_silence():
    assert view(timeline("picked_up"), after(-1)).silent_s == 0


def test_the_running_stage_counts_until_now():
    one = timeline("label_created", "picked_up", "departed_origin", "arrived_destination")
    assert one.dwell_s == {"first_mile": 86_400}
    assert view(one, after(5)).dwell_s == {"first_mile": 86_400, "line_haul": 3 * 86_400}


def test_a_stage_that_ended_does_not_run_on():
    one = timeline("picked_up", "out_for_delivery", "delivered")
    assert view(one, after(9)).dwell_s == one.dwell_s == {"first_mile": 86_400, "last_mile": 86_400}


@pytest.mark.parametrize(("days", "expired"), [(29, False), (31, True)])
def test_too_long_without_news(days, expired):
    assert view(timeline("picked_up"), after(days)).expired == expired


def test_a_delivered_parcel_may_be_silent():
    seen = view(timeline("delivered"), after(90), Facts(promised_by=after(1)))
    assert (seen.expired, seen.overdue) == (False, False)


def test_overdue_by_the_promise_else_by_the_estimate():
    one = timeline("picked_up")
    assert view(one, after(3)).overdue is None
    assert view(one, after(3), Facts(carrier_estimate=after(2))).overdue is True
    assert view(one, after(3), Facts(promised_by=after(4), carrier_estimate=after(2))).overdue is False
