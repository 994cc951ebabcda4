"""What nobody signed ends no parcel until a second source says so too."""

import itertools

from everyleg.pipeline.intake import UNSIGNED, Received
from everyleg.pipeline.verify import verify

from .acme import at, body, event, got, milestones, rows, take


def pushed(workspace, *events, hours=0, source=UNSIGNED, no="AC1"):
    return Received(workspace, source, "acme", body(*events, no=no), (), at(hours))


def test_a_delivery_that_only_an_unsigned_push_tells_is_not_believed_and_a_check_is_due(database, workspace):
    take(database, got(workspace, body(event(-9), event(-5, "OD")), -4, asked=("AC1",)))
    take(database, pushed(workspace, event(-1, "DL")))
    assert milestones(database, workspace) == ["out_for_delivery"]
    due = "SELECT kind, due_at FROM due JOIN numbers n ON n.number_id = subject_id WHERE n.workspace_id = %s"
    assert ("check", at(0)) in rows(database, due, workspace)
    assert verify(database, workspace) == []


def test_it_is_believed_when_the_carrier_answers_the_same(database, workspace):
    take(database, pushed(workspace, event(-1, "DL")))
    take(database, got(workspace, body(event(-9), event(-1, "DL")), 1, asked=("AC1",)))
    assert milestones(database, workspace) == ["delivered"]
    assert verify(database, workspace) == []


def test_what_is_no_end_is_believed_at_once(database, workspace):
    take(database, pushed(workspace, event(-1, "OD")))
    assert milestones(database, workspace) == ["out_for_delivery"]


def test_a_signed_push_is_believed_at_once(database, workspace):
    take(database, pushed(workspace, event(-1, "DL"), source="webhook"))
    assert milestones(database, workspace) == ["delivered"]


def test_any_order_comes_to_the_same(database, workspace, other_workspace):
    def story(mine):
        return [
            got(mine, body(event(-9), event(-5, "OD")), -4, asked=("AC1",)),
            pushed(mine, event(-1, "DL")),
            got(mine, body(event(-9), event(-5, "OD"), event(-1, "DL")), 1, asked=("AC1",)),
        ]

    for order in itertools.permutations(range(3)):
        for n in order:
            take(database, story(workspace)[n])
        assert milestones(database, workspace) == ["delivered"]
    take(database, *story(other_workspace))
    assert milestones(database, other_workspace) == ["delivered"]
    assert verify(database, workspace) == verify(database, other_workspace) == []
