"""What is armed, when and why: after changes, after checks; with a store that is real."""

import datetime as dt

import pytest

from everyleg.durations.learning import learn_changes
from everyleg.pipeline.ages import looked_at, plan_soon
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.planner.asking.contract import Given
from everyleg.planner.planning import Planner
from everyleg.ports.manifest.schema import Limits
from tests.integration.pipeline.acme import NOW, at, body, event, got, rows, take

HOURS = dt.timedelta(hours=1)


class Allows:
    """What sources allow."""

    def __init__(self, **limits):
        self._limits = Limits(**limits)

    def limits(self, _slug):
        return self._limits


@pytest.fixture
def planner():
    return Planner(Allows())


def plan_all(planner, database, now=NOW):
    while planner.plan_changes(database, now):
        pass


def add(database, workspace, *numbers, carrier="acme"):
    with database.transaction(workspace) as app:
        return [one.number_id for one in ensure_parcels(app, workspace, [NewParcel(carrier, no) for no in numbers])]


def armed(database, workspace):
    """Tracking number → when it is due."""
    query = """SELECT n.tracking_number, d.due_at FROM due d JOIN numbers n
        ON n.workspace_id = d.workspace_id AND n.number_id = d.subject_id WHERE d.workspace_id = %s AND d.kind = 'check'"""
    return dict(rows(database, query, workspace))


def whys(database, workspace):
    query = """SELECT n.tracking_number, p.why FROM plans p JOIN numbers n
        ON n.workspace_id = p.workspace_id AND n.number_id = p.number_id WHERE p.workspace_id = %s"""
    return dict(rows(database, query, workspace))


def settings(database, workspace, said):
    with database.transaction(None, "worker") as worker:
        query = "UPDATE workspaces SET settings = jsonb_build_object('checks', %s::text) WHERE workspace_id = %s"
        worker.execute(query, (said, workspace))


def after(planner, database, workspace, *given, now=NOW):
    with database.transaction(None, "worker") as worker:
        return planner.after(worker, database.keys, workspace, given, now)


def test_a_new_parcel_is_asked_for_at_once(database, workspace, planner):
    add(database, workspace, "AC1")
    plan_all(planner, database)
    assert armed(database, workspace) == {"AC1": NOW}
    assert whys(database, workspace) == {"AC1": "new"}


def test_news_plans_the_next_check_by_what_is_to_be_expected(database, workspace, planner):
    take(
        database,
        got(workspace, body(event(-3, "AR"), event(-2, "OD")), asked=("AC1",)),
        got(workspace, body(event(-30, "LB"), no="AC2"), asked=("AC2",)),
    )
    plan_all(planner, database)
    due = armed(database, workspace)
    assert NOW < due["AC1"] < due["AC2"]
    assert due["AC1"] - NOW <= 3 * HOURS
    assert whys(database, workspace)["AC1"] == "delivery_expected"


def as_if_due(database, workspace, now=NOW):
    """The store makes due by its own clock, which is not the test's."""
    with database.transaction(None, "worker") as worker:
        worker.execute("UPDATE due SET due_at = %s WHERE workspace_id = %s AND kind = 'plan'", (now, workspace))


def test_news_that_leave_the_state_as_it_is_plan_the_next_check_too(database, workspace, planner):
    take(database, got(workspace, body(event(-90, "AR"))))
    plan_all(planner, database)
    quiet = armed(database, workspace)["AC1"]
    take(database, got(workspace, body(event(-90, "AR"), event(-1, "AR")), seen=0.1))
    plan_all(planner, database)
    assert armed(database, workspace)["AC1"] == quiet
    as_if_due(database, workspace)
    assert planner.plan_due(database, NOW) == 1
    assert armed(database, workspace)["AC1"] != quiet
    assert planner.plan_due(database, NOW) == 0


def test_what_is_delivered_costs_nothing_more(database, workspace, planner):
    take(database, got(workspace, body(event(-3, "PU"))))
    plan_all(planner, database)
    assert armed(database, workspace)
    take(database, got(workspace, body(event(-3, "PU"), event(-1, "DL")), seen=0.5))
    plan_all(planner, database)
    assert armed(database, workspace) == {}
    assert whys(database, workspace) == {"AC1": "delivered"}


