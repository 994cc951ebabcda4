"""The wording over the event texts of the shared corpus, read in place: no carrier's own table is asked."""

import csv

import pytest

from everyleg.app.settings import shared_folder
from everyleg.core.vocabulary import STATUSES
from everyleg.ports.message_score import accepted_sub_statuses, score_messages

SHARED = shared_folder()

pytestmark = pytest.mark.skipif(
    SHARED is None or not (SHARED / "corpus" / "messages.csv").exists(),
    reason="no shared corpus: set EVERYLEG_SHARED or put it beside the checkout",
)


def rows_of(name):
    return list(csv.DictReader((SHARED / "corpus" / name).read_text("utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def score():
    return score_messages(rows_of("messages.csv"), accepted_sub_statuses(rows_of("message_statuses.csv")))


def test_the_accepted_sub_statuses_are_those_of_the_vocabulary():
    accepted = accepted_sub_statuses(rows_of("message_statuses.csv"))
    assert {s for row in accepted.values() for s in row} <= set(STATUSES)


def test_at_least_seventy_of_a_hundred_are_right(score):
    assert score.total.share(score.total.right) >= 0.70


def test_at_most_six_of_a_hundred_are_wrong(score):
    assert score.total.share(score.total.wrong) <= 0.06


def test_no_language_with_ten_texts_or_more_is_left_out(score):
    few = {lang: t for lang, t in score.by_lang.items() if t.all >= 10 and t.share(t.right) < 0.6}
    assert few == {}
