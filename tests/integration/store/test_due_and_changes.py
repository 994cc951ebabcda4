"""What is due is claimed once; changes are read in an order that nothing can slip into."""

import datetime as dt

import pytest

from everyleg.store.changes import Cursor, add_change, read_changes
from everyleg.store.due import arm, claim, done

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
LEASE = dt.timedelta(minutes=5)


@pytest.fixture
def kind(workspace):
    """A kind of its own for each test: the claim sees all workspaces."""
    return f"check-{workspace}"


def armed(database, workspace, kind, *minutes):
    with database.transaction(workspace) as app:
        for subject, ago in enumerate(minutes):
            arm(app, (workspace, kind, subject), NOW - dt.timedelta(minutes=ago))


def claimed(database, kind, now=NOW, most=100):
    with database.transaction(None, "worker") as worker:
        return sorted(claim(worker, kind, now, LEASE, most), key=lambda one: one.subject_id)


def test_only_what_is_due_is_claimed_the_longest_due_first(database, workspace, kind):
    armed(database, workspace, kind, 1, 5, -1, 3)
    assert [one.subject_id for one in claimed(database, kind, most=2)] == [1, 3]


def test_two_workers_never_claim_the_same(database, workspace, kind):
    armed(database, workspace, kind, *range(10))
    with database.transaction(None, "worker") as one, database.transaction(None, "worker") as two:
        first = {claim.subject_id for claim in claim(one, kind, NOW, LEASE, 4)}
        second = {claim.subject_id for claim in claim(two, kind, NOW, LEASE, 100)}
    assert len(first) == 4
    assert first | second == set(range(10))
    assert not first & second


def test_what_a_dead_worker_had_is_due_again_after_its_lease(database, workspace, kind):
    armed(database, workspace, kind, 0)
    assert len(claimed(database, kind)) == 1
    assert claimed(database, kind) == []
    assert [one.attempts for one in claimed(database, kind, NOW + LEASE)] == [2]


def test_done_takes_it_off_unless_it_was_armed_anew(database, workspace, kind):
    armed(database, workspace, kind, 0, 0)
    claims = claimed(database, kind)
    with database.transaction(workspace) as app:
        arm(app, (workspace, kind, 1), NOW)
        done(app, claims)
    assert [one.subject_id for one in claimed(database, kind, NOW + 2 * LEASE)] == [1]


def test_a_change_committed_late_is_not_passed_over(database, workspace):
    def read(after):
        with database.transaction(workspace) as app:
            return read_changes(app, after, 100)

    with database.transaction(workspace) as slow:
        add_change(slow, (workspace, 1), None, {"milestone": "transit"})
        with database.transaction(workspace) as quick:
            add_change(quick, (workspace, 2), {"milestone": "transit"}, {"milestone": "delivered"})
        assert read(Cursor()) == []
    found = read(Cursor())
    assert [(change.parcel_id, change.after["milestone"]) for change in found] == [(1, "transit"), (2, "delivered")]
    assert [change.parcel_id for change in read(found[0].cursor)] == [2]
    assert read(found[1].cursor) == []
