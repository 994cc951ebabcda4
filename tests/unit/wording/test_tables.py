"""The tables of the wording: every row is well-formed, every word used is known, every example holds."""

import csv
from importlib import resources
from pathlib import Path

import pytest
import re2

from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import classify
from everyleg.core.wording.lexicon import Entry, lexicon, read_table, regex
from everyleg.core.wording.rules import rules
from everyleg.core.wording.text import sentences

WORDING = resources.files("everyleg.core").joinpath("data", "wording")
LANGUAGES = sorted(f.name.removesuffix(".csv") for f in WORDING.joinpath("words").iterdir())
CONCEPTS = {
    row["concept"] for row in csv.DictReader(WORDING.joinpath("concepts.csv").read_text("utf-8").splitlines())
} | set(STATUSES)
PHRASES = list(csv.DictReader((Path(__file__).parent / "phrases.csv").read_text("utf-8").splitlines()))


def concepts_of_rules():
    return {c for rule in rules() for need in rule.needs for c in need} | {c for rule in rules() for c in rule.none}


def test_every_rule_gives_a_sub_status_of_the_vocabulary():
    assert {rule.sub_status for rule in rules()} <= set(STATUSES)


def test_every_rule_needs_something_and_is_a_probability():
    assert all(rule.needs and all(rule.needs) and 0 < rule.confidence <= 1 for rule in rules())


def test_no_rule_stands_twice():
    seen = [(rule.sub_status, rule.needs, rule.none, rule.short) for rule in rules()]
    assert len(set(seen)) == len(seen)


def test_every_concept_is_explained_and_every_explained_concept_is_used():
    words = {c for entry in lexicon().entries for c in entry.concepts}
    assert words | concepts_of_rules() <= CONCEPTS
    assert CONCEPTS - set(STATUSES) <= words


def test_rules_and_words_speak_of_the_same_concepts():
    words = {c for entry in lexicon().entries for c in entry.concepts}
    assert concepts_of_rules() == words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_pattern_compiles_and_finds_itself(lang):
    for entry in lexicon().entries:
        if entry.lang == lang:
            itself = "".join(sentences(entry.pattern.replace("*", "").replace("..", " ")))
            assert re2.search(regex(entry), itself), entry


def test_a_pattern_in_several_rows_gives_the_concepts_of_all():
    table = "concepts,patterns\nload,geladen|beladen\nvan,geladen\n"
    assert {e.pattern: e.concepts for e in read_table("de", table)} == {
        "geladen": {"load", "van"},
        "beladen": {"load"},
    }


def test_a_pattern_without_words_is_refused_with_its_language():
    with pytest.raises(ValueError, match=r"de: 'a\.\.' has an empty piece"):
        regex(Entry("de", "a..", frozenset()))


def test_the_end_of_a_word_is_open_only_where_the_pattern_says_so():
    closed, opened = regex(Entry("en", "load", frozenset())), regex(Entry("en", "load*", frozenset()))
    assert not re2.search(closed, " it was loaded ")
    assert re2.search(opened, " it was loaded ")


def test_a_gap_spans_three_words_and_not_four():
    gap = regex(Entry("en", "sent..back", frozenset()))
    assert re2.search(gap, " sent your parcel straight back ")
    assert not re2.search(gap, " sent your parcel all the way back ")


@pytest.mark.parametrize("lang", sorted({row["lang"] for row in PHRASES}))
def test_the_phrases_of_a_language_mean_what_people_say(lang):
    wrong = [
        f"{row['text']}: {guess}, not {row['sub_status']}"
        for row in PHRASES
        if row["lang"] == lang
        for guess in [classify(row["text"]).sub_status]
        if guess not in row["sub_status"].split()
    ]
    assert wrong == []


def test_every_language_has_phrases_of_its_own():
    assert {row["lang"] for row in PHRASES} == set(LANGUAGES)


def test_the_phrases_name_known_sub_statuses():
    assert {s for row in PHRASES for s in row["sub_status"].split()} <= set(STATUSES)
