"""What a manifest makes of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.carriers import READING, answer, carrier, event, read


def only(reading):
    (result,) = reading.results
    return result


def test_a_journey_is_found_with_its_events_oldest_first():
    newest_first = answer(event("2026-11-03T10:00:00Z", "DL"), event("2026-11-02T10:00:00Z", "PU"))
    assert [e.sub_status for e in only(read(newest_first)).events] == ["picked_up", "delivered"]


def test_a_single_event_need_not_be_in_a_list():
    assert len(only(read({"parcels": {"no": "AC1", "events": event()}})).events) == 1


def test_the_same_event_twice_is_one_statement():
    assert len(only(read(answer(event(), event()))).events) == 1


def test_an_unlisted_code_is_other_and_counted():
    reading = read(answer(event(code="ZZ", text="Delivered to recipient")))
    assert only(reading).events[0].sub_status == "other"
    assert [(w.kind, w.value) for w in reading.warnings] == [("unknown_code", "ZZ")]


def test_where_the_list_is_open_words_decide_and_the_code_is_still_counted():
    opened = READING.replace("  number: no", "  number: no\n  unknown_code: words")
    reading = read(answer(event(code="ZZ", text="Out for delivery")), reading=opened)
    assert only(reading).events[0].sub_status == "out_for_delivery"
    assert [w.kind for w in reading.warnings] == ["unknown_code"]


def test_a_code_that_says_words_is_decided_by_them_with_a_fallback():
    codes = 'codes: {IN: "words:in_transit"}\ntexts: {"left the hub": departed_facility}\n'
    said = answer(event(code="IN", text="It left the hub"), event("2026-11-03", "IN", "Qwertz"))
    assert [e.sub_status for e in only(read(said, codes=codes)).events] == ["departed_facility", "in_transit"]


def test_a_wildcard_gives_way_to_an_exact_code():
    codes = 'codes: {"2*": arrived_facility, "20": picked_up}\n'
    said = answer(event(code="20"), event(code="21"))
    assert [e.sub_status for e in only(read(said, codes=codes)).events] == ["picked_up", "arrived_facility"]


def test_a_voiding_code_withdraws_the_earlier_fact():
    codes = "codes: {PU: picked_up, PUD: other}\nvoids: {PUD: PU}\n"
    said = answer(event("2026-11-02T10:00:00Z", "PU"), event("2026-11-02T11:00:00Z", "PUD", "Void"))
    assert [e.withdrawn for e in only(read(said, codes=codes)).events] == [True, False]


def test_what_is_voided_may_be_a_pattern():
    codes = 'codes: {"DL/*": delivered, DLD: other}\nvoids: {DLD: "DL/*"}\n'
    said = answer(event("2026-11-02T10:00:00Z", "DL/20"), event("2026-11-02T11:00:00Z", "DLD", "Void"))
    assert [e.withdrawn for e in only(read(said, codes=codes)).events] == [True, False]


def test_tables_of_codes_lie_over_each_other_as_deep_as_they_say():
    codes = "base: {codes: {PU: picked_up, DL: lost}}\nmiddle: {extends: base, codes: {DL: delivered}}\n"
    said = answer(event(code="PU"), event("2026-11-03", code="DL"))
    told = only(read(said, codes=codes + "default: {extends: middle}\n")).events
    assert [e.sub_status for e in told] == ["picked_up", "delivered"]


def test_an_event_without_a_readable_time_is_a_warning_not_a_crash():
    reading = read(answer(event(at="yesterday"), event(at="")))
    assert only(reading).outcome == "unknown"
    assert [(w.kind, w.value) for w in reading.warnings] == [("unread_time", "yesterday"), ("missing_field", "PU")]


def test_a_parcel_without_events_is_unknown():
    assert only(read(answer())).outcome == "unknown"


def test_a_status_without_events_is_a_hint_and_never_an_event():
    hinting = READING + "  state_hint: status\n"
    result = only(read(answer(status="On its way"), reading=hinting))
    assert (result.outcome, result.state_hint, result.events) == ("found", "On its way", [])


ERRORS = """
  errors:
  - {when: error.code, is: ["404"], outcome: unknown}
  - {when: error.code, is: ["429"], kind: rate_limited, retry_after_s: error.wait}
  - {when: error.message, matches: "key", kind: refused, detail: error.message}
