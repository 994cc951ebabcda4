"""The words of the field in each language: which concepts a sentence speaks of, and in which language.

Each table `data/wording/words/<language>.csv` has rows `concepts,patterns`. Patterns are separated by `|` and written
as a person would write them (case, accents and Han variants do not matter): whole words, `*` where a word may go on,
`..` for up to three words (or a dozen characters) between. Thai, Chinese, Japanese and Korean do not part words by
blanks, so their patterns match anywhere. A pattern gives all concepts of its row; a row without concepts only helps to
know the language.

All patterns of all languages are matched at once by RE2 automata. The concepts are those of the language whose patterns
cover most, so that a word which means another thing in another language does no harm.
"""

import csv
from functools import cache
from importlib import resources

import re2
from msgspec import Struct

from everyleg.core.wording.text import plain

UNSPACED = frozenset({"zh", "ja", "ko", "th"})
"""Languages whose patterns match anywhere, not at word ends only."""

_UNSPACED_FROM = "\u0e00"
"""Letters of languages without blanks begin here (Thai); those before part words by blanks."""

_SCRIPTS = {"ru": "cyrillic", "uk": "cyrillic", "zh": "han", "ja": "han", "ko": "hangul", "th": "thai"}
"""Scripts other than Latin: a sentence has one language in each script that it uses."""

_Finds = dict[str, list[tuple[str, int, int]]]
"""Expression → (language, weight, bits) of the patterns that it stands for."""


class Entry(Struct, frozen=True):
    """One pattern of one language."""

    lang: str
    pattern: str
    concepts: frozenset[str]


class Voice(Struct, frozen=True):
    """What a sentence says in one language."""

    lang: str
    weight: int
    """How many characters of patterns were found: how surely the sentence is in this language."""
    concepts: int
    """The concepts spoken of, as bits (`Lexicon.bit`)."""

    @property
    def unspaced(self) -> bool:
        """Whether blanks do not part words in this language."""
        return self.lang in UNSPACED


class Net(Struct, frozen=True):
    """Patterns compiled into one automaton."""

    automaton: re2.Set
    finds: tuple[tuple[tuple[str, int, int], ...], ...]
    """For each expression of the automaton: (language, weight, bits) of every pattern that it stands for."""


class Lexicon(Struct, frozen=True):
    """All tables, compiled."""

    entries: tuple[Entry, ...]
    bit: dict[str, int]
    """Concept → its bit."""
    spaced: Net
    """Patterns of whole words."""
    unspaced: Net
    """Patterns that match anywhere: apart, because they slow the automaton and only their scripts need them."""


def _anywhere(entry: Entry) -> bool:
    return entry.lang in UNSPACED and not entry.pattern.isascii()


def regex(entry: Entry) -> str:
    """Give the RE2 expression of a pattern, to be searched in a sentence of `text.sentences`.

    Raises:
        ValueError: when nothing is left of the pattern in plain spelling.
    """
    pattern = entry.pattern
    pieces = [_words(piece) for piece in pattern.strip("*").split("..")]
    if not all(pieces):
        raise ValueError(f"{entry.lang}: {pattern!r} has an empty piece; write words around each ..")
    if _anywhere(entry):
        return ".{0,12}?".join(pieces)
    start, end = pattern.startswith("*"), pattern.endswith("*")
    return ("" if start else " ") + " (?:\\S+ ){0,3}".join(pieces) + ("" if end else " ")


def _words(piece: str) -> str:
    """Words in plain spelling; `*` after a word stands for the rest of it."""
    words = ((" ".join(plain(word.strip("*")).split()), word.endswith("*")) for word in piece.split())
    return " ".join(word + ("\\S*" if goes_on else "") for word, goes_on in words if word)


def read_table(lang: str, table: str) -> list[Entry]:
    """Read one language's table (CSV text); a pattern that stands in several rows gives the concepts of all."""
    concepts: dict[str, set[str]] = {}
    for row in csv.DictReader(table.splitlines()):
        for pattern in row["patterns"].split("|"):
            concepts.setdefault(pattern.strip(), set()).update(row["concepts"].split())
    return [Entry(lang, pattern, frozenset(given)) for pattern, given in concepts.items()]


@cache
def lexicon() -> Lexicon:
    """Load and compile all tables, at the first use."""
    folder = resources.files("everyleg.core").joinpath("data", "wording", "words")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".csv")), key=lambda f: f.name)
    tables = [(f.name.removesuffix(".csv"), f.read_text(encoding="utf-8")) for f in files]
    entries = tuple(entry for lang, table in tables for entry in read_table(lang, table))
    bit = {c: 1 << i for i, c in enumerate(sorted(set().union(*(e.concepts for e in entries))))}
    nets: tuple[_Finds, _Finds] = ({}, {})
    for entry in entries:
        found = (entry.lang, _weight(entry), sum(bit[c] for c in entry.concepts))
        nets[_anywhere(entry)].setdefault(regex(entry), []).append(found)
    return Lexicon(entries, bit, _net(nets[False]), _net(nets[True]))


def _net(finds: _Finds) -> Net:
    options = re2.Options()
    options.max_mem = 128 << 20  # an upper bound: the automaton grows only with the words that it meets
    options.never_capture = True
    automaton = re2.Set.SearchSet(options)
    for expression in finds:
        automaton.Add(expression)
    automaton.Compile()
    return Net(automaton, tuple(tuple(found) for found in finds.values()))


def _weight(entry: Entry) -> int:
    """A pattern weighs its letters; one Han or Hangul character says as much as three letters."""
    letters = len(entry.pattern.replace("*", "").replace("..", ""))
    return letters * 3 if entry.lang in UNSPACED else letters


def voices(sentence: str, told: str | None = None) -> list[Voice]:
    """What a sentence (plain, with a blank at both ends) says: the best language of each script, surest first.

    Args:
        sentence: one of `text.sentences`.
        told: the language that the source states; its words weigh double.
    """
    lex = lexicon()
    weights: dict[str, int] = {}
    concepts: dict[str, int] = {}
    for net in (lex.spaced, lex.unspaced) if max(sentence) >= _UNSPACED_FROM else (lex.spaced,):
        for index in net.automaton.Match(sentence) or ():
            for lang, weight, bits in net.finds[index]:
                weights[lang] = weights.get(lang, 0) + weight
                concepts[lang] = concepts.get(lang, 0) | bits
    if told in weights:
        weights[told] *= 2
    best: dict[str, str] = {}
    for lang in sorted(weights, key=lambda known: (-weights[known], known)):
        best.setdefault(_SCRIPTS.get(lang, "latin"), lang)
    return [Voice(lang, weights[lang], concepts[lang]) for lang in best.values()]
