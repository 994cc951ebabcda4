"""The quick way through a time, written as Python into the loop over events (`events.LOOP`).

Times never repeat, so they are what an event costs most. The usual forms (ISO and patterns of fixed places; an offset
behind or beside the time, a zone beside it, the same in UTC, the zone of the place) come down to a few slices,
look-ups and differences. The lines set `printed`, `local`, `offset`, `basis`, `at`, `spread`; whatever is not just so
raises an error of `CARE`, and `times.time_reader`, whose meaning this is, reads it.
"""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from everyleg.core.time.clock import FIRST_YEAR, LAST_YEAR
from everyleg.core.time.layouts import reader_of
from everyleg.core.time.offsets import parse_offset, zone_name
from everyleg.core.time.patterns import exact_source
from everyleg.core.time.resolve import EPOCH, EPOCH_UTC, QUARTERS, STEADY, ZoneRule, assumed, from_utc
from everyleg.ports.manifest.gather import Odd, Writer
from everyleg.ports.manifest.schema import TimeSpec

CARE = (Odd, LookupError, ValueError, TypeError, AttributeError)
"""What the lines raise for a time that has to be read with care."""

FIELDS = attrgetter("occurred_local", "utc_offset", "time_basis", "occurred_at", "uncertainty_s")
"""What the lines set, of a moment."""

_SET = "local, offset, basis, at, spread ="
_EXACT = ["basis, spread = 'offset', 0", "at = zero + (local - EPOCH)"]


def swift_lines(spec: TimeSpec, rule: ZoneRule, nulls: frozenset[str], writer: Writer) -> list[str] | None:
    """The lines for a time part, whose names they leave with `writer`; None where it has no quick way."""
    layout, _, option = spec.layouts[0].partition("|")
    clock = _clock_lines(layout, "printed", "local")
    if clock is None or rule.distrust_offset or rule.wall_is or _tell(spec, nulls):
        return None
    midnight = ["if not (local.hour or local.minute or local.second): raise Odd"] if option else []
    settled = _pair_lines(spec, layout, writer) if spec.utc else _settling_lines(spec, rule, layout, writer)
    if settled is None:
        return None
    writer.names.update(
        iso=datetime.fromisoformat, ISO_SIGNS=frozenset({"T:", " :"}), stated=_Stated(), quarters=QUARTERS,
        steady=STEADY, fields=FIELDS, rule=rule, assumed=assumed, from_utc=from_utc, named=_Named(rule.abbreviations),
        EPOCH=EPOCH, EPOCH_UTC=EPOCH_UTC,
    )  # fmt: skip
    return [f"printed = {writer.printed(spec.at)}", *clock, *midnight, *settled]


def _tell(spec: TimeSpec, nulls: frozenset[str]) -> bool:
    """Whether one of the words that mean nothing here would be read as a time, an offset or a zone."""
    parse = reader_of(spec.layouts)
    return any(parse(word) or parse_offset(word) is not None or "/" in word for word in nulls)


def _clock_lines(layout: str, text: str, clock: str) -> list[str] | None:
    """Lines from a text to its wall clock, and to what stands behind the seconds; None for what has no fixed form."""
    years = f"if not {FIRST_YEAR} <= {clock}.year <= {LAST_YEAR}: raise Odd"
    if layout == "iso":
        shape = f"if {text}[10:17:6] not in ISO_SIGNS: raise Odd"
        return [shape, f"{clock} = iso({text}[:19])", f"tail = {text}[19:]", years]
    exact = exact_source(layout, text)
    if exact is None:
        return None
    shape, in_order = exact
    return [f"if not ({shape}): raise Odd", f"{clock} = iso({in_order})", years]


def _pair_lines(spec: TimeSpec, layout: str, writer: Writer) -> list[str] | None:
    """Where the same time stands beside it in UTC: the offset is their difference."""
    of_utc = spec.utc.layouts[0].partition("|")[0] if spec.utc else ""
    utc = _clock_lines(of_utc, "in_utc", "wall")
    if utc is None or spec.utc is None:
        return None
    beside = spec.offset is not None or spec.zone is not None
    no_tail = "if tail: raise Odd" if beside else "if tail and tail != 'Z': raise Odd"
    return [
        *([no_tail] if layout == "iso" else []),
        f"in_utc = {writer.printed(spec.utc.at)}",
        *utc,
        *(["if tail and tail != 'Z': raise Odd"] if of_utc == "iso" else []),
        "offset = quarters[local - wall]",
        "if not offset: raise Odd",
        "basis, spread = 'offset', 0",
        "at = EPOCH_UTC + (wall - EPOCH)",
    ]


def _settling_lines(spec: TimeSpec, rule: ZoneRule, layout: str, writer: Writer) -> list[str]:
    """From a wall clock to the instant: by the offset behind or beside it, the zone beside it, or that of the place."""
    of_offset, of_zone = _deeper(_EXACT), _deeper(_zone_lines(rule))
    if spec.offset is not None or spec.zone is not None:
        return [
            *(["if tail: raise Odd"] if layout == "iso" else []),
            f"beside, name = {writer.value(spec.offset)}, {writer.value(spec.zone)}",
            *("if beside is not None:", "    offset, zero = stated[beside]", *of_offset),
            *("elif name is not None:", "    offset, zero = steady[named[name], local.toordinal()]", *of_offset),
            *("    basis = 'zone'", "else:", *of_zone),
        ]
    if layout == "iso":
        in_utc = f"    {_SET} fields(from_utc(local, zone or {rule.always!r}))"
        return [
            *("if tail == 'Z':", in_utc, "elif tail:", "    offset, zero = stated[tail]", *of_offset, "else:", *of_zone)
        ]
    return _zone_lines(rule)


def _zone_lines(rule: ZoneRule) -> list[str]:
    """By the zone that is documented, else that of the place, else by what the countries allow."""
    if rule.always:
        return [f"offset, zero = steady[{rule.always!r}, local.toordinal()]", *_EXACT, "basis = 'zone'"]
    return [
        "if zone is None:",
        f"    {_SET} fields(assumed(local, {rule.home!r}, countries, place.country))",
        "else:",
        *_deeper(["offset, zero = steady[zone, local.toordinal()]", *_EXACT, "basis = 'place'"]),
    ]


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class _Stated(dict[str, tuple[int, datetime]]):
    """Text of an offset → its minutes east of UTC, and the epoch on a clock of that offset.

    Raises:
        KeyError: for what is no offset, or UTC itself.
    """

    MOST = 4096

    def __missing__(self, text: Any) -> tuple[int, datetime]:
        offset = parse_offset(text) if type(text) is str and text == text.rstrip() else None
        if not offset or len(self) >= self.MOST:
            raise KeyError(text)
        self[text] = offset, EPOCH_UTC - timedelta(minutes=offset)
        return self[text]


class _Named(dict[str, str]):
    """Text beside a time → the zone that it names.

    Raises:
        KeyError: for what names none.
    """

    MOST = 4096

    def __init__(self, abbreviations: str | None) -> None:
        super().__init__()
        self._abbreviations = abbreviations

    def __missing__(self, text: Any) -> str:
        name = zone_name(text, self._abbreviations) if type(text) is str and parse_offset(text) is None else None
        if name is None or len(self) >= self.MOST:
            raise KeyError(text)
        self[text] = name
        return name
