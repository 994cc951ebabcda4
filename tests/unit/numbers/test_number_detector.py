"""Detection over small sets of formats: what is ranked how, and what is said of it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.numbers.detector import Detector
from everyleg.numbers.examples import example
from everyleg.numbers.formats import S10, Check, Format
from everyleg.numbers.ranking import tied
from everyleg.numbers.s10 import s10_format


def form(pattern, rule=None, **other):
    return Format(
        **{"name": pattern, "source": "test", "confidence": "read", "pattern": pattern}
        | other
        | ({"check": Check(rule)} if rule else {})
    )


TWELVE = {
    "north": [form(r"\d{12}", "fedex", weight=5)],
    "south": [form(r"\d{12}", "luhn")],
    "east": [form(r"\d{12}")],
}
POSTS = {"china-post": [s10_format(S10("CN", ["R", "L"]))], "china-ems": [s10_format(S10("CN", ["E"]))]}


def detect(formats, text):
    return Detector(formats).detect(text)


def first(formats, text):
    return detect(formats, text).candidates[0]


def test_a_number_that_no_format_takes_has_no_candidates():
    assert detect(TWELVE, "AB12").candidates == []


@pytest.mark.parametrize("text", ["", "-", "ABCDEFGHIJKL", "快递单号", "\udcff123", "²²²²²²²²²²²²"])
def test_what_is_no_number_has_no_candidates(text):
    assert detect(TWELVE | {"any": [form("[0-9A-Z]{4,20}")]}, text).candidates == []


def test_a_fitting_check_digit_puts_a_carrier_first_and_is_given_as_the_reason():
    number = example(TWELVE["south"][0], Random(3))
    best = first({"south": TWELVE["south"], "east": TWELVE["east"]}, number)
    assert best.carrier == "south"
    assert any("check digit fits" in reason for reason in best.reasons)


def test_the_reasons_name_who_else_is_possible():
    number = example(TWELVE["north"][0], Random(3))
    assert any("also possible" in reason and "east" in reason for reason in first(TWELVE, number).reasons)


def test_a_wrong_check_digit_leaves_little_confidence_and_is_said():
    formats = {"qx": [form(r"QX(?P<body>\d{9})(?P<check>\d)", "gs1")]}
    right = example(formats["qx"][0], Random(5))
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert first(formats, wrong).confidence < 0.35
    assert any(f"should be {right[-1]}" in reason for reason in first(formats, wrong).reasons)
    assert first(formats, right).confidence > 0.9


def test_zeros_after_the_fifteenth_digit_are_laid_to_a_spreadsheet():
    reasons = first({"posts": [form(r"\d{22}", "gs1")]}, "1234567890123450000000").reasons
    assert any("spreadsheet" in reason for reason in reasons)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_any_bare_number_leaves_doubt(number):
    assert all(candidate.confidence < 0.9 for candidate in detect(TWELVE, number).candidates)


def test_carriers_with_the_same_shape_are_equally_likely():
    formats = {"a": [form(r"\d{14}")], "b": [form(r"\d{14}")], "c": [form(r"\d{14}", weight=0.1)]}
    assert [one.carrier for one in tied(detect(formats, "20000000000001").candidates)] == ["a", "b"]


def test_the_narrower_of_two_shapes_comes_first():
    formats = {"wide": [form("[0-9A-Z]{10,30}", weight=5)], "narrow": [form(r"ZQ\d{11}")]}
    assert first(formats, "ZQ12345678901").carrier == "narrow"


def test_a_format_from_hearsay_is_believed_less_and_says_so():
    read, hearsay = form(r"ZQ\d{11}"), form(r"ZQ\d{11}", confidence="recalled")
    assert first({"a": [hearsay]}, "ZQ12345678901").confidence < first({"a": [read]}, "ZQ12345678901").confidence
    assert any("hearsay" in reason for reason in first({"a": [hearsay]}, "ZQ12345678901").reasons)


def test_each_carrier_is_named_once():
    formats = {"a": [form(r"ZQ\d{11}"), form(r"[A-Z]{2}\d{11}")]}
    assert [one.carrier for one in detect(formats, "ZQ12345678901").candidates] == ["a"]


def test_the_service_letter_tells_two_divisions_of_one_post_apart():
    assert first(POSTS, "EE123456785CN").carrier == "china-ems"
    assert first(POSTS, "RR123456785CN").carrier == "china-post"
    assert any("registered" in reason for reason in first(POSTS, "RR123456785CN").reasons)


def test_the_country_letters_must_be_those_of_the_post():
    assert detect(POSTS, "RR123456785XX").candidates == []


def test_a_check_that_only_most_numbers_keep_hardly_counts_against_one():
    loose = Check("s10", sure=0.75)
    pattern = r"U[A-Z](?P<body>\d{8})(?P<check>\d)YP"
    formats = {"line": [Format("YP", pattern, "test", "read", loose)]}
    strict = {"line": [Format("YP", pattern, "test", "read", Check("s10"))]}
    assert first(formats, "UA123456780YP").confidence > first(strict, "UA123456780YP").confidence


def test_the_groups_in_which_a_number_is_written_speak_for_a_format():
    formats = {"bill": [form(r"\d{11}", written="999-99999999")], "other": [form(r"\d{11}")]}
    assert first(formats, "160-12345675").carrier == "bill"
    assert first(formats, "160-12345675").confidence > 5 * first(formats, "16012345675").confidence


def test_lookalikes_are_set_right_where_the_check_digit_then_fits_and_each_is_said():
    found = detect(POSTS, "RRl23456785CN")
    assert (found.normalized, found.candidates[0].carrier) == ("RR123456785CN", "china-post")
    assert any("read as the digit 1" in change for change in found.changes)


def test_lookalikes_are_left_alone_where_the_check_digit_does_not_fit():
    assert detect(POSTS, "RRO2345678OCN").normalized == "RRO2345678OCN"


def test_a_number_that_fits_as_it_stands_is_not_read_otherwise():
    found = detect(POSTS, "LO123456785CN")
    assert (found.normalized, found.changes) == ("LO123456785CN", [])


def test_a_refused_number_has_its_reason_and_no_candidates():
    found = detect(TWELVE, "9.4E+21")
    assert (found.normalized, found.candidates) == (None, [])
    assert "refused" in found.changes[-1]


@given(st.permutations(sorted(TWELVE)), st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_the_order_in_which_carriers_are_loaded_never_matters(order, number):
    assert detect({name: TWELVE[name] for name in order}, number) == detect(TWELVE, number)


@given(st.text(max_size=40))
def test_any_text_is_answered_with_confidences_from_0_to_1_best_first(text):
    found = detect(TWELVE | POSTS, text).candidates
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    assert all(0 <= one.confidence <= 1 and one.reasons for one in found)
    assert sum(one.confidence for one in found) <= 1.001
