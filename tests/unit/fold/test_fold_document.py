"""The document of `everyleg fold`: what may be missing, what stands for it, and the shape that comes out."""

import json

import msgspec
import pytest

from everyleg.core.fold import DocumentError, fold_document
from everyleg.core.fold.document import read
from everyleg.core.model import statement_key

LEAST = {"carrier": "usps", "tracking_number": "9200", "sub_status": "delivered", "occurred_at": "2026-11-09T14:00:00Z"}


def body(*statements, **parts):
    return json.dumps(parts | {"statements": list(statements)}).encode()


def statement(**fields):
    return read(body(LEAST | fields)).parts()[3][0]


def folded(*statements, **parts):
    return json.loads(msgspec.json.encode(fold_document(body(*statements, **parts))))


def test_the_shape_is_the_contract():
    (timeline,) = folded(LEAST)
    assert list(timeline) == [
        "schema", "numbers", "milestone", "sub_status", "stage", "exception", "delivered_at", "since", "reached",
        "legs", "custody", "handoffs", "dwell_s", "events", "anomalies",
    ]  # fmt: skip
    assert timeline["schema"] == 1
    assert timeline["numbers"] == [{"carrier": "usps", "tracking_number": "9200", "leg": 0}]
    assert list(timeline["legs"][0]) == ["carrier", "tracking_number", "stages", "from", "to"]
    assert list(timeline["custody"][0]) == ["holder", "from", "to", "released_by", "accepted_by"]


def test_an_event_is_the_event_document_with_its_witnesses():
    ((event,),) = (timeline["events"] for timeline in folded(LEAST))
    assert list(event) == [
        "carrier", "tracking_number", "stage", "milestone", "sub_status", "occurred_local", "utc_offset", "time_basis",
        "occurred_at", "uncertainty_s", "place", "code", "text", "lang", "source", "observed_at", "observation", "key",
        "withdrawn", "witnesses", "after_delivery",
    ]  # fmt: skip
    assert event["witnesses"] == [event["key"]]


def test_a_hand_off_has_the_shape_of_the_contract():
    link = {"kind": "same_parcel", "a": {"carrier": "yunexpress", "tracking_number": "YT1"}, "relation": "last_mile"}
    link |= {"b": {"carrier": "usps", "tracking_number": "9200"}}
    released = {"carrier": "yunexpress", "tracking_number": "YT1", "sub_status": "handed_to_last_mile"}
    (timeline,) = folded(LEAST, released | {"occurred_at": "2026-11-08T14:00:00Z"}, links=[link])
    assert timeline["handoffs"] == [
        {
            "from": "yunexpress",
            "to": "usps",
            "released_at": "2026-11-08T14:00:00Z",
            "accepted_at": "2026-11-09T14:00:00Z",
            "gap_s": 86400,
            "missing": None,
        }
    ]


def test_what_is_missing_comes_from_the_vocabulary():
    least = statement()
    assert (least.stage, least.milestone, least.source, least.withdrawn) == (
        "last_mile",
        "delivered",
        "carrier_api",
        False,
    )
    assert (least.uncertainty_s, least.time_basis) == (0, "offset")
    assert statement(sub_status=None).sub_status == "other"


@pytest.mark.parametrize(("uncertainty_s", "basis"), [(0, "offset"), (28_800, "assumed"), (43_200, "date")])
def test_a_missing_time_basis_follows_from_the_uncertainty(uncertainty_s, basis):
    assert statement(uncertainty_s=uncertainty_s).time_basis == basis


def test_a_key_that_is_given_is_kept():
    assert statement(key="abc").key == "abc"


def test_the_instant_stands_for_the_raw_time_in_whatever_zone_it_is_written():
    assert statement().key == statement(occurred_at="2026-11-09T22:00:00+08:00").key
    assert statement(text="Delivered", place={"raw": "DALLAS"}).key == statement_key(
        "usps", "9200", "2026-11-09T14:00:00+00:00", None, "Delivered", "DALLAS"
    )


def test_without_words_the_sub_status_and_the_names_of_the_place_are_what_was_said():
    keys = {statement(**f).key for f in ({}, {"sub_status": "lost"}, {"place": {"city": "Dallas"}}, {"code": "01"})}
    assert len(keys) == 4


def test_nothing_gives_nothing():
    assert folded() == []
    assert fold_document(b"{}") == []


def test_relations_that_nobody_knows_join_nothing():
    a, b = ({"carrier": "usps", "tracking_number": n} for n in ("9200", "160-1"))
    other = LEAST | b
    assert len(folded(LEAST, other, links=[{"kind": "same_parcel", "a": a, "b": b, "relation": "mawb"}])) == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b'{"facts"', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "object"),
        (body(LEAST | {"sub_status": "teleported"}), "statements[0].sub_status: 'teleported'"),
        (body(LEAST, LEAST | {"occurred_at": None}), "statements[1].occurred_at"),
        (body(LEAST | {"occurred_at": "2026-11-09T14:00:00"}), "statements[0].occurred_at"),
        (body({k: v for k, v in LEAST.items() if k != "carrier"}), "`carrier`"),
        (body(LEAST | {"uncertainty_s": -1}), "statements[0].uncertainty_s"),
        (body(LEAST, facts={"promised_by": "soon"}), "facts.promised_by: 'soon'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given, told):
    with pytest.raises(DocumentError) as refused:
        fold_document(given)
    assert told in str(refused.value)
