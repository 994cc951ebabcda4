"""Letters typed for digits and digits for letters (O and 0; I, l and 1), set right where a format demands the other."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

_AS_DIGIT = {"O": "0", "I": "1", "L": "1"}
_AS_LETTER = {"0": "O", "1": "I"}


class Repair(Struct, frozen=True):
    """A number with some characters read otherwise."""

    text: str
    changes: list[str]


def repairs(text: str, masks: Iterable[str]) -> Iterator[Repair]:
    """What `text` could have been meant to be, for each shape in `masks` that explains all its characters.

    A mask has one character for each place: `d` digit, `a` letter, `x` either.
    """
    seen = {text}
    for mask in masks:
        fitted = "".join(map(_fit, text, mask))
        if len(mask) == len(text) and " " not in fitted and fitted not in seen:
            seen.add(fitted)
            places = enumerate(zip(text, fitted, strict=True), 1)
            yield Repair(fitted, [_said(place, *change) for place, change in places if change[0] != change[1]])


def _fit(char: str, demanded: str) -> str:
    if demanded == "x" or char.isdigit() == (demanded == "d"):
        return char
    return (_AS_DIGIT if demanded == "d" else _AS_LETTER).get(char, " ")


def _said(place: int, was: str, reads: str) -> str:
    kind = "digit" if reads.isdigit() else "letter"
    return (
        f"{was} at place {place} read as the {kind} {reads}: the format demands a {kind}, and so the check digit fits"
    )
