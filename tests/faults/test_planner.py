"""Parcels that are added are planned, asked and followed by processes alone, also when these are killed meanwhile."""

import time

from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.verify import verify
from tests.integration.conftest import new_workspace
from tests.integration.planner.asking_kit import Store
from tests.integration.planner.test_asking_the_lab import NOW, Profile, add_accounts, lab, shelf

from .stack import Stack


def legs_of(served, most):
    """Numbers that say something by now, of several carriers."""
    legs = {
        (leg.carrier, leg.number): leg
        for leg in shelf().legs()
        if leg.carrier in served and any(one.at <= NOW for one in leg.published)
    }
    return list(legs.values())[:most]


def heard_of(store):
    """Numbers of which something is told."""
    query = """SELECT DISTINCT n.carrier, n.tracking_number FROM statements s JOIN numbers n USING (workspace_id, number_id)
               WHERE s.workspace_id = %s"""
    return set(store.rows(query))


def test_what_is_added_is_asked_by_a_planner_that_is_killed_and_becomes_news():
    with (
        Stack(("planner", "worker"), settings={"EVERYLEG_ALLOW_PRIVATE": "127.0.0.0/8"}) as stack,
        lab(Profile(account=True)) as (url, app),
    ):
        store = Store(stack.database, new_workspace(stack.database))
        (planner,) = stack.of("planner")
        add_accounts(store, url, app.endpoints)
        legs = legs_of(app.endpoints, 40)
        wanted = {(leg.carrier, leg.number) for leg in legs}
        with stack.database.transaction(None, "worker") as worker:
            ensure_parcels(worker, store.workspace, [NewParcel(leg.carrier, leg.number) for leg in legs[:20]])
        end = time.monotonic() + 60
        while len(heard_of(store) & wanted) < 5:
            assert time.monotonic() < end, stack.said()
            time.sleep(0.2)
        planner.kill()
        with stack.database.transaction(None, "worker") as worker:
            ensure_parcels(worker, store.workspace, [NewParcel(leg.carrier, leg.number) for leg in legs[20:]])
        planner.start()
        # what the killed one had claimed comes when its lease ends; the rest at once
        while len(heard_of(store) & wanted) < len(wanted) - 8:
            assert time.monotonic() < end, stack.said()
            time.sleep(0.2)
        assert 'outcome="2xx"' in planner.metrics()
        assert [role.end() for role in stack.roles] == [0, 0]
        assert verify(stack.database, store.workspace) == []
