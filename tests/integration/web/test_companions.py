"""Who was probably handed over together, on the parcel's page."""

import re

import pytest

from everyleg.durations.learning import learn_changes

from ..pipeline.acme import body, event, got, rows, take

HERE, THERE = "SHENZHEN A", "SHENZHEN B"


def picked_up(hours, place):
    return event(hours, "PU", place=place)


@pytest.fixture
def together(database, workspace):
    """AC1, AC2 and AC3 were taken over at one place; AC4 elsewhere, AC5 hours later. AC3 has later news."""
    for no, *said in (
        ("AC1", picked_up(-30, HERE)),
        ("AC2", picked_up(-29.95, HERE)),
        ("AC3", picked_up(-30, HERE), event(-3, "AR", place="HONG KONG")),
        ("AC4", picked_up(-30, THERE)),
        ("AC5", picked_up(-20, HERE)),
    ):
        take(database, got(workspace, body(*said, no=no), asked=(no,)))
    while learn_changes(database):
        pass
    query = """SELECT n.tracking_number, l.parcel_id FROM legs l
        JOIN numbers n USING (workspace_id, number_id) WHERE workspace_id = %s"""
    return dict(rows(database, query, workspace))


def named(answer):
    """The numbers that the page says were handed over with its parcel."""
    card = answer.text.partition("Same pick-up")[2].partition("</dl>")[0]
    return re.findall(r">(AC\d)<", card)


def test_those_taken_over_at_one_place_within_minutes_are_listed_those_with_later_news_first(owner, together):
    answer = owner.get(f"/parcels/{together['AC1']}")
    assert named(answer) == ["AC3", "AC2"]
    assert "Others: 2. With later news: 1." in answer.text
    assert "A guess" in answer.text


def test_who_was_taken_over_alone_is_with_nobody(owner, together):
    assert "Same pick-up" not in owner.get(f"/parcels/{together['AC4']}").text


def test_a_reader_of_one_shop_sees_none_of_another(enter, database, workspace, together):
    with database.transaction(workspace) as app:
        insert = "INSERT INTO shops (workspace_id, name) VALUES (%s, %s) RETURNING shop_id"
        mine, other = (app.execute(insert, (workspace, name)).fetchone()[0] for name in ("A", "B"))
        for no, shop in (("AC1", mine), ("AC2", mine), ("AC3", other)):
            ship = """WITH made AS (INSERT INTO shipments (workspace_id, shop_id) VALUES (%(w)s, %(s)s)
                RETURNING shipment_id)
                UPDATE parcels SET shipment_id = made.shipment_id FROM made
                WHERE workspace_id = %(w)s AND parcel_id = %(p)s"""
            app.execute(ship, {"w": workspace, "s": shop, "p": together[no]})
    limited = enter(workspace, "operator", (mine,))
    assert named(limited.get(f"/parcels/{together['AC1']}")) == ["AC2"]
