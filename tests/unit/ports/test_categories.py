"""What an event means where its code is not listed: its category, its words, and conditions that look further."""

import pytest

from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.errors import ErrorReader
from everyleg.ports.manifest.paths import condition, picker
from everyleg.ports.manifest.schema import Codes, ErrorRule

TABLE = Codes(
    codes={"FS": "delivered", "KB": "words:other", "ZZ": "words"},
    categories={"D": "words:delivered", "X": "exception"},
    texts={"left at the gate": "delivered_safe_place"},
)


def meaning(code=None, text=None, category=None, table=TABLE):
    return StatusTable(table, "words").of(code, text, category)


def test_a_listed_code_beats_its_category():
    assert meaning("FS", "left at the gate", "X") == ("delivered", None)


def test_an_unlisted_code_is_its_category_and_still_counted():
    assert meaning("Q9", "nobody knows these words", "X") == ("exception", "unknown_code")


def test_a_missing_code_with_a_category_is_known():
    assert meaning(None, None, "X") == ("exception", None)


def test_words_in_a_category_let_the_text_speak_first():
    assert meaning("Q9", "left at the gate", "D").sub_status == "delivered_safe_place"
    assert meaning("Q9", "qwertz", "D").sub_status == "delivered"


def test_a_code_of_words_falls_back_on_its_own_word_then_on_the_category():
    assert meaning("KB", "qwertz", "X").sub_status == "other"
    assert meaning("ZZ", "qwertz", "X").sub_status == "exception"


def test_an_unlisted_category_changes_nothing():
    assert meaning("Q9", "qwertz", "??") == meaning("Q9", "qwertz")


def test_a_category_must_be_a_sub_status():
    with pytest.raises(ValueError, match="no such sub-status"):
        StatusTable(Codes(categories={"D": "words:deliverd"}))


@pytest.mark.parametrize(
    ("text", "holds"),
    [("a.b~^/track", True), ("a.b ~ SHIPMENTS", True), ("a.b~nowhere", False), ("a.c~.", False), ("!a.c~.", True)],
)
def test_a_condition_can_ask_for_an_expression(text, holds):
    answer = {"a": {"b": "/track/shipments?n=1", "c": ""}}
    assert condition(text)(answer, answer, answer) is holds


def test_an_expression_may_hold_an_equals_sign():
    answer = {"a": "n=1"}
    assert condition("a~n=\\d")(answer, answer, answer)


def test_a_choice_looks_further_down():
    answer = {"events": [{"status": {"type": "I"}, "by": "A"}, {"status": {"type": "D"}, "by": "B"}]}
    assert picker("events.[status/type=D].by")(answer, None, answer) == "B"


def test_an_error_names_the_number_that_it_speaks_of():
    rule = ErrorRule(when="code", is_=["404"], outcome="unknown", number="of")
    told = ErrorReader([rule], frozenset()).first({"code": "404", "of": "N1"}, None, None)
    assert told is not None
    assert (told.outcome, told.tracking_number, told.asked) == ("unknown", "N1", None)
