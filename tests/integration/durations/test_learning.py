"""Learning from changes: histograms are what the timelines say, whatever came when; a late event corrects the past."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.durations.histograms import bin_of, kaplan_meier, quantile
from everyleg.durations.learning import learn, learn_changes, learn_retold
from everyleg.durations.reading import expected, histogram, load_gaps
from tests.integration.conftest import new_workspace
from tests.integration.pipeline.acme import NOW, at, body, event, got, rows, take

LATER = NOW + dt.timedelta(days=5)
EVER = NOW + dt.timedelta(days=36_500)
"""A moment at which everything is due."""


def learn_all(database):
    while learn_changes(database) or learn_retold(database, EVER):
        pass


def stages(database, workspace, state="first_mile", now=LATER):
    with database.transaction(None, "worker") as worker:
        return histogram(worker, (workspace, "stage", state), (None, None), now)


def cells(database, workspace):
    query = """SELECT kind, carrier, lane, state, month, outcome, bin, cases FROM durations
        WHERE workspace_id = %s ORDER BY 1, 2, 3, 4, 5, 6, 7"""
    return rows(database, query, workspace)


def spells(database, workspace):
    return rows(
        database,
        "SELECT kind, state, began_at, ended_at, outcome FROM spells WHERE workspace_id = %s ORDER BY place",
        workspace,
    )


def test_a_stage_that_ended_is_counted_by_its_length(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "OD"))))
    learn_all(database)
    found = stages(database, workspace)
    assert found.finished.sum() == 1
    assert found.finished[0, bin_of(24 * 3600.0)] == 1


def test_a_stage_that_runs_is_censored_at_its_age(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"))))
    learn_all(database)
    found = stages(database, workspace, now=at(10))
    assert found.finished.sum() == 0
    assert found.running[bin_of(40 * 3600.0)] == 1
    assert kaplan_meier(found)[-1] == 1.0


def test_a_late_event_corrects_the_past(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "OD"))))
    learn_all(database)
    take(database, got(workspace, body(event(-40, "PU"), event(-30, "PU"), event(-6, "OD"), event(-1, "DL")), seen=1.0))
    learn_all(database)
    found = stages(database, workspace)
    assert found.finished.sum() == 1
    assert found.finished[0, bin_of(34 * 3600.0)] == 1
    last = stages(database, workspace, "last_mile")
    assert last.finished[0, bin_of(5 * 3600.0)] == 1


def test_an_event_that_leaves_the_state_as_it_is_is_learned_too(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-20, "AR"))))
    learn_all(database)
    take(database, got(workspace, body(event(-30, "PU"), event(-20, "AR"), event(-6, "AR")), seen=1.0))
    learn_all(database)
    query = "SELECT event_at, next_at FROM gaps WHERE workspace_id = %s ORDER BY event_at"
    assert rows(database, query, workspace) == [(at(-30), at(-20)), (at(-20), at(-6)), (at(-6), None)]
    assert learn_retold(database, EVER) == 0


def test_learning_again_changes_nothing(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "OD"), event(-1, "DL"))))
    learn_all(database)
    before = cells(database, workspace), spells(database, workspace)
    parcel = rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)[0][0]
    for _ in range(2):
        with database.transaction(None, "worker") as worker:
            learn(worker, database.keys, workspace, {parcel: LATER})
    assert (cells(database, workspace), spells(database, workspace)) == before


answers = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.lists(st.tuples(st.integers(-200, -1), st.sampled_from(["PU", "AR", "OD", "DL"])), max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers, st.randoms())
def test_any_order_of_arrival_leaves_the_same_sums(database, told, random):
    """Learned step by step in any order, or all at once: the sums are those of the timelines."""
    told = [(i, who, said) for i, (who, said) in enumerate(told)]
    found = []
    for stepwise in (True, False):
        workspace = new_workspace(database)
        order = told.copy()
        random.shuffle(order)
        items = [
            got(workspace, body(*(event(h, c) for h, c in said), no=f"AC{who}"), seen=i / 10, asked=(f"AC{who}",))
            for i, who, said in order
        ]
        for some in [[item] for item in items] if stepwise else [items]:
            take(database, *some)
            if stepwise:
                learn_all(database)
        parcels = rows(database, "SELECT parcel_id FROM parcels WHERE workspace_id = %s", workspace)
        with database.transaction(None, "worker") as worker:
            learn(worker, database.keys, workspace, {parcel: LATER for (parcel,) in parcels})
        learn_all(database)
        found.append(cells(database, workspace))
    assert found[0] == found[1]


def test_another_tenants_parcels_teach_nothing(database, workspace, other_workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "OD"))))
    learn_all(database)
    assert stages(database, other_workspace).cases == 0


def test_few_cases_of_a_lane_lean_on_those_of_the_carrier(database, workspace):
    for i in range(12):
        no = f"AC{i}"
        origin = {"from": "CN", "to": "US"} if i == 0 else {"from": "CN", "to": "DE"}
        hours = 2 if i == 0 else 48
        take(database, got(workspace, body(event(-60, "PU"), event(-60 + hours, "OD"), no=no, **origin), asked=(no,)))
    learn_all(database)
    with database.transaction(None, "worker") as worker:
        lanes = {
            row[0] for row in worker.execute("SELECT DISTINCT lane FROM spells WHERE workspace_id = %s", (workspace,))
        }
        own = expected(worker, (workspace, "stage", "first_mile"), ("acme", sorted(lanes)[-1]), LATER)
    assert quantile(own, 0.5) > 10 * 3600


def test_gaps_are_those_between_events_and_the_last_one_is_open(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "OD"))))
    learn_all(database)
    with database.transaction(None, "worker") as worker:
        gaps = sorted(load_gaps(worker, workspace, LATER), key=lambda gap: gap.event_at)
    assert [(gap.state.sub_status, gap.kind >= 0) for gap in gaps] == [("picked_up", True), ("out_for_delivery", False)]
    assert gaps[0].ended - gaps[0].begun == pytest.approx(24 * 3600, abs=1)
    assert gaps[1].ended == LATER.timestamp()


def test_after_its_end_a_parcel_waits_for_nothing(database, workspace):
    take(database, got(workspace, body(event(-30, "PU"), event(-6, "DL"))))
    learn_all(database)
    with database.transaction(None, "worker") as worker:
        assert all(gap.kind >= 0 for gap in load_gaps(worker, workspace, LATER))
