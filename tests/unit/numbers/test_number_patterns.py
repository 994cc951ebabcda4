"""The pattern language: what it takes, how rare what it takes is, and examples of it."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.numbers.patterns import PatternError, masks, parse, prefix, sample, shares

_atoms = st.sampled_from(["A", "7", r"\d", "[A-Z]", "[0-9A-Z]", "[AHJ]", "[0-5]"])
_runs = st.one_of(
    _atoms,
    st.builds("{}{{{}}}".format, _atoms, st.integers(1, 5)),
    st.builds(lambda atom, low, more: f"{atom}{{{low},{low + more}}}", _atoms, st.integers(0, 3), st.integers(0, 3)),
)
_patterns = st.recursive(
    _runs,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{})?".format, inner),
    ),
    max_leaves=6,
)


@given(_patterns, st.integers())
def test_any_sample_is_accepted_by_the_expression_itself(pattern, seed):
    assert re.fullmatch(pattern, sample(parse(pattern), Random(seed)))


@given(_patterns, st.integers())
def test_any_sample_has_a_length_that_shares_know_and_begins_with_the_prefix(pattern, seed):
    text = sample(parse(pattern), Random(seed))
    assert len(text) in shares(parse(pattern))
    assert text.startswith(prefix(parse(pattern)))


@given(_patterns, st.integers())
def test_any_sample_has_one_of_the_shapes(pattern, seed):
    text, shapes = sample(parse(pattern), Random(seed)), masks(parse(pattern))
    kinds = "".join("d" if char.isdigit() else "a" for char in text)
    assert not shapes or any(
        len(shape) == len(kinds) and all(s in ("x", k) for s, k in zip(shape, kinds, strict=True)) for shape in shapes
    )


@pytest.mark.parametrize(
    "pattern", ["a", r"\w", "[^A]", "A+", "A*", "(A", "A)", "{3}", "?", "[A", "A.B", "(?=A)", "A-B"]
)
def test_what_is_outside_the_language_is_refused(pattern):
    with pytest.raises(PatternError):
        parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "length", "share"),
    [
        (r"\d{12}", 12, 1.0),
        (r"[0-4]\d", 2, 0.5),
        (r"YT\d{16}", 18, 1 / 26**2),
        (r"(?:94|95)\d{2}", 4, 0.02),
        (r"A?\d{3}", 3, 1.0),
        (r"A?\d{3}", 4, 1 / 26),
    ],
)
def test_a_share_says_how_many_numbers_of_the_same_shape_are_accepted(pattern, length, share):
    assert shares(parse(pattern))[length] == pytest.approx(share)


def test_a_place_that_takes_digits_and_letters_says_less_than_none():
    assert shares(parse("[0-9A-Z]{3}"))[3] > 1


@pytest.mark.parametrize(
    ("pattern", "start"), [(r"1Z\d{2}", "1Z"), (r"(?:SPXA|SPXB)\d", "SPX"), (r"\d", ""), (r"A{2,3}B", "AA"), ("X", "X")]
)
def test_the_prefix_is_what_all_ways_share(pattern, start):
    assert prefix(parse(pattern)) == start


def test_a_pattern_of_very_many_shapes_has_no_masks():
    assert masks(parse("(?:A|7){8}")) == frozenset()
