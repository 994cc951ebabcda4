"""The consolidations that a row names: several in a cell told apart, each in the shape that it has."""

import re
import unicodedata
from collections.abc import Callable, Mapping

from everyleg.pipeline.consolidations.naming import Kind, container_of, flight_of, mawb_of
from everyleg.sheets.cells import shown, tidy
from everyleg.sheets.notes import Note, Refused
from everyleg.sheets.rows import Numeric
from everyleg.sheets.traces.tables import CARRIED

_BETWEEN = re.compile(r"[,，;；、|\n\r\t]+")
_LOOSELY = re.compile(r"\s*/\s*|\s+")
_SPLIT_WAYBILL = re.compile(r"(\d{3})[-\s]?(\d{4})\s?(\d{4})")
_SPLIT_CONTAINER = re.compile(r"\b([A-Z]{3}[UJZ])\s*(\d{6})[-\s]?(\d)\b")
_LOOKS_LIKE_WAYBILL = re.compile(r"\d{3}-\d+")
_FLOWN = re.compile(r"\s*(\S+?)\s*[/@ ]\s*(\S.*)")
_ALONE, _ALONE_DIGITS = 8, 5
"""Characters and digits from which a part between blanks or slashes is a reference of its own."""
_WAYBILL_DIGITS = 11

Day = Callable[[str], str | None]
"""The day (ISO 8601) that a text names, None where it names none."""


def named(
    given: Mapping[str, str | Numeric], flown_on: str | None, day_of: Day, notes: list[Note]
) -> dict[Kind, tuple[str, ...]]:
    """By kind, the consolidations that a row names.

    Args:
        given: its cells, by field.
        flown_on: the day of its flight, as far as a column says.
        day_of: reads a day that stands beside a flight in one cell (`CZ3099/19NOV26`).
        notes: what had to be left out is added.

    Raises:
        Refused: an air waybill or a container whose digits do not fit.
    """
    found: dict[Kind, tuple[str, ...]] = {}
    for kind in CARRIED:
        parts = parts_of(kind, shown(given[kind])) if kind in given else []
        read = [_reference(kind, part, flown_on, day_of) for part in parts]
        for part, reference in zip(parts, read, strict=True):
            if reference is None:
                notes.append(Note("flight_without_day", {"text": part[:40]}))
        if known := tuple(dict.fromkeys(one for one in read if one is not None)):
            found[kind] = known
    return found


def waybills_in(text: str) -> tuple[str, ...]:
    """The air waybills that a cell of numbers consists of, as they are written; empty where one of them is none."""
    parts = parts_of("mawb", text)
    read = [mawb_of(part) if "-" in part else None for part in parts]
    return tuple(one for one in read if one is not None) if all(read) else ()


def parts_of(kind: Kind, text: str) -> list[str]:
    """The references of a cell: between commas and lines, and between blanks and slashes where each part is one."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2014", "-").replace("\u2013", "-")
    found: list[str] = []
    for part in _BETWEEN.split(plain):
        said = tidy(part).upper()
        if kind == "mawb":
            said = _SPLIT_WAYBILL.sub(r"\1-\2\3", said) if _only_waybills(said) else said
        if kind == "container":
            said = _SPLIT_CONTAINER.sub(r"\1\2\3", said)
        parts = _LOOSELY.split(said) if kind in ("mawb", "container") else [said]
        found += parts if len(parts) > 1 and all(map(_stands_alone, parts)) else [said]
    return [one for one in found if one]


def _only_waybills(said: str) -> bool:
    return not _SPLIT_WAYBILL.sub("", said).strip("/ ")


def _stands_alone(part: str) -> bool:
    return len(part) >= _ALONE and sum(map(str.isdigit, part)) >= _ALONE_DIGITS


def _reference(kind: Kind, said: str, flown_on: str | None, day_of: Day) -> str | None:
    if kind == "flight":
        return _flight(said, flown_on, day_of)
    bare = "".join(filter(str.isalnum, said))
    if kind == "mawb" and bare.isdecimal() and len(bare) == _WAYBILL_DIGITS:
        if (mawb := mawb_of(bare)) is None:
            raise Refused("bad_mawb", text=said[:40])
        return mawb
    if kind == "mawb" and _LOOKS_LIKE_WAYBILL.fullmatch(said):
        raise Refused("short_mawb", text=said[:40])
    if kind == "container" and len(bare) == len("MSKU1234565") and bare[:4].isalpha() and bare[4:].isdecimal():
        if (container := container_of(bare)) is None:
            raise Refused("bad_container", text=said[:40])
        return container
    return said


def _flight(said: str, flown_on: str | None, day_of: Day) -> str | None:
    """A flight of a day: that which stands beside it, else that of another column."""
    if (beside := _FLOWN.fullmatch(said)) and (day := day_of(beside[2])):
        return flight_of(beside[1], day)
    return flight_of(said, flown_on) if flown_on else None
