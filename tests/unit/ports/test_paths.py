"""Paths and picks: where a value stands in an answer."""

import pytest

from everyleg.ports.manifest.paths import condition, find_all, find_with_parents, picker
from everyleg.ports.manifest.schema import Pick

ANSWER = {
    "shipments": [
        {"id": "A1", "events": [{"code": "01", "at": {"city": "Lyon"}}, {"code": "02"}]},
        {"id": "B2", "events": {"code": "03"}},
    ],
    "tracker.output": {"ok": True},
    "found": {"N-1": [{"step": 1}], "N-2": []},
    "empty": None,
}


def pick(spec, node=ANSWER, above=None):
    return picker(spec)(node, above, ANSWER)


def test_lists_on_the_way_are_walked_through():
    assert find_all("shipments.events.code")(ANSWER, None, ANSWER) == ["01", "02", "03"]


def test_a_scalar_pick_takes_the_first_that_is_not_empty():
    assert pick("shipments.events.at.city") == "Lyon"


def test_a_number_picks_one_entry():
    assert pick("shipments.1.id") == "B2"


def test_a_list_of_paths_is_a_list_of_alternatives():
    assert pick(["empty", "missing", "shipments.id"]) == "A1"


def test_alternatives_can_be_picks_of_their_own():
    country = Pick(at=["country", Pick(at="state", map={"*": "US"})])
    assert pick(country, {"country": "CA", "state": "ON"}) == "CA"
    assert pick(country, {"country": "", "state": "NY"}) == "US"
    assert pick(country, {"country": ""}) is None


def test_a_dot_inside_a_key_is_escaped():
    assert pick("tracker\\.output.ok") == "true"


def test_a_star_takes_every_entry_of_a_map_with_its_key():
    nodes = find_with_parents("found.*")(ANSWER)
    assert [node["$key"] for node, _ in nodes] == ["N-1", "N-2"]


def test_brackets_choose_among_the_entries_of_a_list_by_a_field():
    assert pick("shipments.[id=B2|C3].events.code") == "03"
    assert pick("shipments.[id=C3].events.code") is None
    assert [node["code"] for node, _ in find_with_parents("shipments.[id=A1].events")(ANSWER)] == ["01", "02"]


def test_brackets_choose_a_single_map_too():
    assert pick("at.[kind=hub]", {"at": {"kind": "hub", "#text": "LEJ"}}) == "LEJ"
    assert pick("at.[kind=hub]", {"at": {"kind": "depot", "#text": "LEJ"}}) is None


def test_the_node_above_is_the_map_around_it():
    parcel, event = ANSWER["shipments"][0], ANSWER["shipments"][0]["events"][0]
    assert picker("^.id")(event, parcel, ANSWER) == "A1"
    assert picker("$.found.*.$key")(event, parcel, ANSWER) == "N-1"


@pytest.mark.parametrize("nothing", ["", "-", " ", "null", "N/A", None, [], {}])
def test_words_that_say_nothing_are_nothing(nothing):
    assert picker("x")({"x": nothing}, None, None) is None


def test_zero_is_something():
    assert picker("x")({"x": 0}, None, None) == "0"


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (Pick(join=["a", "b"]), "2026-11-02 10:00"),
        (Pick(join=["a", "missing"]), "2026-11-02"),
        (Pick(join=["a", Pick(const="x")], with_="/"), "2026-11-02/x"),
        (Pick(at="c", strip="0"), "37"),
        (Pick(at="d", match=r"no\. (\w+)"), "Z9"),
        (Pick(at="d", match="missing"), None),
        (Pick(at="c", map={"0037": "held"}), "held"),
        (Pick(at="a", map={"*": "any"}), "any"),
        (Pick(at="a", map={"x": "y"}), None),
        (Pick(at="d", case="upper"), "PARCEL NO. Z9"),
    ],
)
def test_a_pick_tidies_what_it_finds(spec, value):
    node = {"a": "2026-11-02", "b": "10:00", "c": "0037", "d": "parcel no. Z9"}
    assert picker(spec)(node, None, None) == value


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("shipments", True),
        ("empty", True),
        ("missing", False),
        ("!missing", True),
        ("shipments & !missing", True),
        ("shipments.id = A1", True),
        ("shipments.id=C3", False),
    ],
)
def test_a_condition_asks_whether_a_path_is_there_or_has_a_value(text, holds):
    assert condition(text)(ANSWER, ANSWER, ANSWER) is holds
