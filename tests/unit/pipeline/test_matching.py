"""Which parcel a timeline is."""

import datetime as dt

from msgspec.structs import replace

from everyleg.core.fold import Facts, fold
from everyleg.core.model import NOWHERE, Link, Ref, Statement, statement_key
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.matching import Home, match

ONE, TWO = Ref("acme", "AC1"), Ref("bolt", "BO1")
IDS = {ONE: 1, TWO: 2}
BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def said(ref, day, sub_status):
    row, at = STATUSES[sub_status], BEGAN + dt.timedelta(days=day)
    key = statement_key(ref.carrier, ref.tracking_number, at.isoformat(), sub_status, None, None)
    known = (ref.carrier, ref.tracking_number, row.stage, row.milestone, sub_status, None, 0, "offset", at, 0)
    return Statement(*known, NOWHERE, sub_status, None, None, "carrier_api", None, None, key)


def lives(*statements, links=()):
    return fold(Facts(), [], links, statements)


def matched(timelines, *homes, told=()):
    """(parcel or None for a new one, its first event or None, where it redirects) of each match."""
    found = match(timelines, homes, IDS, lambda home: frozenset(s.key for p, s in told if p == home.parcel_id))
    return [(m.home and m.home.parcel_id, m.timeline and m.timeline.events[0].sub_status, m.merged_into) for m in found]


JOINED = lives(said(ONE, 0, "picked_up"), said(TWO, 5, "delivered"), links=[Link("same_parcel", ONE, TWO, "last_mile")])
FIRST, LAST, AGAIN = said(ONE, 0, "picked_up"), said(ONE, 5, "delivered"), said(ONE, 200, "label_created")
REUSED = lives(FIRST, LAST, AGAIN)


def test_a_timeline_that_is_nobodys_gets_a_parcel():
    assert matched(JOINED) == [(None, "picked_up", None)]


def test_of_two_joined_parcels_the_one_with_a_shipment_stays():
    assert matched(JOINED, Home(7, 1, None, None), Home(8, 2, 70, None)) == [(8, "picked_up", None), (7, None, 8)]


def test_of_two_without_shipment_the_older_stays_whatever_their_order():
    homes = [Home(7, 2, None, None), Home(8, 1, None, None)]
    assert matched(JOINED, *homes) == matched(JOINED, *reversed(homes)) == [(7, "picked_up", None), (8, None, 7)]


def test_a_parted_parcel_stands_for_itself_again():
    apart = lives(said(ONE, 0, "picked_up"))
    assert matched(apart, Home(8, 1, None, 7)) == [(8, "picked_up", None)]


def test_a_parcel_keeps_the_life_it_told_of_and_the_new_life_gets_its_own():
    assert matched(REUSED, Home(7, 1, None, None), told=[(7, FIRST)]) == [
        (7, "picked_up", None),
        (None, "label_created", None),
    ]


def test_a_parcel_that_somebody_adds_is_the_newest_life():
    assert matched(REUSED, Home(7, 1, 70, None)) == [(None, "picked_up", None), (7, "label_created", None)]


def test_another_shipment_of_the_same_number_waits_for_its_own_life():
    homes = [Home(7, 1, 70, None), Home(8, 1, 80, None)]
    only = lives(FIRST, LAST)
    assert matched(only, *homes, told=[(7, FIRST)]) == [(7, "picked_up", None), (8, None, None)]
    assert matched(REUSED, *homes, told=[(7, FIRST)]) == [(7, "picked_up", None), (8, "label_created", None)]


def test_which_statements_are_told_does_not_hang_on_the_answer_that_told_them():
    later = lives(*(replace(s, observed_at=BEGAN) for s in (FIRST, LAST, AGAIN)))
    assert matched(later, Home(7, 1, None, None), told=[(7, LAST)]) == matched(
        REUSED, Home(7, 1, None, None), told=[(7, LAST)]
    )
