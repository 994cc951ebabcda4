"""Which language a text is in: by its script where that settles it, else by the words of the field."""

import re
from functools import lru_cache

from everyleg.core.wording.lexicon import voices
from everyleg.core.wording.text import sentences

_LETTERS = (
    (re.compile(r"[\u3041-\u30ff]"), "ja"),
    (re.compile(r"[\uac00-\ud7a3]"), "ko"),
    (re.compile(r"[\u0e01-\u0e5b]"), "th"),
    (re.compile(r"[іїєґІЇЄҐ]"), "uk"),
    (re.compile(r"[ыэъЫЭЪ]"), "ru"),
    (re.compile(r"[\u0370-\u03ff]"), "el"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
)
"""Letters that belong to one language of the field's, the surest first."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ENOUGH = 3
"""Letters of known words below which Latin text may be a code."""


def script_language(text: str) -> str | None:
    """Language that the letters alone show (ISO 639-1), or None."""
    if text.isascii():
        return None
    return next((lang for letters, lang in _LETTERS if letters.search(text)), None)


@lru_cache(maxsize=1 << 14)
def detect_lang(text: str) -> str | None:
    """Language of an event text (ISO 639-1), or None when neither letters nor words show it (codes, names)."""
    shown = script_language(text)
    if shown:
        return shown
    weights: dict[str, int] = {}
    for sentence in sentences(text):
        for voice in voices(sentence):
            weights[voice.lang] = weights.get(voice.lang, 0) + voice.weight
    best = max(weights, key=lambda lang: (weights[lang], lang), default=None)
    if best and weights[best] >= _ENOUGH:
        return best
    return "zh" if _HAN.search(text) else "ru" if _CYRILLIC.search(text) else None