def test_what_was_stopped_costs_nothing_and_is_asked_again_when_it_goes_on(database, workspace, planner):
    take(database, got(workspace, body(event(-3, "PU"))))
    plan_all(planner, database)
    parcel = rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)[0][0]
    for stopped, said in ((NOW, set()), (None, {"AC1"})):
        with database.transaction(None, "worker") as worker:
            worker.execute("UPDATE parcels SET stopped_at = %s WHERE parcel_id = %s", (stopped, parcel))
            planner.plan_parcels(worker, database.keys, workspace, [parcel], NOW)
        assert armed(database, workspace).keys() == said


def test_changes_are_read_once(database, workspace, planner):
    add(database, workspace, "AC1")
    plan_all(planner, database)
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM due WHERE workspace_id = %s AND kind = 'check'", (workspace,))
    plan_all(Planner(Allows()), database)
    assert armed(database, workspace) == {}


def test_a_plan_is_committed_with_the_cursor_or_not_at_all(database, workspace, planner, monkeypatch):
    add(database, workspace, "AC1")

    def dies(*_):
        raise RuntimeError("dies here")

    with monkeypatch.context() as patched:
        patched.setattr("everyleg.planner.planning.move_cursor", dies)
        with pytest.raises(RuntimeError):
            planner.plan_changes(database, NOW)
    assert armed(database, workspace) == {}
    plan_all(planner, database)
    assert armed(database, workspace) == {"AC1": NOW}


def test_without_news_it_is_asked_ever_less_and_then_given_up(database, workspace, planner):
    take(database, got(workspace, body(event(-3, "PU"))))
    plan_all(planner, database)
    number = rows(database, "SELECT number_id FROM numbers WHERE workspace_id = %s", workspace)[0][0]
    waits = []
    for days in (1, 10, 40):
        now = NOW + dt.timedelta(days=days)
        at_ = after(planner, database, workspace, Given(number, "answered"), now=now)[number]
        waits.append(at_ - now)
    assert waits[0] < waits[1] < waits[2]
    late = dt.datetime.now(dt.UTC) + dt.timedelta(days=61)  # the parcel was made just now
    assert after(planner, database, workspace, Given(number, "answered"), now=late) == {number: None}
    assert whys(database, workspace) == {"AC1": "given_up"}


def test_after_a_failure_it_is_tried_again_soon_but_not_before_the_source_allows(database, workspace, planner):
    (number,) = add(database, workspace, "AC1")
    again = after(planner, database, workspace, Given(number, "failed"))[number]
    assert again - NOW == dt.timedelta(minutes=15)
    held = after(planner, database, workspace, Given(number, "failed", retry_at=at(5)))[number]
    assert held == at(5)
    assert whys(database, workspace) == {"AC1": "after_failure"}


def test_a_workspace_can_choose_fixed_intervals_or_back_off(database, workspace, planner):
    (number,) = add(database, workspace, "AC1")
    settings(database, workspace, "fixed")
    assert after(planner, database, workspace, Given(number, "unknown"))[number] == at(6)
    settings(database, workspace, "back_off")
    week = NOW + dt.timedelta(days=7)
    assert after(planner, database, workspace, Given(number, "unknown"), now=week)[number] == week + 24 * HOURS


def test_a_workspace_can_choose_that_nobody_is_asked(database, workspace, planner):
    settings(database, workspace, "none")
    add(database, workspace, "AC1")
    plan_all(planner, database)
    assert armed(database, workspace) == {}


def test_looking_at_a_parcel_brings_its_check_forward(database, workspace, planner):
    take(database, got(workspace, body(event(-30, "PU"))))
    plan_all(planner, database)
    before = armed(database, workspace)["AC1"]
    parcel = rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)[0][0]
    with database.transaction(None, "worker") as worker:
        plans = planner.look(worker, database.keys, workspace, [parcel], NOW)
    assert [plan.why for plan in plans.values()] == ["looked_at"]
    assert armed(database, workspace)["AC1"] < before


def test_calls_get_dearer_when_more_is_asked_than_the_account_allows(database, workspace):
    with database.transaction(None, "worker") as worker:
        query = "INSERT INTO source_accounts (workspace_id, source, name, per_day) VALUES (%s, 'acme', 'ours', 24)"
        worker.execute(query, (workspace,))
    planner = Planner(Allows())
    numbers = add(database, workspace, *(f"AC{i}" for i in range(50)))
    for hour in range(4):
        after(planner, database, workspace, *(Given(n, "answered") for n in numbers), now=at(hour))
    ((price, rate),) = rows(database, "SELECT price, rate FROM prices WHERE workspace_id = %s", workspace)
    assert rate > 24
    assert price > 2


