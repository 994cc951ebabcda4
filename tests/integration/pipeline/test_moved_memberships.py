"""Who is inside a consolidation goes with a number that a person moves to another carrier, and comes back with it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import PERMISSIONS
from everyleg.pipeline import corrections, work
from everyleg.pipeline.consolidations.cohorts import cohort_of
from everyleg.pipeline.consolidations.people import Inside
from everyleg.pipeline.corrections import Edit
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.planner.groups import _INSIDE
from everyleg.web.seller.consolidations import queries
from tests.integration.conftest import new_workspace

from .aboard import consolidation, inside, sheet, status, with_sheets
from .acme import at, body, event, got, rows, take, timelines
from .test_consolidation_properties import INPUTS, received, stored
from .test_consolidations import yanwen

MAWB = "784-55501121"


def feed(database, *items):
    return take(database, *items, carriers_=with_sheets())


def edit(workspace, parcel):
    return Edit(Actor(workspace, "person", 7, PERMISSIONS["operator"]), parcel, at(10), "it is Bolt's")


def number(database, workspace, carrier, tracking_number="AC1"):
    query = "SELECT number_id FROM numbers WHERE workspace_id = %s AND carrier = %s AND tracking_number = %s"
    return rows(database, query, workspace, carrier, tracking_number)[0][0]


@pytest.fixture
def parcel(database, workspace):
    """A parcel that a list puts into an air waybill, which has left."""
    feed(database, got(workspace, body(event(-30)), asked=("AC1",)), sheet(workspace, inside("AC1")))
    feed(database, sheet(workspace, status(2)))
    return rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)[0][0]


def told(database, workspace, parcel):
    """What its timeline tells: of which carrier's number, and what."""
    timeline = timelines(database, workspace)[parcel]
    return [(e.carrier, e.sub_status) for e in timeline.events if not e.withdrawn] if timeline else []


def pin(database, workspace, parcel, carrier="bolt"):
    return corrections.pin(database, edit(workspace, parcel), carrier)


def test_the_waybill_goes_with_the_number(database, workspace, parcel):
    pin(database, workspace, parcel)
    assert told(database, workspace, parcel) == [("bolt", "departed_origin")]
    feed(database, sheet(workspace, status(9, "清关放行")))
    assert told(database, workspace, parcel)[1:] == [("bolt", "import_customs_released")]
    assert verify(database, workspace) == []


def test_it_comes_back_when_the_correction_is_taken_back(database, workspace, parcel):
    before = timelines(database, workspace)
    done = pin(database, workspace, parcel)
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert timelines(database, workspace) == before
    assert verify(database, workspace) == []


def test_it_goes_with_the_number_from_carrier_to_carrier(database, workspace, parcel):
    pin(database, workspace, parcel)
    feed(database, sheet(workspace, inside("AC1", "BG-1", "bag"), carrier="bolt"))
    feed(database, sheet(workspace, status(5, "到港", "BG-1", "bag"), carrier="bolt"))
    pin(database, workspace, parcel, "acme")
    assert told(database, workspace, parcel) == [
        ("acme", "picked_up"),
        ("acme", "departed_origin"),
        ("acme", "arrived_destination"),
    ]
    assert verify(database, workspace) == []


def test_what_the_wrong_carriers_own_answer_says_it_is_inside_of_counts_for_nothing(database, workspace):
    feed(database, yanwen(workspace, "YW1", FlightNumber="CZ3099", FlightDate="2026-11-20", MAWB=MAWB))
    feed(database, sheet(workspace, status(12, "清关放行")))
    (parcel,) = timelines(database, workspace)
    assert ("yanwen", "import_customs_released") in told(database, workspace, parcel)
    done = pin(database, workspace, parcel)
    assert told(database, workspace, parcel) == []
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert ("yanwen", "import_customs_released") in told(database, workspace, parcel)


def test_the_order_of_list_event_and_correction_does_not_matter(database, workspace):
    feed(database, got(workspace, body(event(-30)), asked=("AC1",)))
    (parcel,) = timelines(database, workspace)
    pin(database, workspace, parcel)
    feed(database, sheet(workspace, status(2)))
    feed(database, sheet(workspace, inside("AC1")))
    assert told(database, workspace, parcel) == [("bolt", "departed_origin")]


def test_an_event_long_before_its_time_stays_out_whichever_carrier_it_is_of(database, workspace, parcel):
    pin(database, workspace, parcel)
    feed(database, got(workspace, body(event(3, "AR")), carrier="bolt", asked=("AC1",)))
    feed(database, sheet(workspace, status(24 * 400, "到港")))
    assert told(database, workspace, parcel) == [("bolt", "departed_origin"), ("bolt", "arrived_facility")]


def test_never_inside_said_of_the_moved_number_stands_after_it_is_moved_back(database, workspace, parcel):
    done = pin(database, workspace, parcel)
    with database.transaction(workspace) as connection:
        who = Inside(connection, workspace, consolidation(database, workspace), None)
        assert who.withdraw([number(database, workspace, "bolt")], at(11)) == 1
    work.drain(database, with_sheets())
    assert told(database, workspace, parcel) == []
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert told(database, workspace, parcel) == [("acme", "picked_up")]
    with database.transaction(workspace) as connection:
        who = Inside(connection, workspace, consolidation(database, workspace), None)
        assert who.restore([number(database, workspace, "acme")]) == 1
    work.drain(database, with_sheets())
    assert told(database, workspace, parcel) == [("acme", "picked_up"), ("acme", "departed_origin")]


def test_page_and_planner_see_the_number_as_whose_it_is(database, workspace, parcel):
    pin(database, workspace, parcel)
    waybill, bolts = consolidation(database, workspace), number(database, workspace, "bolt")
    with database.transaction(workspace) as connection:
        (member,) = queries.members(connection, workspace, waybill, None)
        assert (member.carrier, member.parcel_id, member.direct) == ("bolt", parcel, True)
        found = cohort_of(connection, database.keys, workspace, [bolts])
        assert found[bolts].cohort_id == waybill
        asked = {"workspace": workspace, "cohorts": [waybill]}
        query = f"WITH {_INSIDE} SELECT * FROM inside"  # noqa: S608 - our own words
        assert connection.execute(query, asked).fetchall() == [(waybill, parcel)]


def test_a_replay_leaves_it_where_it_is(database, workspace, parcel):
    pin(database, workspace, parcel)
    before = timelines(database, workspace)
    replay(database, with_sheets(), workspace=workspace)
    assert timelines(database, workspace) == before


@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(INPUTS, st.integers(0, 9))
def test_a_number_moved_at_any_time_comes_to_the_same_and_moved_back_to_what_it_would_have_been(database, some, when):
    """Whatever lists and events come before and after."""
    left, pinned, sooner = (new_workspace(database) for _ in range(3))
    for workspace in (left, pinned, sooner):
        feed(database, got(workspace, body(event(-1)), asked=("AC1",)))
    parcel = {workspace: next(iter(timelines(database, workspace))) for workspace in (left, pinned, sooner)}
    for at_, one in enumerate(some):
        if at_ == min(when, len(some) - 1):
            pin(database, sooner, parcel[sooner])
        for workspace in (left, pinned, sooner):
            feed(database, received(workspace, one))
    done = pin(database, pinned, parcel[pinned])
    assert stored(database, pinned) == stored(database, sooner)
    assert verify(database, pinned) == verify(database, sooner) == []
    corrections.undo(database, edit(pinned, parcel[pinned]), done.correction_id)
    assert stored(database, pinned) == stored(database, left)
