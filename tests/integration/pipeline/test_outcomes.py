"""Every check of a number has one of four outcomes, and our blindness is never told as silence."""

import msgspec

from everyleg.core.model import Reason
from everyleg.pipeline.outcomes import DETAIL, record_failure
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.store.sealing import about_column

from .acme import at, body, event, got, rows, take

UNKNOWN = msgspec.json.encode({"parcels": [{"no": "AC1", "events": []}]})


def checks(database, workspace, *columns):
    query = f"SELECT {', '.join(columns)} FROM checks WHERE workspace_id = %s ORDER BY source"  # noqa: S608
    return rows(database, query, workspace)


def follow(database, workspace, carrier="acme"):
    with database.transaction(workspace) as app:
        ensure_parcels(app, workspace, [NewParcel(carrier, "AC1")])


def fail(database, workspace, hours, kind="unreachable"):
    (number,) = rows(database, "SELECT number_id FROM numbers WHERE workspace_id = %s", workspace)[0]
    with database.transaction(None, "worker") as worker:
        check = (number, "carrier_api", at(hours))
        record_failure(worker, database.keys, workspace, [check], Reason(kind, "no route"))


def test_a_first_answer_is_news(database, workspace):
    take(database, got(workspace, body(event(-5)), 0))
    assert checks(database, workspace, "outcome", "checked_at", "news_at") == [("news", at(0), at(0))]


def test_the_same_bytes_are_nothing_new_and_the_carrier_last_spoke_before(database, workspace):
    take(database, got(workspace, body(event(-5)), 0))
    take(database, got(workspace, body(event(-5)), 2))
    assert checks(database, workspace, "outcome", "checked_at", "news_at", "times") == [
        ("nothing_new", at(2), at(0), 2)
    ]


def test_the_same_in_other_bytes_is_nothing_new(database, workspace):
    take(database, got(workspace, body(event(-5)), 0))
    take(database, got(workspace, body(event(-5)).replace(b"{", b"{ ", 1), 2))
    assert checks(database, workspace, "outcome", "news_at") == [("nothing_new", at(0))]


def test_twice_the_same_in_one_batch_is_news_then_nothing_new(database, workspace):
    take(database, got(workspace, body(event(-5)), 0), got(workspace, body(event(-5)), 2))
    assert checks(database, workspace, "outcome", "checked_at", "news_at") == [("nothing_new", at(2), at(0))]


def test_a_number_that_the_carrier_does_not_know_is_counted_until_it_does(database, workspace):
    follow(database, workspace)
    take(database, got(workspace, UNKNOWN, 0))
    take(database, got(workspace, UNKNOWN, 1))
    assert checks(database, workspace, "outcome", "unknowns", "news_at") == [("unknown", 2, None)]
    take(database, got(workspace, body(event(1)), 2))
    assert checks(database, workspace, "outcome", "unknowns") == [("news", 0)]


def test_what_cannot_be_read_failed(database, workspace):
    follow(database, workspace)
    take(database, got(workspace, b"<html>maintenance</html>", 0))
    assert checks(database, workspace, "outcome", "failed_kind", "failures") == [("failed", "unreadable", 1)]


def test_a_check_without_any_body_failed_and_says_why_under_seal(database, workspace):
    take(database, got(workspace, body(event(-5)), 0))
    fail(database, workspace, 1)
    fail(database, workspace, 2, "refused")
    assert checks(database, workspace, "outcome", "failed_kind", "failures", "answered_at", "news_at") == [
        ("failed", "refused", 2, at(0), at(0))
    ]
    ((sealed,),) = checks(database, workspace, "failed_detail")
    assert database.keys.open_text(sealed, about_column(workspace, DETAIL)) == "no route"


def test_a_late_answer_counts_and_does_not_speak_last(database, workspace):
    take(database, got(workspace, body(event(-5)), 0))
    fail(database, workspace, 5)
    take(database, got(workspace, body(event(-5), event(1, "OD")), 3))
    assert checks(database, workspace, "outcome", "checked_at", "news_at", "failures") == [("failed", at(5), at(3), 1)]


def test_each_source_is_told_apart(database, workspace):
    take(database, got(workspace, body(event(-5)), 0), got(workspace, body(event(-5)), 1, source="webhook"))
    assert checks(database, workspace, "source", "outcome") == [("carrier_api", "news"), ("webhook", "news")]


def test_who_does_not_know_a_number_neither_makes_it_known_nor_becomes_its_carrier(database, workspace):
    follow(database, workspace, carrier="")
    take(database, got(workspace, UNKNOWN, 0), got(workspace, UNKNOWN.replace(b"AC1", b"AC7"), 0, asked=("AC7",)))
    assert rows(database, "SELECT carrier, tracking_number FROM numbers WHERE workspace_id = %s", workspace) == [
        ("", "AC1")
    ]
    assert checks(database, workspace, "outcome") == [("unknown",)]
    take(database, got(workspace, body(event(-5)), 1))
    assert rows(database, "SELECT carrier FROM numbers WHERE workspace_id = %s", workspace) == [("acme",)]
