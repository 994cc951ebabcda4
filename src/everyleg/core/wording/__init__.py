"""From an event text in any language to a sub-status.

Belongs here: words, languages, the rules between them, as data and the little code that applies it. Does not belong
here: what a carrier's own code means (its manifest says), or what came before and after (the fold decides).
"""

from everyleg.core.wording.classifier import Guess, classify
from everyleg.core.wording.language import detect_lang
from everyleg.core.wording.text import tidy

__all__ = ["Guess", "classify", "detect_lang", "tidy"]
