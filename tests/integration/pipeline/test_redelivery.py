"""What is delivered again by journal or spool (same bytes, subject and time of observation) has no second effect."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.conftest import new_workspace

from .acme import body, event, got, rows, take

WEBHOOK = {"asked": (), "source": "webhook"}


def told(database, workspace):
    """All that can be seen of what came in; how often middle ones of several equal ones came is not held on to."""
    observations = """SELECT sha256, subject, observed_at, last_observed_at FROM observations
                      WHERE workspace_id = %s ORDER BY 1, 2, 3"""
    others = """SELECT (SELECT count(*) FROM changes WHERE workspace_id = %(w)s),
                       (SELECT array_agg(version ORDER BY parcel_id) FROM states WHERE workspace_id = %(w)s),
                       (SELECT count(*) FROM statements WHERE workspace_id = %(w)s),
                       (SELECT count(*) FROM readings WHERE workspace_id = %(w)s)"""
    with database.transaction(None, "worker") as worker:
        counts = worker.execute(others, {"w": workspace}).fetchall()
    return rows(database, observations, workspace), counts


def times(database, workspace):
    return rows(database, "SELECT times FROM observations WHERE workspace_id = %s ORDER BY observed_at", workspace)


def test_an_answer_delivered_again_is_not_counted_again(database, workspace):
    answer = got(workspace, body(event(-5)))
    take(database, answer, answer)
    take(database, answer)
    assert times(database, workspace) == [(1,)]


def test_a_push_delivered_again_is_not_counted_again_and_one_sent_again_is(database, workspace):
    first, second = (got(workspace, body(event(-5)), seen, **WEBHOOK) for seen in (0, 1))
    take(database, first, second)
    take(database, second)
    take(database, first)
    assert times(database, workspace) == [(2,)]


def test_an_older_answer_delivered_again_after_a_newer_one_is_no_third_one(database, workspace):
    older, newer = got(workspace, body(event(-5))), got(workspace, body(event(-5), event(-3, "DL")), 1)
    take(database, older)
    take(database, newer)
    before = told(database, workspace)
    take(database, older)
    take(database, newer, older)
    assert told(database, workspace) == before
    assert times(database, workspace) == [(1,), (1,)]


def test_the_same_answer_later_still_counts_and_after_another_it_is_a_third_one(database, workspace):
    a, b = body(event(-5)), body(event(-5), event(-3, "DL"))
    for seen, content in enumerate((a, a, b, a)):
        take(database, got(workspace, content, seen))
    assert times(database, workspace) == [(2,), (1,), (1,)]


bodies = [body(event(-5)), body(event(-5), event(-4, "AR")), body(event(-5), event(-4, "AR"), event(-3, "DL"))]


@settings(max_examples=25)
@given(
    said=st.lists(st.sampled_from(range(3)), min_size=1, max_size=6),
    asked=st.sampled_from([{"asked": ("AC1",)}, WEBHOOK]),
    again=st.lists(st.integers(0, 5), max_size=6),
    size=st.integers(1, 4),
)
def test_whatever_is_delivered_again_in_whatever_batches_changes_nothing(database, said, asked, again, size):
    workspace = new_workspace(database)
    sent = [got(workspace, bodies[one], seen, **asked) for seen, one in enumerate(said)]
    for batch in _batches(sent, size):
        take(database, *batch)
    before = told(database, workspace)
    for batch in _batches([sent[one] for one in again if one < len(sent)], size):
        take(database, *batch)
    assert told(database, workspace) == before


def _batches(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]