def inside(database, workspace, reference, *numbers):
    """Put numbers into an air waybill."""
    with database.transaction(None, "worker") as worker:
        query = """INSERT INTO consolidations (workspace_id, kind, reference) VALUES (%s, 'mawb', %s)
            RETURNING consolidation_id"""
        cohort = worker.execute(query, (workspace, reference)).fetchone()[0]
        worker.execute(
            """INSERT INTO memberships (workspace_id, consolidation_id, number_id, source, evidence)
            SELECT workspace_id, %s, number_id, 'file', 'a file' FROM numbers
            WHERE workspace_id = %s AND tracking_number = ANY(%s)""",
            (cohort, workspace, list(numbers)),
        )


def test_of_a_cohort_a_few_are_asked_for_all_and_when_one_moves_the_rest(database, workspace, planner):
    numbers = [f"AC{i}" for i in range(12)]
    take(database, *(got(workspace, body(event(-20, "PU"), no=no), asked=(no,)) for no in numbers))
    alone = [f"AL{i}" for i in range(2)]
    take(database, *(got(workspace, body(event(-20, "PU"), no=no), asked=(no,)) for no in alone))
    inside(database, workspace, "123-45678901", *numbers)
    plan_all(planner, database)
    said = whys(database, workspace)
    watching = [no for no in numbers if said[no] == "sentinel"]
    waiting = [no for no in numbers if said[no] == "cohort_waits"]
    assert (len(watching), len(waiting)) == (2, 10)
    due = armed(database, workspace)
    assert max(due[no] for no in watching) <= due["AL0"] <= min(due[no] for no in waiting)
    first = watching[0]
    take(database, got(workspace, body(event(-20, "PU"), event(-0.5, "AR"), no=first), seen=0.1, asked=(first,)))
    with database.transaction(None, "worker") as worker:  # the changes were made now, by the database's clock
        query = "UPDATE changes SET changed_at = %s WHERE workspace_id = %s AND before IS NOT NULL"
        worker.execute(query, (NOW, workspace))
    plan_all(planner, database, at(0.1))
    said = whys(database, workspace)
    assert {said[no] for no in numbers if no != first} == {"cohort_moved"}
    assert all(armed(database, workspace)[no] <= due[no] for no in waiting)
    assert {said[no] for no in alone}.isdisjoint({"cohort_moved", "sentinel"})


def test_a_timeline_that_cannot_be_opened_holds_up_nobody_else(database, workspace, planner):
    take(database, got(workspace, body(event(-3)), asked=("AC1",)))
    with database.transaction(None, "worker") as worker:
        worker.execute("UPDATE states SET timeline = 'x' WHERE workspace_id = %s", (workspace,))
    take(database, got(workspace, body(event(-3), no="AC2"), asked=("AC2",)))
    plan_all(planner, database)
    while learn_changes(database):
        pass
    assert armed(database, workspace).keys() == {"AC1", "AC2"}


def test_what_a_person_stops_and_lets_go_on_is_planned_anew(database, workspace, planner):
    with database.transaction(workspace) as app:
        parcel = ensure_parcels(app, workspace, [NewParcel("acme", "AC1")])[0].parcel_id
    plan_all(planner, database)
    for stopped in (True, False):
        with database.transaction(None, "worker") as worker:
            query = "UPDATE parcels SET stopped_at = %s WHERE workspace_id = %s AND parcel_id = %s"
            worker.execute(query, (NOW if stopped else None, workspace, parcel))
            plan_soon(worker, workspace, parcel, NOW)
        assert planner.plan_due(database, NOW) == 1
        assert bool(armed(database, workspace)) is not stopped
    assert planner.plan_due(database, NOW) == 0


def test_a_buyer_who_looks_brings_the_check_forward_once(database, workspace, planner):
    take(database, got(workspace, body(event(-3)), asked=("AC1",)))
    plan_all(planner, database)
    before = armed(database, workspace)["AC1"]
    (parcel,) = rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)[0]
    with database.transaction(workspace) as app:
        looked_at(app, workspace, parcel, NOW)
        looked_at(app, workspace, parcel, NOW + HOURS)
    assert planner.plan_due(database, NOW) == 1
    assert armed(database, workspace)["AC1"] < before
