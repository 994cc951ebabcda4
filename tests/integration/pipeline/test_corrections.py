"""Corrections by people: they win, they are noted, the second editor is told, and undoing leaves no trace."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.accounts import audit
from everyleg.accounts.actors import Actor
from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.roles import PERMISSIONS
from everyleg.core.model import Ref
from everyleg.pipeline import corrections
from everyleg.pipeline.corrections import Better, Edit, NotPossibleError, StaleError
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import refold_due
from tests.integration.conftest import new_workspace

from .acme import at, body, carriers, event, got, milestones, rows, take, timelines


def edit(workspace, parcel, *, person=7, reason="the buyer called", role="operator", **more):
    actor = Actor(workspace, "person", person, PERMISSIONS[role])
    return Edit(actor, parcel, more.pop("now", at(10)), reason, **more)


def parcel_of(database, workspace, number="AC1", carrier="acme"):
    """The parcel that a number is of."""
    query = """SELECT coalesce(p.merged_into, p.parcel_id) FROM parcels p JOIN numbers n USING (workspace_id, number_id)
        WHERE workspace_id = %s AND tracking_number = %s AND carrier = %s"""
    return rows(database, query, workspace, number, carrier)[0][0]


@pytest.fixture
def parcel(database, workspace):
    """A parcel on its round."""
    take(database, got(workspace, body(event(-30), event(-5, "AR"), event(-1, "OD"))))
    return parcel_of(database, workspace)


def added(database, workspace, number, carrier="acme"):
    with database.transaction(workspace) as app:
        return ensure_parcels(app, workspace, [NewParcel(carrier, number)])[0].parcel_id


def timeline(database, workspace, parcel):
    return timelines(database, workspace)[parcel]


def key_of(database, workspace, parcel, sub_status):
    return next(e.key for e in timeline(database, workspace, parcel).events if e.sub_status == sub_status)


def flags(database, parcel):
    return rows(
        database, "SELECT stopped_at IS NOT NULL, archived_at IS NOT NULL FROM parcels WHERE parcel_id = %s", parcel
    )[0]


def world(database, workspace):
    """Everything of a workspace that corrections can touch, without ids."""
    states = sorted(msgspec.json.encode(found) if found else b"" for found in timelines(database, workspace).values())
    columns = "SELECT milestone, sub_status, stage, exception, since, last_event_at, delivered_at, carriers, listed FROM states WHERE workspace_id = %s ORDER BY 1, 2, 3, 5"
    legs = """SELECT carrier, tracking_number, life_from, life_to FROM legs JOIN numbers USING (workspace_id, number_id)
        WHERE workspace_id = %s ORDER BY 1, 2, 3"""
    parcels = """SELECT carrier, tracking_number, merged_into IS NULL, stopped_at IS NULL, archived_at IS NULL, pinned_carrier, shipment_id
        FROM parcels JOIN numbers USING (workspace_id, number_id) WHERE workspace_id = %s ORDER BY 1, 2, 3"""
    remarks = "SELECT count(*) FROM remarks WHERE workspace_id = %s AND withdrawn_at IS NULL"
    return states, *(rows(database, query, workspace) for query in (columns, legs, parcels, remarks))


def test_delivered_by_a_person_counts_and_stands_against_later_scans(database, workspace, parcel):
    corrections.mark(database, edit(workspace, parcel), "delivered", at(2))
    take(database, got(workspace, body(event(-30), event(-5, "AR"), event(-1, "OD"), event(3, "AR")), seen=4))
    found = timeline(database, workspace, parcel)
    assert (found.milestone, found.delivered_at) == ("delivered", at(2))
    assert verify(database, workspace) == []


def test_lost_by_a_person_is_an_exception_with_a_change(database, workspace, parcel):
    corrections.mark(database, edit(workspace, parcel), "lost")
    assert timeline(database, workspace, parcel).sub_status == "lost"
    query = (
        "SELECT before ->> 'sub_status', after ->> 'sub_status' FROM changes WHERE parcel_id = %s ORDER BY change_id"
    )
    assert rows(database, query, parcel)[-1] == ("out_for_delivery", "lost")


def test_a_parcel_of_which_nothing_was_told_can_be_marked(database, workspace):
    parcel = added(database, workspace, "AC9")
    corrections.mark(database, edit(workspace, parcel), "delivered")
    assert timeline(database, workspace, parcel).milestone == "delivered"
    assert verify(database, workspace) == []


def test_a_hidden_statement_counts_for_nothing_and_stays_hidden_when_it_is_told_again(database, workspace, parcel):
    corrections.hide(database, edit(workspace, parcel), key_of(database, workspace, parcel, "out_for_delivery"))
    assert milestones(database, workspace) == ["picked_up"]
    take(database, got(workspace, body(event(-30), event(-5, "AR"), event(-1, "OD"), **{"from": "CN"}), seen=3))
    replay(database, carriers(), workspace=workspace)
    assert milestones(database, workspace) == ["picked_up"]
    gone = [e.source for e in timeline(database, workspace, parcel).events if e.withdrawn]
    assert sorted(gone) == ["carrier_api", "person"]


def test_hiding_one_scan_leaves_another_of_the_same_word_a_quarter_of_an_hour_later(database, workspace):
    take(database, got(workspace, body(event(-2, "AR", text="first"), event(-1.8, "AR", text="second"))))
    parcel = parcel_of(database, workspace)
    first, second = timeline(database, workspace, parcel).events
    corrections.hide(database, edit(workspace, parcel), first.key)
    standing = [e.key for e in timeline(database, workspace, parcel).events if not e.withdrawn]
    assert standing == [second.key]


def test_a_corrected_statement_says_what_the_person_says(database, workspace, parcel):
    key = key_of(database, workspace, parcel, "out_for_delivery")
    better = Better("delivered", at(-0.5).astimezone(dt.timezone(dt.timedelta(hours=2))), country="FR", city="Lyon")
    corrections.correct(database, edit(workspace, parcel), key, better)
    found = timeline(database, workspace, parcel)
    last = next(e for e in found.events if e.sub_status == "delivered")
    assert (found.milestone, last.occurred_at, last.utc_offset, last.place.city) == ("delivered", at(-0.5), 120, "Lyon")
    assert last.text == "it is OD"


@pytest.mark.parametrize(
    ("better", "why"),
    [(Better(), "nothing would be otherwise"), (Better("gone fishing"), "vocabulary has no 'gone fishing'")],
)
def test_a_correction_that_says_nothing_or_nonsense_is_refused_and_leaves_nothing(
    database, workspace, parcel, better, why
):
    before = world(database, workspace)
    with pytest.raises(NotPossibleError, match=why):
        corrections.correct(database, edit(workspace, parcel), key_of(database, workspace, parcel, "picked_up"), better)
    assert world(database, workspace) == before
    assert corrections.listed(database, workspace, parcel) == []


def test_what_a_person_said_is_undone_not_hidden(database, workspace, parcel):
    corrections.mark(database, edit(workspace, parcel), "delivered")
    with pytest.raises(NotPossibleError, match="undo that correction"):
        corrections.hide(database, edit(workspace, parcel), key_of(database, workspace, parcel, "delivered"))


def test_a_time_in_another_life_of_the_number_is_refused(database, workspace):
    take(database, got(workspace, body(event(-5000), event(-4900, "DL"), event(-10))))
    old, new = sorted(timelines(database, workspace), key=lambda p: timeline(database, workspace, p).milestone)
    assert timeline(database, workspace, old).milestone == "delivered"
    with pytest.raises(NotPossibleError, match="on another parcel"):
        corrections.mark(database, edit(workspace, old), "lost")
    corrections.mark(database, edit(workspace, old), "lost", at(-4890))
    assert timeline(database, workspace, old).sub_status == "lost"
    assert timeline(database, workspace, new).milestone == "picked_up"


def test_stop_archive_and_restart_follow_the_corrections_that_stand(database, workspace, parcel):
    stop = corrections.mark(database, edit(workspace, parcel), "stop")
    archive = corrections.mark(database, edit(workspace, parcel), "archive")
    assert flags(database, parcel) == (True, True)
    assert rows(database, "SELECT listed FROM states WHERE parcel_id = %s", parcel) == [(False,)]
    restart = corrections.mark(database, edit(workspace, parcel), "restart")
    assert flags(database, parcel) == (False, False)
    corrections.undo(database, edit(workspace, parcel), stop.correction_id)
    assert flags(database, parcel) == (False, False)
    corrections.undo(database, edit(workspace, parcel), restart.correction_id)
    assert flags(database, parcel) == (False, True)
    corrections.undo(database, edit(workspace, parcel), archive.correction_id)
    assert flags(database, parcel) == (False, False)
    assert rows(database, "SELECT listed FROM states WHERE parcel_id = %s", parcel) == [(True,)]


def test_an_added_number_joins_its_parcel_and_undoing_parts_them(database, workspace, parcel):
    take(
        database, got(workspace, body(event(1, "AR"), event(2, "DL"), no="BO1"), carrier="bolt", asked=("BO1",), seen=3)
    )
    before = world(database, workspace)
    done = corrections.add_number(database, edit(workspace, parcel), Ref("bolt", "BO1"))
    (whole,) = timelines(database, workspace).values()
    assert ([n.tracking_number for n in whole.numbers], whole.milestone) == (["AC1", "BO1"], "delivered")
    assert verify(database, workspace) == []
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert world(database, workspace) == before


def test_a_number_added_to_a_parcel_of_which_nothing_is_told_is_asked_too(database, workspace):
    parcel = added(database, workspace, "AC9")
    corrections.add_number(database, edit(workspace, parcel), Ref("bolt", "BO9"))
    query = (
        "SELECT tracking_number FROM legs JOIN numbers USING (workspace_id, number_id) WHERE parcel_id = %s ORDER BY 1"
    )
    assert rows(database, query, parcel) == [("AC9",), ("BO9",)]
    take(database, got(workspace, body(event(1, "OD"), no="BO9"), carrier="bolt", asked=("BO9",), seen=3))
    assert timeline(database, workspace, parcel).milestone == "out_for_delivery"


def test_a_number_that_cannot_be_of_this_parcel_is_refused(database, workspace, parcel):
    for number in ("BO1", "BO2"):
        take(
            database,
            got(workspace, body(event(-6), event(-2, "AR"), no=number), carrier="bolt", asked=(number,), seen=1),
        )
    corrections.add_number(database, edit(workspace, parcel), Ref("bolt", "BO1"))
    before = world(database, workspace)
    with pytest.raises(NotPossibleError, match="a number of this parcel already"):
        corrections.add_number(database, edit(workspace, parcel), Ref("bolt", "BO1"))
    assert world(database, workspace) == before


def test_a_replacement_is_made_for_the_same_shipment_and_the_old_parcel_leads_to_it(database, workspace, parcel):
    with database.transaction(workspace) as app:
        insert = "INSERT INTO shipments (workspace_id, order_reference) VALUES (%s, 'A-1') RETURNING shipment_id"
        shipment = app.execute(insert, (workspace,)).fetchone()[0]
        app.execute("UPDATE parcels SET shipment_id = %s WHERE parcel_id = %s", (shipment, parcel))
    done = corrections.replace(database, edit(workspace, parcel), Ref("acme", "AC2"))
    new = parcel_of(database, workspace, "AC2")
    assert rows(database, "SELECT shipment_id FROM parcels WHERE parcel_id = %s", new) == [(shipment,)]
    assert [(a.kind, a.detail) for a in timeline(database, workspace, parcel).anomalies] == [("replaced", "acme AC2")]
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert timeline(database, workspace, parcel).anomalies == []
    assert rows(database, "SELECT FROM parcels WHERE parcel_id = %s", new) == []


def test_a_replacement_of_which_something_was_told_stays_as_a_parcel_of_its_own(database, workspace, parcel):
    done = corrections.replace(database, edit(workspace, parcel), Ref("acme", "AC2"))
    take(database, got(workspace, body(event(5), no="AC2"), asked=("AC2",), seen=6))
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert timeline(database, workspace, parcel_of(database, workspace, "AC2")).milestone == "picked_up"


def test_a_pinned_number_is_the_other_carriers_and_what_the_wrong_one_tells_no_longer_counts(
    database, workspace, parcel
):
    take(database, got(workspace, body(event(-3), no="AC1"), carrier="bolt", seen=1))
    done = corrections.pin(database, edit(workspace, parcel), "bolt")
    (found,) = timelines(database, workspace).values()
    assert ([(n.carrier, n.tracking_number) for n in found.numbers], found.milestone) == (
        [("bolt", "AC1")],
        "picked_up",
    )
    take(database, got(workspace, body(event(-30), event(-1, "DL")), seen=8))
    assert milestones(database, workspace) == ["picked_up"]
    assert verify(database, workspace) == []
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert milestones(database, workspace) == ["delivered", "picked_up"]


def test_adding_a_pinned_number_again_finds_its_parcel(database, workspace, parcel):
    corrections.pin(database, edit(workspace, parcel), "bolt")
    assert added(database, workspace, "AC1") == parcel
    assert added(database, workspace, "AC1", carrier="") == parcel
    refold_due(database)
    assert len(timelines(database, workspace)) == 1


def test_a_number_without_a_carrier_gets_one(database, workspace):
    parcel = added(database, workspace, "AC5", carrier="")
    before = world(database, workspace)
    done = corrections.pin(database, edit(workspace, parcel), "bolt")
    assert rows(database, "SELECT carriers FROM states WHERE parcel_id = %s", parcel) == [(["bolt"],)]
    corrections.undo(database, edit(workspace, parcel), done.correction_id)
    assert world(database, workspace) == before


def test_the_last_pin_that_stands_counts(database, workspace, parcel):
    first = corrections.pin(database, edit(workspace, parcel), "bolt")
    second = corrections.pin(database, edit(workspace, parcel), "acme")
    assert milestones(database, workspace) == ["out_for_delivery"]
    corrections.undo(database, edit(workspace, parcel), second.correction_id)
    assert milestones(database, workspace) == ["pending"]
    corrections.undo(database, edit(workspace, parcel), first.correction_id)
    assert milestones(database, workspace) == ["out_for_delivery"]


def test_the_second_editor_is_told_who_did_what(database, workspace, parcel):
    corrections.mark(database, edit(workspace, parcel, person=3, expected_version=1), "lost")
    with pytest.raises(StaleError, match="lost by person 3 at 2026-11-20 22:00 UTC") as told:
        corrections.mark(database, edit(workspace, parcel, person=4, expected_version=1), "delivered")
    assert [(one.kind, one.author_id) for one in told.value.changes] == [("lost", 3)]
    assert timeline(database, workspace, parcel).sub_status == "lost"
    done = corrections.mark(database, edit(workspace, parcel, expected_version=told.value.version), "delivered")
    assert done.version == 3


def test_the_second_editor_is_told_of_what_was_undone(database, workspace, parcel):
    done = corrections.mark(database, edit(workspace, parcel), "lost")
    corrections.undo(database, edit(workspace, parcel, person=5), done.correction_id)
    with pytest.raises(StaleError, match="lost undone by person 5"):
        corrections.mark(database, edit(workspace, parcel, expected_version=2), "stop")


def test_of_two_editors_at_once_one_is_told(database, workspace, parcel):
    def attempt(person):
        try:
            return corrections.mark(
                database, edit(workspace, parcel, person=person, expected_version=1), "lost"
            ).version
        except StaleError as told:
            return [one.author_id for one in told.changes]

    with ThreadPoolExecutor(4) as pool:
        came_to = list(pool.map(attempt, range(1, 5)))
    assert came_to.count(2) == 1
    assert [told for told in came_to if told != 2] == [[came_to.index(2) + 1]] * 3


def test_corrections_and_answers_at_once_lose_nothing(database, workspace, parcel):
    answers = [got(workspace, body(event(-30), event(place / 10, "AR")), seen=place) for place in range(1, 9)]
    with ThreadPoolExecutor(3) as pool:
        taken = [pool.submit(take, database, one) for one in answers]
        for place in range(8):
            done = corrections.mark(database, edit(workspace, parcel), "lost" if place % 2 else "delivered", at(1))
            corrections.undo(database, edit(workspace, parcel), done.correction_id)
        for one in taken:
            one.result()
    assert verify(database, workspace) == []
    assert milestones(database, workspace) == ["picked_up"]


def test_a_remark_makes_nobodys_edit_stale(database, workspace, parcel):
    done = corrections.remark(database, edit(workspace, parcel, role="service"), "  buyer wants it on Friday ")
    corrections.mark(database, edit(workspace, parcel, expected_version=1), "stop")
    corrections.undo(database, edit(workspace, parcel, expected_version=2, role="service"), done.correction_id)
    with pytest.raises(NotPossibleError):
        corrections.remark(database, edit(workspace, parcel), " ")


def test_who_may_not_correct_does_not(database, workspace, parcel):
    for role in ("service", "analyst"):
        with pytest.raises(NotAllowedError):
            corrections.mark(database, edit(workspace, parcel, role=role), "delivered")
    done = corrections.mark(database, edit(workspace, parcel), "delivered")
    with pytest.raises(NotAllowedError):
        corrections.undo(database, edit(workspace, parcel, role="service"), done.correction_id)


def test_another_workspaces_parcel_is_not_there(database, other_workspace, parcel):
    with pytest.raises(NotPossibleError, match="no parcel"):
        corrections.mark(database, edit(other_workspace, parcel), "delivered")


def test_each_is_listed_with_author_and_reason_and_in_the_audit_log(database, workspace, parcel):
    done = corrections.mark(database, edit(workspace, parcel, reason="signed slip"), "delivered")
    corrections.undo(database, edit(workspace, parcel, person=8), done.correction_id)
    with pytest.raises(NotPossibleError, match="undone already"):
        corrections.undo(database, edit(workspace, parcel), done.correction_id)
    (one,) = corrections.listed(database, workspace, parcel)
    assert (one.kind, one.reason, one.author_id, one.undone_by, one.undone_at) == (
        "delivered",
        "signed slip",
        7,
        8,
        at(10),
    )
    with database.transaction(workspace) as app:
        lines = audit.listed(app, database.keys, workspace, audit.Page(subject=audit.Subject("parcel", parcel)))
    assert [(line.action, line.actor_id) for line in lines] == [("parcel.delivered_undone", 8), ("parcel.delivered", 7)]


def test_a_merged_parcel_means_the_one_it_redirects_to(database, workspace, parcel):
    other = added(database, workspace, "BO1", "bolt")
    corrections.add_number(database, edit(workspace, parcel), Ref("bolt", "BO1"))
    (gone,) = {parcel, other} - set(timelines(database, workspace))
    corrections.mark(database, edit(workspace, gone), "delivered")
    assert milestones(database, workspace) == ["delivered"]
    assert len(corrections.listed(database, workspace, *timelines(database, workspace))) == 2


ARRIVALS = [
    ("acme", "AC1", [event(-30), event(-5, "AR")]),
    ("acme", "AC1", [event(-30), event(-5, "AR"), event(-1, "OD")]),
    ("acme", "AC1", [event(-30), event(-4, "AR"), event(1, "DL")]),
    ("bolt", "BO1", [event(-3, "AR"), event(0, "OD")]),
    ("bolt", "BO1", [event(-3, "AR"), event(2, "DL")]),
    ("bolt", "AC1", [event(-8), event(-2, "AR")]),
    ("acme", "AC2", [event(4)]),
]
MAKE = {
    "delivered": lambda d, e, _: corrections.mark(d, e, "delivered", at(3)),
    "lost": lambda d, e, _: corrections.mark(d, e, "lost"),
    "stop": lambda d, e, _: corrections.mark(d, e, "stop"),
    "archive": lambda d, e, _: corrections.mark(d, e, "archive"),
    "restart": lambda d, e, _: corrections.mark(d, e, "restart"),
    "hide": corrections.hide,
    "correct": lambda d, e, key: corrections.correct(d, e, key, Better("damaged", at(-2))),
    "pin": lambda d, e, _: corrections.pin(d, e, "bolt"),
    "pin back": lambda d, e, _: corrections.pin(d, e, "acme"),
    "number": lambda d, e, _: corrections.add_number(d, e, Ref("bolt", "BO1")),
    "replace": lambda d, e, _: corrections.replace(d, e, Ref("acme", "AC2")),
    "remark": lambda d, e, _: corrections.remark(d, e, "noted"),
}
steps = st.one_of(
    st.tuples(st.just("arrive"), st.integers(0, len(ARRIVALS) - 1)),
    st.tuples(st.sampled_from(sorted(MAKE)), st.integers(0, 5)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=10))
def test_undoing_all_equals_never_having_corrected(database, plan):
    corrected, untouched = new_workspace(database), new_workspace(database)
    for workspace in (corrected, untouched):
        added(database, workspace, "AC1")
    parcel, open_ones = parcel_of(database, corrected), []
    for place, (what, which) in enumerate(plan):
        if what == "arrive":
            carrier, number, events = ARRIVALS[which]
            for workspace in (corrected, untouched):
                take(
                    database, got(workspace, body(*events, no=number), seen=5 + place, carrier=carrier, asked=(number,))
                )
        elif what == "undo":
            if open_ones:
                corrections.undo(database, edit(corrected, parcel), open_ones.pop(which % len(open_ones)))
        else:
            key = pick(database, corrected, which)
            try:
                done = MAKE[what](database, edit(corrected, parcel, now=at(10 + place)), key)
            except NotPossibleError:
                continue
            open_ones.append(done.correction_id)
    assert verify(database, corrected) == []
    for one in open_ones:
        corrections.undo(database, edit(corrected, parcel), one)
    assert world(database, corrected) == world(database, untouched)
    assert verify(database, corrected) == []


def pick(database, workspace, which):
    """The key of some statement that is there; one that is not, where nothing was told."""
    keys = sorted(e.key for t in timelines(database, workspace).values() if t for e in t.events)
    return keys[which % len(keys)] if keys else "00" * 16