"""
FAILING = READING.replace("fits: [parcels]", "fits: [parcels, error]") + ERRORS


@pytest.mark.parametrize(
    ("error", "outcome", "kind", "wait"),
    [
        ({"code": 404}, "unknown", None, None),
        ({"code": 429, "wait": 30}, "failed", "rate_limited", 30),
        ({"code": 1, "message": "Bad API key"}, "failed", "refused", None),
    ],
)
def test_the_carrier_s_own_errors_are_what_the_manifest_says(error, outcome, kind, wait):
    result = only(read({"error": error}, "AC1", reading=FAILING))
    assert (result.asked, result.outcome, result.retry_after_s) == ("AC1", outcome, wait)
    assert (result.reason.kind if result.reason else None) == kind


def test_an_error_beside_a_journey_does_not_hide_it():
    reading = read({**answer(event()), "error": {"code": 404}}, reading=FAILING)
    assert only(reading).outcome == "found"


def test_each_number_asked_gets_an_answer():
    both = {"parcels": [{"no": "AC-1", "events": [event()]}], "missing": ["AC2"]}
    told = READING + "  not_found: missing\n"
    reading = read(both, "ac1", "AC2", "AC3", reading=told)
    outcomes = {r.asked: r.outcome for r in reading.results}
    assert outcomes == {"ac1": "found", "AC2": "unknown", "AC3": "failed"}


def test_a_map_keyed_by_number_is_read():
    keyed = READING.replace("results: parcels", "results: parcels.*").replace("number: no", "number: $key")
    keyed = keyed.replace("events: events", "events: $value")
    reading = read({"parcels": {"AC1": [event()], "AC2": []}}, reading=keyed)
    assert [(r.tracking_number, r.outcome) for r in reading.results] == [("AC1", "found"), ("AC2", "unknown")]


def test_a_flat_list_of_events_is_grouped_into_parcels():
    flat = READING.replace("number: no", "number: no\n  group_by: no").replace("events: events", "events: $items")
    reading = read({"parcels": [event(no="AC1"), event(no="AC2"), event(no="AC1", code="DL")]}, reading=flat)
    assert [(r.tracking_number, len(r.events)) for r in reading.results] == [("AC1", 2), ("AC2", 1)]


ALIASES = """
  aliases:
  - {at: last, relation: last_mile, carrier: by, carriers: {Postie: usps}}
  - {match: "now (?P<carrier>\\\\w+) (?P<number>\\\\w+)", codes: [DL], relation: replacement}
"""


def test_second_numbers_are_found_in_fields_and_in_words():
    said = answer(event(code="DL", text="Parcel is now acme AC9"), last="9400", by="Postie")
    aliases = only(read(said, reading=READING + ALIASES)).aliases
    assert [(a.carrier, a.tracking_number, a.relation) for a in aliases] == [
        ("usps", "9400", "last_mile"),
        ("acme", "AC9", "replacement"),
    ]


def test_a_parcel_is_not_its_own_alias():
    assert only(read(answer(event(), last="AC-1"), reading=READING + ALIASES)).aliases == []


def test_countries_name_the_interval_of_an_unknown_zone():
    with_way = READING + "  origin: from\n  destination: to\n"
    (statement,) = only(
        read(answer(event("2026-11-02T10:00:00"), **{"from": "China", "to": "DEU"}), reading=with_way)
    ).events
    assert statement.time_basis == "assumed"
    assert statement.uncertainty_s == 7 * 3600


def test_the_number_asked_is_part_of_a_statement_s_identity():
    one, other = (only(read(answer(event()), number)).events[0].key for number in ("AC1", "A C1"))
    assert one != other


def test_a_field_that_no_sample_has_is_a_warning():
    known = carrier(samples={"one.json": answer(event())})
    from tests.factories.carriers import msgspec

    from everyleg.ports.answer import Answer

    body = msgspec.json.encode(answer(event(mood="sunny")))
    warnings = known.read(Answer(body)).reading.warnings
    assert [(w.kind, w.where) for w in warnings] == [("extra_field", "parcels.events.mood")]


def test_another_carrier_s_answer_is_called_by_its_name():
    from everyleg.ports.answer import Answer

    reading = carrier().read(Answer(b'{"shipments": []}'), owners=lambda _kind, _tree: ["other"]).reading
    assert only(reading).reason.kind == "wrong_carrier"
    assert "other" in only(reading).reason.detail


leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
trees = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
    ["parcels", "no", "events", "at", "code", "text", "place", "error"]), inner, max_size=4), max_leaves=20)  # fmt: skip
KNOWN = carrier(FAILING)


@given(trees)
def test_any_tree_is_read_or_failed_and_never_raises(tree):
    from tests.factories.carriers import msgspec

    from everyleg.ports.answer import Answer

    reading = KNOWN.read(Answer(msgspec.json.encode(tree))).reading
    assert reading.results
    assert reading.reading is not None or all(r.outcome == "failed" for r in reading.results)


def test_the_only_parcel_of_an_answer_without_numbers_is_read_without_one():
    unnumbered = READING.replace("  number: no\n", "")
    result = only(read(answer(event()), reading=unnumbered))
    assert (result.outcome, result.tracking_number, len(result.events)) == ("found", None, 1)


def test_two_parcels_without_numbers_are_a_warning():
    two = {"parcels": [{"events": [event()]}, {"events": [event()]}]}
    reading = read(two)
    assert [w.kind for w in reading.warnings] == ["missing_field", "missing_field"]


def test_one_interface_may_wrap_its_parcels_in_several_ways():
    wrapped = READING.replace("fits: [parcels]", "fits: [parcels, data.parcels]").replace(
        "results: parcels", "results: [data.parcels, parcels]"
    )
    bare_answer = answer(event())
    assert only(read({"data": bare_answer}, reading=wrapped)) == only(read(bare_answer, reading=wrapped))
