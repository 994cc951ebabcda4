"""The list is one walk along one index, whatever it is narrowed to; what it is narrowed by follows its shipment."""

import pytest

from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.web.seller.parcel import writing
from everyleg.web.seller.parcels import queries
from everyleg.web.seller.parcels.filters import Cursor, read_filters
from tests.factories.site import NOW, shipped


@pytest.fixture
def parcel(database, workspace):
    with database.transaction(workspace) as app:
        return ensure_parcels(app, workspace, [NewParcel("usps", "9400100000000000000001")])[0].parcel_id


def carried(database, workspace, parcel):
    with database.transaction(workspace) as app:
        query = "SELECT shop_id, channel_id, destination_country, listed FROM states WHERE parcel_id = %s"
        return app.execute(query, (parcel,)).fetchone()


def shop(database, workspace, name="A"):
    with database.transaction(workspace) as app:
        query = "INSERT INTO shops (workspace_id, name) VALUES (%s, %s) RETURNING shop_id"
        return app.execute(query, (workspace, name)).fetchone()[0]


def plan(database, workspace, query):
    filters = read_filters(query)
    with database.transaction(workspace) as app:
        for way in ("seqscan", "bitmapscan", "sort"):  # a handful of rows is quicker read otherwise
            app.execute("SELECT set_config(%s, 'off', true)", (f"enable_{way}",))
        asked = queries.conditions(workspace, filters, NOW, None, None)
        walk, _ = queries.walk(filters, asked)
        return "\n".join(row[0] for row in app.execute(f"EXPLAIN {walk}", asked, prepare=False))


@pytest.mark.parametrize(
    "query",
    [{}, {"stage": "line_haul"}, {"shop": "1", "country": "US"}, {"channel": "1", "sort": "quiet"}, {"quiet": "7"}],
)
def test_the_walk_needs_nothing_but_the_index(database, workspace, query):
    told = plan(database, workspace, query)
    assert "Index Only Scan" in told
    assert "Sort" not in told


@pytest.mark.parametrize("query", [{"sort": "quiet"}, {}, {"at": "attention"}])
def test_a_later_page_begins_in_the_index_under_row_level_security(database, workspace, query):
    told = plan(database, workspace, query | {"after": str(Cursor("2026-11-01T00:00:00+00:00", 5))})
    (condition,) = [line for line in told.splitlines() if "Index Cond" in line]
    assert "CASE" in condition


def test_silence_is_a_bound_of_the_index(database, workspace):
    (condition,) = [line for line in plan(database, workspace, {"quiet": "7"}).splitlines() if "Index Cond" in line]
    assert "CASE" in condition


def test_a_state_has_what_its_shipment_says_from_the_start(database, workspace):
    mine = shop(database, workspace)
    with database.transaction(workspace) as app:
        insert = (
            "INSERT INTO shipments (workspace_id, shop_id, destination_country) VALUES (%s, %s, 'JP')"
            " RETURNING shipment_id"
        )
        (shipment,) = app.execute(insert, (workspace, mine)).fetchone()
        made = ensure_parcels(app, workspace, [NewParcel("usps", "9400100000000000000002", shipment)])
    assert carried(database, workspace, made[0].parcel_id) == (mine, None, "JP", True)


def test_it_follows_when_the_parcel_gets_a_shipment_and_when_that_changes(database, workspace, parcel):
    one, other = shop(database, workspace), shop(database, workspace, "B")
    shipment = shipped(database, workspace, parcel, shop_id=one, destination_country="US")
    assert carried(database, workspace, parcel) == (one, None, "US", True)
    with database.transaction(workspace) as app:
        change = "UPDATE shipments SET shop_id = %s, destination_country = 'FR' WHERE shipment_id = %s"
        app.execute(change, (other, shipment))
    assert carried(database, workspace, parcel) == (other, None, "FR", True)
    with database.transaction(workspace) as app:
        app.execute("UPDATE parcels SET shipment_id = NULL WHERE parcel_id = %s", (parcel,))
    assert carried(database, workspace, parcel) == (None, None, None, True)


@pytest.mark.parametrize("column", ["archived_at = now()", "merged_into = 1"])
def test_archived_and_merged_parcels_are_not_listed(database, workspace, parcel, column):
    with database.transaction(workspace) as app:
        app.execute(f"UPDATE parcels SET {column} WHERE parcel_id = %s", (parcel,))  # noqa: S608
    assert carried(database, workspace, parcel)[-1] is False
    with database.transaction(workspace) as app:
        app.execute("UPDATE parcels SET archived_at = NULL, merged_into = NULL WHERE parcel_id = %s", (parcel,))
    assert carried(database, workspace, parcel)[-1] is True


def test_tags_follow_too(database, workspace, parcel):
    def tags():
        with database.transaction(workspace) as app:
            return app.execute("SELECT tag_ids FROM states WHERE parcel_id = %s", (parcel,)).fetchone()[0]

    with database.transaction(workspace) as app:
        writing.set_tags(app, workspace, parcel, ["VIP", "late"])
    assert len(tags()) == 2
    with database.transaction(workspace) as app:
        writing.set_tags(app, workspace, parcel, ["VIP"])
    assert len(tags()) == 1
    with database.transaction(workspace) as app:
        writing.set_tags(app, workspace, parcel, [])
    assert tags() is None
