"""Letters typed for digits and digits for letters."""

from hypothesis import given
from hypothesis import strategies as st

from everyleg.numbers.lookalikes import repairs

_kinds = st.text("dax", min_size=1, max_size=20)


def test_the_shape_decides_which_character_was_meant():
    found = list(repairs("LOO1I2", ["addddd"]))
    assert [repair.text for repair in found] == ["L00112"]


def test_each_change_is_said_with_its_place():
    (repair,) = repairs("A0O", ["aad"])
    assert repair.text == "AO0"
    assert ["place 2" in repair.changes[0], "place 3" in repair.changes[1]] == [True, True]


def test_a_shape_of_another_length_explains_nothing():
    assert list(repairs("1O", ["ddd"])) == []


def test_a_letter_that_looks_like_no_digit_cannot_be_meant_as_one():
    assert list(repairs("1OX", ["ddd"])) == []


@given(_kinds, st.data())
def test_any_repair_changes_only_lookalikes_and_says_each(mask, data):
    text = "".join(data.draw(st.sampled_from("0189OILX")) for _ in mask)
    for repair in repairs(text, [mask]):
        changed = {(was, reads) for was, reads in zip(text, repair.text, strict=True) if was != reads}
        assert changed <= {("O", "0"), ("I", "1"), ("L", "1"), ("0", "O"), ("1", "I")}
        assert len(repair.changes) == sum(was != reads for was, reads in zip(text, repair.text, strict=True)) > 0
