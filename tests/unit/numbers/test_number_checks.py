"""Check digits, against examples that the owners of the rules publish and against arithmetic done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.numbers.checks import RULES, Weighted

PUBLISHED = [
    ("s10", "12345678", "5"),  # UPU: RB 12345678 5 GB
    ("gs1", "10614141234567890", "8"),  # GS1: the SSCC of its own examples
    ("gs1", "590123412345", "7"),  # GS1: an EAN-13 printed in many guides
    ("luhn", "7992739871", "3"),  # the textbook example of the Luhn formula
    ("mod7", "1234567", "5"),  # IATA: 020-12345675
    ("ups", "999AA1012345678", "4"),  # UPS: 1Z999AA10123456784, the number of its interface guide
    ("fedex", "98657878885", "5"),  # FedEx: 986578788855, the number of its test environment
    ("mod37_36", "A12425GABC1234002", "M"),  # ISO 7064: the GRid of its examples
]


@pytest.mark.parametrize(("rule", "body", "digit"), PUBLISHED)
def test_published_examples_hold(rule, body, digit):
    assert RULES[rule](body) == digit


def test_ontrac_doubles_every_second_place_from_the_right():
    # 4·2 + 1 + 1·2 + 0 = 11, up to 20 it wants 9
    assert RULES["ontrac"]("0114") == "9"


@pytest.mark.parametrize(("body", "digit"), [("00000000", "5"), ("00000005", "9"), ("00000008", "0")])
def test_s10_folds_what_is_no_digit(body, digit):
    # 7 x 0 leaves 11, written 5; 7 x 5 = 35 leaves 2, so 9; 7 x 8 = 56 leaves 1, so 10, written 0
    assert RULES["s10"](body) == digit


def test_a_remainder_of_ten_is_zero_for_fedex():
    assert RULES["fedex"]("00000000173") == str((3 * 1 + 7 * 3 + 1 * 7) % 11 % 10)
    assert RULES["fedex"]("00000000007") == "7"
    assert RULES["fedex"]("00000000071") == "0"  # 1·1 + 7·3 = 22


def test_weights_can_be_given_as_data():
    assert Weighted((2, 3, 4, 5, 6, 7), 11, fold={10: 0, 11: 0})("123456") == "0"  # 77 = 7·11


@given(st.sampled_from(["gs1", "luhn", "mod37_36"]), st.text("0123456789", min_size=4, max_size=27), st.data())
def test_any_single_wrong_digit_is_noticed(rule, body, data):
    at = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != body[at]]))
    assert RULES[rule](body) != RULES[rule](body[:at] + other + body[at + 1 :])


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 7), st.integers(1, 9))
def test_s10_notices_a_wrong_digit_unless_both_results_fold_to_one(body, at, step):
    wrong = body[:at] + str((int(body[at]) + step) % 10) + body[at + 1 :]
    assert RULES["s10"](body) != RULES["s10"](wrong) or RULES["s10"](body) in "05"


@given(st.sampled_from(sorted(RULES)), st.text("0123456789", min_size=1, max_size=30))
def test_every_rule_gives_one_character_for_any_digits(rule, body):
    assert len(RULES[rule](body)) == 1
