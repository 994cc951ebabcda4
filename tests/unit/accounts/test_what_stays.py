"""What stays of a statement when a person is erased: the country, and words that decide what a delivery means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.fold.delivery import words_that_count
from everyleg.pipeline.erasing import telling

texts = (
    st.none()
    | st.text(max_size=40)
    | st.sampled_from(["Delivered to parcel locker 7", "已投递至丰巢柜", "collected by"])
)


def said(text=None, raw=None, country=None):
    return json.dumps([text, "en", raw, "Umeå", "AC", country, "903 27", "UME", 63.8, 20.2]).encode()


def test_names_streets_and_postcodes_go():
    stays = json.loads(telling(said("Handed to Ida Lindqvist", "Storgatan 4, Umeå", "SE")))
    assert stays == [None, None, None, None, None, "SE", None, None, None, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Left with Ida at the parcel locker", "locker · parcel locker"),
        ("已放入丰巢快递柜，收件人王伟", "丰巢 · 快递柜 · 柜"),
        ("Has been collected by Ida", "has been collected"),
        ("Left with Ida", ""),
    ],
)
def test_of_words_those_stay_that_tell_a_pick_up_point_and_a_collection(text, words):
    assert words_that_count(text).lower() == words


@given(text=texts, raw=texts, country=st.none() | st.just("SE"))
def test_reducing_what_is_reduced_changes_nothing(text, raw, country):
    once = telling(said(text, raw, country))
    assert telling(once) == once
