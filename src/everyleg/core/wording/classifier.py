"""Classify an event text: from words in any language to a sub-status of the vocabulary."""

import re
from functools import lru_cache

from msgspec import Struct

from everyleg.core.wording.language import script_language
from everyleg.core.wording.lexicon import Voice, voices
from everyleg.core.wording.rules import UNSURE, Verdict, judge
from everyleg.core.wording.text import clauses, sentences

LONGEST = 2000
"""Characters that are looked at: what an event says, it says at the start."""

_SETTLED = 0.8
"""From this confidence on, `other` is a finding (an advertisement, a condition) and no reason to look on."""

_NAMES = re.compile(r"\[[^\[\]]*\]|【[^【】]*】")
"""Brackets of these kinds hold the names of places and people: looked at only where the rest says nothing."""

_SLIGHT = 4
"""So few known letters in a longer sentence may be part of a name."""

_SHORT = 5
"""Up to so many words a lone word is the whole message."""


class Guess(Struct, frozen=True):
    """What a text means, as far as its words say."""

    sub_status: str
    """A sub-status of the vocabulary; `other` when the words do not say, or tell no event."""
    confidence: float
    """0…1. With `other`: how sure it is that the text tells no event; 0 when it was not understood."""
    lang: str | None
    """Language of the words (ISO 639-1), when they show it."""


@lru_cache(maxsize=1 << 14)
def classify(text: str, lang: str | None = None) -> Guess:
    """Guess what an event text means, from its words alone.

    Never more specific than the words: where they name neither the side of the border nor the stage, the neutral rows
    (`customs_processing`, `arrived_facility` …) are given. Futures, plans and negations are not facts. Of several
    sentences the one whose rule takes precedence counts.

    Args:
        text: the words as the carrier gave them; HTML, codes and glued bilingual texts are fine.
        lang: their language when the source states it (ISO 639-1, a region is ignored); it only settles doubts.
    """
    told = (lang or "")[:2].lower() or None
    text = text[:LONGEST]
    bare = _NAMES.sub(" ", text)
    verdict, found = _best(bare, told)
    if verdict.sub_status == "other" and verdict.confidence < _SETTLED:
        for more in (text, "; ".join(clauses(bare))):
            if more != bare:
                another, found_there = _best(more, told)
                verdict, found = _first(verdict, another), found or found_there
    return Guess(verdict.sub_status, verdict.confidence, script_language(text) or found or told)


def _best(text: str, told: str | None) -> tuple[Verdict, str]:
    """The verdict that takes precedence, and the language of the surest sentence ("" when none is known)."""
    verdict, found, weight = UNSURE, "", 0
    for sentence in sentences(text):
        said = voices(sentence, told)
        for voice in said:
            verdict = _first(verdict, _verdict(sentence, voice))
        if said and said[0].weight > weight:
            weight, found = said[0].weight, said[0].lang
    return verdict, found


def _first(one: Verdict, two: Verdict) -> Verdict:
    """What tells something goes before what tells nothing; then the order of the rules decides."""
    return min(one, two, key=lambda verdict: (verdict.sub_status == "other", verdict.rank))


def _verdict(sentence: str, voice: Voice) -> Verdict:
    if voice.weight < _SLIGHT and 2 * voice.weight < len(sentence):
        return UNSURE
    words = len(sentence) // 3 if voice.unspaced else sentence.count(" ") - 1
    return judge(voice.concepts, words <= _SHORT)
