"""The tracking numbers of a cell: told apart, repaired, and their carrier where the number says it beyond doubt."""

import re
from collections.abc import Iterator

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.numbers.normalize import normalize
from everyleg.numbers.ranking import tied
from everyleg.sheets.cells import looks_rounded, text_of
from everyleg.sheets.notes import Note, Refused
from everyleg.sheets.rows import Numeric

SURE = 0.8
"""From this confidence on, a carrier is taken over from the number."""
LEAST, MOST = 5, 50
"""Characters that a tracking number may have."""
EXAMPLE = "EXAMPLE0001"
"""The number in the template's example row; nobody's."""
_BETWEEN = re.compile("[,，;；、|/\n\r\t]+")
_ALONE = 8
_ALONE_DIGITS = 5
"""Characters and digits from which a part between blanks is a number of its own, not a group of one."""
_PLAIN = re.compile("[0-9A-Z]+").fullmatch


def numbers_of(cell: str | Numeric, detector: Detector | None, notes: list[Note]) -> tuple[Ref, ...]:
    """The numbers of a cell, each once, in order; what was repaired is added to `notes`.

    Raises:
        Refused: one of them is no tracking number, or a spreadsheet has destroyed it.
    """
    parts = list(_split(_text(cell, notes)))
    found = tuple(dict.fromkeys(_read(part, detector, notes) for part in parts))
    if not found:
        raise Refused("no_number")
    if len(found) > 1:
        notes.append(Note("several_numbers", {"count": str(len(found))}))
    return found


def _text(cell: str | Numeric, notes: list[Note]) -> str:
    if isinstance(cell, Numeric):
        return text_of("number", cell, notes)
    if cell.lstrip().startswith("#") or "E+" in cell.upper():
        text_of("number", cell, [])  # an error value, or a number whose decimal comma would part it
    return cell


def _split(text: str) -> Iterator[str]:
    """Parts between separators; at blanks only where each side is long enough to be a number."""
    for part in _BETWEEN.split(text):
        words = part.split()
        if len(words) > 1 and all(map(_stands_alone, words)):
            yield from words
        elif words:
            yield part.strip()


def _stands_alone(word: str) -> bool:
    return len(word) >= _ALONE and sum(map(str.isdigit, word)) >= _ALONE_DIGITS


def _read(part: str, detector: Detector | None, notes: list[Note]) -> Ref:
    if part == EXAMPLE:
        raise Refused("example_row")
    clean = normalize(part)
    if clean.text is None:
        raise Refused("destroyed", column="number", text=part.strip()[:60])
    _check(clean.text, part)
    detection = detector.detect(part) if detector else None
    if detection is None or detection.normalized is None:
        _say(part, clean.text, clean.changes, notes)
        return Ref("", clean.text)
    alike = ["look-alike letters and digits set right by the check digit"]
    changes = clean.changes + (alike if detection.normalized != clean.text else [])
    _say(part, detection.normalized, changes, notes)
    best = detection.candidates[:1] if len(tied(detection.candidates or [])) == 1 else []
    sure = [one.carrier for one in best if one.confidence >= SURE]
    return Ref(sure[0] if sure else "", detection.normalized)


def _check(number: str, part: str) -> None:
    if looks_rounded(number):
        raise Refused("destroyed", column="number", text=part[:60])
    why = _why_not(number)
    if why:
        raise Refused("not_a_number", text=part[:60], why=why, least=LEAST, most=MOST)


def _why_not(number: str) -> str | None:
    if not number or not _PLAIN(number):
        return "why_characters"
    if len(number) < LEAST:
        return "why_short"
    if len(number) > MOST:
        return "why_long"
    return None if any(map(str.isdigit, number)) else "why_no_digit"


def _say(was: str, now: str, changes: list[str], notes: list[Note]) -> None:
    if changes:
        notes.append(Note("number_cleaned", {"was": was.strip()[:60], "now": now, "how": "|".join(changes)}))
