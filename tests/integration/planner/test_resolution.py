"""Whose number it is, found out by asking: likeliest first, nobody stuck on a wrong one, a person's word last."""

from everyleg.numbers.detector import Detector
from everyleg.numbers.formats import Format
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.planner.resolution import Resolver, Told, told
from tests.integration.pipeline.acme import at, body, event, got, milestones, rows, take

FORMATS = {
    "acme": [Format("a", "AC[0-9]{6}", "made up", "read", weight=5)],
    "bolt": [Format("b", "A[A-Z][0-9]{6}", "made up", "read")],
}
NUMBER = "AC123456"


def resolver(*closed):
    return Resolver(Detector(FORMATS), lambda workspace, slug: slug not in closed)


def follow(database, workspace, carrier="", number=NUMBER):
    with database.transaction(workspace) as app:
        return ensure_parcels(app, workspace, [NewParcel(carrier, number)])[0]


def ask(database, workspace, number_id, who=None):
    with database.transaction(None, "worker") as worker:
        found = (who or resolver()).candidates(worker, workspace, [number_id])
    return (found[0].carrier, found[0].last_of_round) if found else None


def say(database, workspace, number_id, carrier, outcome, hours=0):
    with database.transaction(None, "worker") as worker:
        told(worker, workspace, [Told(number_id, carrier, outcome)], at(hours))


def carrier_of(database, workspace, number_id):
    query = "SELECT carrier, moved_to FROM numbers WHERE workspace_id = %s AND number_id = %s"
    return rows(database, query, workspace, number_id)[0]


def test_the_likeliest_is_asked_first_then_the_next(database, workspace):
    number = follow(database, workspace).number_id
    assert ask(database, workspace, number) == ("acme", False)
    say(database, workspace, number, "acme", "unknown")
    assert ask(database, workspace, number) == ("bolt", True)


def test_who_did_not_know_it_is_asked_again_in_the_next_round(database, workspace):
    number = follow(database, workspace).number_id
    for carrier in ("acme", "bolt"):
        say(database, workspace, number, carrier, "unknown")
    assert ask(database, workspace, number) == ("acme", False)


def test_a_failure_is_no_word_on_the_number(database, workspace):
    number = follow(database, workspace).number_id
    say(database, workspace, number, "acme", "failed")
    assert ask(database, workspace, number) == ("acme", False)


def test_the_carrier_that_it_was_added_with_comes_first_and_is_not_kept_when_another_finds_it(database, workspace):
    parcel = follow(database, workspace, carrier="bolt")
    assert ask(database, workspace, parcel.number_id) == ("bolt", False)
    say(database, workspace, parcel.number_id, "bolt", "unknown")
    assert ask(database, workspace, parcel.number_id) == ("acme", True)
    say(database, workspace, parcel.number_id, "acme", "found")
    take(database, got(workspace, body(event(-5), no=NUMBER), asked=(NUMBER,)))
    assert carrier_of(database, workspace, parcel.number_id) == ("acme", None)
    assert milestones(database, workspace) == ["picked_up"]


def test_a_number_that_its_carrier_has_under_its_own_name_is_that_one(database, workspace):
    take(database, got(workspace, body(event(-5), no=NUMBER), asked=(NUMBER,)))
    parcel = follow(database, workspace, carrier="bolt")
    say(database, workspace, parcel.number_id, "acme", "found")
    take(database)
    assert carrier_of(database, workspace, parcel.number_id)[1] is not None
    assert rows(
        database, "SELECT count(*) FROM parcels WHERE merged_into IS NULL AND workspace_id = %s", workspace
    ) == [(1,)]


def test_once_found_it_is_nobodys_question(database, workspace):
    number = follow(database, workspace).number_id
    take(database, got(workspace, body(event(-5), no=NUMBER), asked=(NUMBER,)))
    assert ask(database, workspace, number) is None


def test_outcomes_teach_who_has_numbers_like_it(database, workspace, other_workspace):
    for i in range(6):
        number = follow(database, workspace, number=f"AC12{i}000").number_id
        say(database, workspace, number, "acme", "unknown")
        say(database, workspace, number, "bolt", "found")
    assert ask(database, workspace, follow(database, workspace, number="AC129999").number_id)[0] == "bolt"
    assert ask(database, other_workspace, follow(database, other_workspace, number="AC129999").number_id)[0] == "acme"


def test_who_cannot_be_asked_is_passed_over(database, workspace):
    number = follow(database, workspace).number_id
    assert ask(database, workspace, number, resolver("acme")) == ("bolt", True)
    assert ask(database, workspace, number, resolver("acme", "bolt")) is None


def test_a_persons_word_ends_the_question(database, workspace):
    parcel = follow(database, workspace)
    with database.transaction(None, "worker") as worker:
        query = "UPDATE parcels SET pinned_carrier = 'bolt' WHERE workspace_id = %s AND parcel_id = %s"
        worker.execute(query, (workspace, parcel.parcel_id))
    say(database, workspace, parcel.number_id, "bolt", "unknown")
    assert ask(database, workspace, parcel.number_id) == ("bolt", True)
