"""Numbers as people paste them, and what is said of each change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.numbers.normalize import normalize

CLEAN = "1ZA0B1C20312345670"


def test_a_clean_number_is_left_alone():
    assert normalize(CLEAN) == normalize(CLEAN).__class__(CLEAN, [])


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("1Z A0B 1C2 03 1234 5670", "blanks"),
        (" 1ZA0B1C20312345670\t\r\n", "blanks"),
        ("1ZA0B1C2\u00a00312345670", "blanks"),
        ("1ZA0B1C2\u30000312345670", "blanks"),
        ("1ZA-0B1C2-0312345670", "dashes"),
        ("1ZA0B1C2–0312—345−670", "dashes"),
        ("1ZA0.B1C2.0312345670", "dots"),
        ("1ZA0B1C20312345670.", "dots"),
        ("１ＺＡ０Ｂ１Ｃ２０３１２３４５６７０", "full-width"),
        ("1ZA0B1C2\u200b03123\ufeff45670\u200e", "invisible"),
        ("'1ZA0B1C20312345670", "quotes"),
        ("“1ZA0B1C20312345670”", "quotes"),
        ("1za0b1c20312345670", "lower case"),
        ("*1ZA0B1C20312345670*", "asterisks"),
        ("1ZА0В1С20312345670", "Cyrillic"),
        ("1ZΑ0Β1C20312345670", "Greek"),
        ("1ZA0B1C2٠٣١٢٣٤٥٦٧٠", "another script"),
    ],
)
def test_what_pasting_does_is_undone_and_said(pasted, said):
    clean = normalize(pasted)
    assert clean.text == CLEAN
    assert any(said in change for change in clean.changes)


@pytest.mark.parametrize("pasted", ["123456789012.0", "123456789012,0", " 123456789012.00 ", '"123456789012.0"'])
def test_the_decimal_zero_of_a_spreadsheet_is_dropped(pasted):
    clean = normalize(pasted)
    assert clean.text == "123456789012"
    assert any("spreadsheet" in change for change in clean.changes)


@pytest.mark.parametrize("pasted", ["9.4E+21", "9,4E+21", "9.40011E+21", "1.2e12", " 3E+11 ", "'9.4E+21", "９.４Ｅ+21"])
def test_scientific_notation_is_refused_with_the_reason_and_what_to_do(pasted):
    clean = normalize(pasted)
    assert clean.text is None
    assert "digits are lost" in clean.changes[-1]
    assert "formatted as text" in clean.changes[-1]


@pytest.mark.parametrize("number", ["12E34567", "E123456789", "1234E5678901"])
def test_a_letter_e_alone_is_no_scientific_notation(number):
    assert normalize(number).text == number


@given(st.text(max_size=40))
def test_any_change_is_said(text):
    clean = normalize(text)
    assert clean.changes or clean.text == text


@given(st.text(max_size=40))
def test_normalizing_any_text_twice_changes_nothing_more(text):
    once = normalize(text).text
    assert once is None or normalize(once).text in (once, None)


@given(st.text("0123456789ABCXYZ", min_size=1), st.lists(st.sampled_from(" -.\u200b\u00a0'"), max_size=8), st.data())
def test_separators_at_any_place_do_not_matter(number, separators, data):
    pasted = number
    for separator in separators:
        at = data.draw(st.integers(0, len(pasted)))
        pasted = pasted[:at] + separator + pasted[at:]
    clean = normalize(pasted).text
    assert clean is None or clean == number or (".0" in pasted and number.startswith(clean))
