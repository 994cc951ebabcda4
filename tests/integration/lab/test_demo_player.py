"""The demo in a real store: played once however often it is interrupted, and played on as time goes by."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from everyleg.accounts import workspaces
from everyleg.app.demo import DemoError, demo_login, open_demo
from everyleg.app.plugins import registry
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from tests.unit.lab.worlds import formats

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
_serial = itertools.count()


class Killed(BaseException):
    pass


@pytest.fixture
def slug():
    return f"demo-{next(_serial)}"


@pytest.fixture
def opened(database, slug):
    """Opens the demo, as a new process would."""
    return lambda parcels=30, now=NOW: open_demo(database, registry(), formats(), now, parcels, slug)


def rows(database, workspace, query):
    with database.transaction(workspace) as app:
        return app.execute(query, (workspace,)).fetchall()


def told(database, demo):
    """What a person sees, without ids: each parcel's numbers and state, and its order."""
    query = """
        SELECT s.milestone, s.sub_status, o.order_reference, array_agg(n.carrier || n.tracking_number ORDER BY n.carrier, n.tracking_number)
        FROM parcels p JOIN states s USING (workspace_id, parcel_id) JOIN legs l USING (workspace_id, parcel_id)
        JOIN numbers n ON (n.workspace_id, n.number_id) = (l.workspace_id, l.number_id)
        LEFT JOIN shipments o ON (o.workspace_id, o.shipment_id) = (p.workspace_id, p.shipment_id)
        WHERE p.workspace_id = %s AND p.merged_into IS NULL GROUP BY p.parcel_id, 1, 2, 3 ORDER BY 3, 1, 2"""
    return rows(database, demo.workspace, query)


def test_a_load_that_was_killed_goes_on_where_it_was_and_gives_the_same(database, opened, slug):
    whole = open_demo(database, registry(), formats(), NOW, 70, f"{slug}-whole")
    whole.load()

    def kill(done, total):
        if done < total:
            raise Killed

    with pytest.raises(Killed):
        opened(70).load(kill)
    again = opened(70, NOW + timedelta(minutes=3))
    again.load()
    again.load()
    assert told(database, again) == told(database, whole)


def test_the_season_shows_every_page_something(database, opened):
    demo = opened(250)
    demo.load()
    milestones = {row[0] for row in told(database, demo)}
    assert milestones >= {"delivered", "info_received", "picked_up", "line_haul", "import", "out_for_delivery"}
    quarantined = "SELECT count(*) FROM observations WHERE workspace_id = %s AND quarantine_kind IS NOT NULL"
    assert rows(database, demo.workspace, quarantined) == [(2,)]
    unknown = {row[0] for row in rows(database, demo.workspace, "SELECT carrier FROM unknowns WHERE workspace_id = %s")}
    assert len(unknown) >= 2
    tags = rows(database, demo.workspace, "SELECT count(DISTINCT tag_id) FROM parcel_tags WHERE workspace_id = %s")
    assert tags[0][0] >= 5
    replaced = "SELECT count(*) FROM links WHERE workspace_id = %s AND kind = 'replaces' AND source = 'person'"
    assert rows(database, demo.workspace, replaced) == [(1,)]
    assert verify(database, demo.workspace) == []


def test_every_parcel_that_is_not_somebody_elses_has_its_order(database, opened):
    demo = opened(60)
    demo.load()
    parcels = told(database, demo)
    assert sum(order is None for _, _, order, _ in parcels) <= 1  # the earlier life of a number used again
    orders = [order for _, _, order, _ in parcels if order]
    assert len(set(orders)) == len(orders)


def test_what_is_published_later_comes_in_when_its_time_has_come(database, opened):
    demo = opened()
    demo.load()
    before = told(database, demo)
    assert demo.tick(NOW) == 0
    for hours in (6, 12, 48):
        demo.tick(NOW + timedelta(hours=hours))
        drain(database, registry())
    after = told(database, demo)
    assert after != before
    assert len(after) >= len(before)


def test_a_second_start_catches_up_and_doubles_nothing(database, opened):
    opened().load()
    later = NOW + timedelta(days=4)
    one, other = opened(now=later), opened(now=later)
    for demo in (one, other):
        demo.load()
        demo.tick(later)
        drain(database, registry())
    orders = "SELECT order_reference, count(*) FROM shipments WHERE workspace_id = %s GROUP BY 1 HAVING count(*) > 1"
    assert rows(database, one.workspace, orders) == []
    came = "SELECT count(*) FROM shipments WHERE workspace_id = %s AND order_reference LIKE '__2611%%'"
    assert rows(database, one.workspace, came)[0][0] > 0


def test_the_login_is_said_again_and_made_anew_where_its_file_is_gone(database, opened, folder):
    demo = opened(5)
    first = demo_login(database, demo.workspace, folder)
    assert demo_login(database, demo.workspace, folder) == first
    assert (folder / "demo-login.json").stat().st_mode & 0o077 == 0
    (folder / "demo-login.json").unlink()
    assert demo_login(database, demo.workspace, folder).password != first.password


def test_a_workspace_that_is_somebodys_own_is_left_alone(database, opened, slug):
    own = workspaces.create(database, slug, "Demo shop")
    with database.transaction(None, "worker") as worker:
        ensure_parcels(worker, own, [NewParcel("usps", "9400100000000000000000")])
    with pytest.raises(DemoError, match="somebody's own"):
        opened()
    assert len(rows(database, own, "SELECT FROM parcels WHERE workspace_id = %s")) == 1
