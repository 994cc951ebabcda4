"""How fresh what is known of a number is said to be, and that our blindness is never its silence."""

from datetime import timedelta

from everyleg.core.model import Reason
from everyleg.pipeline.ages import ages, ask_now, checked, heard_until
from everyleg.pipeline.outcomes import record_failure
from everyleg.store import due
from tests.factories.site import NOW, journey


def known(database, workspace):
    with database.transaction(workspace) as app:
        ids = [row[0] for row in app.execute("SELECT number_id FROM numbers ORDER BY number_id")]
        return {age.carrier: age for age in ages(app, database.keys, workspace, ids)}


def fail(database, workspace, age, at):
    with database.transaction(None, "worker") as worker:
        checks = [(age.number_id, "carrier_api", at)]
        record_failure(worker, database.keys, workspace, checks, Reason("unreachable", "no route"))


def test_a_number_says_when_its_carrier_spoke_and_when_it_was_asked(database, workspace):
    journey(database, workspace)
    usps = known(database, workspace)["usps"]
    assert (usps.outcome, usps.source, usps.blind) == ("news", "carrier_api", False)
    assert usps.spoke_at < usps.checked_at == usps.answered_at


def test_a_failed_check_leaves_the_answer_before_it_standing(database, workspace):
    journey(database, workspace)
    before = known(database, workspace)["usps"]
    fail(database, workspace, before, NOW + timedelta(days=30))
    after = known(database, workspace)["usps"]
    assert (after.blind, after.failed_kind, after.failed_detail) == (True, "unreachable", "no route")
    assert (after.answered_at, after.spoke_at) == (before.answered_at, before.spoke_at)


def test_silence_is_counted_up_to_the_last_answer_of_what_we_cannot_ask(database, workspace):
    parcel = journey(database, workspace)
    later = NOW + timedelta(days=30)
    usps = known(database, workspace)["usps"]
    fail(database, workspace, usps, later)
    assert heard_until(known(database, workspace).values(), later) == usps.answered_at
    with database.transaction(workspace) as app:
        assert checked(app, workspace, [parcel])[parcel].heard_until == usps.answered_at


def test_a_parcel_of_which_one_number_still_answers_is_not_blind(database, workspace):
    parcel = journey(database, workspace)
    for age in list(known(database, workspace).values())[:2]:
        fail(database, workspace, age, NOW)
    with database.transaction(workspace) as app:
        assert checked(app, workspace, [parcel])[parcel].blind is False
    for age in known(database, workspace).values():
        fail(database, workspace, age, NOW + timedelta(hours=1))
    with database.transaction(workspace) as app:
        assert checked(app, workspace, [parcel])[parcel].blind is True


def test_asking_now_leaves_what_was_planned(database, workspace):
    journey(database, workspace)
    usps = known(database, workspace)["usps"]
    planned = NOW + timedelta(hours=5)
    with database.transaction(workspace) as app:
        due.arm(app, (workspace, "check", usps.number_id), planned)
    assert (known(database, workspace)["usps"].next_at, known(database, workspace)["usps"].asking) == (planned, False)
    with database.transaction(workspace) as app:
        ask_now(app, workspace, [usps.number_id], NOW)
    now = known(database, workspace)["usps"]
    assert (now.next_at, now.asking) == (NOW, True)
    with database.transaction(None, "worker") as worker:
        due.done(worker, due.claim(worker, "check_now", NOW, timedelta(minutes=5), 10))
    assert known(database, workspace)["usps"].next_at == planned


def test_another_workspace_knows_nothing_of_it(database, workspace, other_workspace):
    journey(database, workspace)
    with database.transaction(workspace) as app:
        ids = [row[0] for row in app.execute("SELECT number_id FROM numbers")]
    with database.transaction(other_workspace) as app:
        assert ages(app, database.keys, workspace, ids) == []
