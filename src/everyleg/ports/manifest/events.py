"""One event: from a node of the answer to a statement."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct
from xxhash import xxh3_128_hexdigest

from everyleg.core.model import NOWHERE, Place, Statement, Warn, statement_key
from everyleg.core.places import place as make_place
from everyleg.core.places import zone_of
from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import detect_lang, tidy
from everyleg.ports.manifest.aliases import AliasReader
from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.conditions import any_of
from everyleg.ports.manifest.details import flight_picks
from everyleg.ports.manifest.gather import Gather, Odd, Raw, Specs, Writer, gather_carefully, leaves
from everyleg.ports.manifest.paths import paths_in
from everyleg.ports.manifest.schema import Manifest, ReadingSpec, TimeSpec
from everyleg.ports.manifest.swift import CARE, FIELDS, swift_lines
from everyleg.ports.manifest.texts import anything_in, compiled, indented
from everyleg.ports.manifest.times import first_of, time_picks, time_reader, zone_rule

PLACE_FIELDS = ("raw", "city", "region", "country", "postal_code", "code", "lat", "lon")

Value = TypeVar("Value")


class Context(Struct):
    """What an event takes from its parcel and answer."""

    number: str
    countries: tuple[str, ...]
    source: str
    observed_at: datetime | None
    observation: str | None
    warnings: list[Warn]
    names_another: bool = False
    """Whether the words of an event named another number of the parcel."""


class Words(NamedTuple):
    """What the words of an event come to."""

    code: str | None
    raw_text: str | None
    text: str | None
    lang: str | None
    sub_status: str
    stage: str
    milestone: str
    said: str
    """Their part of a statement's key."""
    unknown: str | None
    names_another: bool
    """Whether they name another number of the parcel."""
    remarkable: bool
    """Whether any of these holds."""


class Spot(NamedTuple):
    """A place, its zone, and how the source said it."""

    place: Place
    zone: str | None
    raw: str | None
    said: str
    """Its part of a statement's key."""


class _Memory(Generic[Value]):
    """What an event says in some fields → what that comes to, worked out once: answers repeat few words and places."""

    KEPT = 65_536
    """Values remembered for each reading; when there are more, it starts anew."""

    def __init__(self, specs: Specs, nulls: frozenset[str], work: Callable[[Sequence[str | None]], Value]) -> None:
        self.known: dict[Raw, Value] = {}
        self._texts, self._work = gather_carefully([specs], nulls), work

    def learn(self, raw: Raw, node: Any, parcel: Any, root: Any) -> Value:
        """Work a value out. What is remembered are texts and numbers but 0 and 1, which are also False and True."""
        value = self._work(self._texts(node, parcel, root)[0])
        if all(part is None or type(part) is str or (type(part) is int and part not in (0, 1)) for part in raw):
            if len(self.known) >= self.KEPT:
                self.known.clear()
            self.known[raw] = value
        return value


_NOT_PLAIN: Raw = (0,)
"""Stands for raw values that are not remembered."""

ReadAll = Callable[[Iterable[Any], Any, Any, "Context", dict[str, Statement], Any], None]
"""(event nodes, parcel, root, context, statements by key: filled in order, what to do with the node of a new one that
names a flight or a batch)."""

_LOOP = """
def events(nodes, above, root, context, told, carriage):
    number, countries, source, observed_at, observation = who(context)
    head = f"{carrier}\\x1f{{number}}\\x1f"
    for node in nodes:
        if type(node) is not dict:
            if type(node) is list: events(node, above, root, context, told, carriage)
            continue
{skip}
        try:
{maps}
            words, spot = known_words({words}), known_spots({spot})
            if not spot or not words: raise Odd
            place, zone, _, where = spot
{when}
            code, _, text, lang, sub_status, stage, milestone, said, _, _, remarkable = words
            key = digest(f"{{head}}{{printed}}{{said}}{{where}}".encode())
        except (Odd, TypeError, UnicodeEncodeError):
            statement = carefully(node, above, root, context)
            if statement is None or statement.key in told: continue
            told[statement.key] = statement
        else:
            if remarkable: remark(context, words)
            if key in told: continue
            told[key] = Statement(
                {carrier!r}, number, stage, milestone, sub_status, local, offset, basis, at, spread,
                place, code, text, lang, source, observed_at, observation, key,
            )
{named}
"""
"""The loop over a parcel's events, the hottest of the reader. What it cannot read at a glance (an odd shape, words or
a place not met before, something to warn of) it leaves to `EventReader.read`, which is the meaning of it all.
"""


_TIME = """
raw_time = {time}
hash(raw_time)
printed, moment = time(raw_time, place, zone, countries)
if moment is None or moment.contradicted: raise Odd
local, offset, basis, at, spread = fields(moment)
"""
"""The time of an event with care, as lines of the loop; where there is a quick way (`swift`), they stand behind it."""


class EventReader:
    """Reads the events of one shape of answer."""

    def __init__(
        self, spec: ReadingSpec, manifest: Manifest, table: StatusTable, aliases: Sequence[AliasReader] = ()
    ) -> None:
        """Compile the event part of a reading; `aliases` look for second numbers in the words of events."""
        event, nulls = spec.event, frozenset(spec.nulls)
        times = [event.time] if isinstance(event.time, TimeSpec) else event.time
        words = [event.code, event.text, event.category, event.lang]
        spot = [getattr(event.place, name) for name in PLACE_FIELDS]
        when = [pick for time in times for pick in time_picks(time)]
        self._times_carefully = gather_carefully([when], nulls)
        self._carrier, self._lang, self._table, self._aliases = manifest.slug, spec.lang, table, aliases
        self._words = _Memory(words, nulls, self._understand)
        self._spots = _Memory(spot, nulls, _locate)
        zone = spec.zone or manifest.zone
        self._time = first_of([time_reader(time, zone, nulls) for time in times])
        self._skip = any_of(event.unless) if event.unless else None
        writer = Writer(nulls)
        groups = {"words": leaves(words), "spot": leaves(spot), "time": when}
        written = {name: writer.group(group) for name, group in groups.items()}
        named = [*flight_picks(event.flight), event.batch]
        self._names_carriage = anything_in(paths_in(named)) if any(named) else "False"
        self._gather = self._compile_gather(written, writer)
        quick = swift_lines(times[0], zone_rule(zone), nulls, writer)
        self.read_all: ReadAll = self._compile_loop(written, quick, writer)

    def _compile_gather(self, written: dict[str, str], writer: Writer) -> Gather:
        body = [*writer.lines, "return ({words}, {spot}, {time})".format(**written)]
        source = f"def gather(node, above, root):\n    if type(node) is not dict: raise Odd\n{indented(body, 1)}"
        gather: Gather = compiled(source, dict(writer.names), "gather")
        return gather

    def _compile_loop(self, written: dict[str, str], quick: list[str] | None, writer: Writer) -> ReadAll:
        names = {
            **writer.names, "known_words": self._words.known.get, "known_spots": self._spots.known.get,
            "time": self._time, "fields": FIELDS, "CARE": CARE, "carefully": self.read, "skip": self._skip,
            "who": _who, "remark": _remark, "digest": xxh3_128_hexdigest, "Statement": Statement,
        }  # fmt: skip
        care = _TIME.format(**written).strip().split("\n")
        when = care if quick is None else ["try:", *_deeper(quick), "except CARE:", *_deeper(care)]
        source = _LOOP.format(
            carrier=self._carrier,
            maps=indented(writer.lines, 3),
            when=indented(when, 3),
            named="" if self._names_carriage == "False" else f"        if {self._names_carriage}: carriage(node)",
            skip="        if skip(node, above, root): continue" if self._skip else "",
            **written,
        )
        read_all: ReadAll = compiled(source, names, "events")
        return read_all

    def read(
        self, node: Any, parcel: Any, root: Any, context: Context, *, at_a_glance: bool = True
    ) -> Statement | None:
        """The statement of an event; None for an entry that is none, with a warning if it should have been one.

        What stands in its usual place is taken at a glance, unless told not to: every value is then looked for by the
        pickers of `paths`, which comes to the same.
        """
        if self._skip is not None and self._skip(node, parcel, root):
            return None
        taken = self._at_a_glance(node, parcel, root) if at_a_glance else None
        if taken is not None:
            raw_words, raw_spot, raw_time = taken
            words, spot = self._words.known.get(raw_words), self._spots.known.get(raw_spot)
        else:
            raw_words = raw_spot = _NOT_PLAIN
            (raw_time,) = self._times_carefully(node, parcel, root)
            words = spot = None
        words = words or self._words.learn(raw_words, node, parcel, root)
        spot = spot or self._spots.learn(raw_spot, node, parcel, root)
        printed, moment = self._time(raw_time, spot.place, spot.zone, context.countries)
        if moment is None:
            _warn_time(context, printed, words)
            return None
        if words.remarkable or moment.contradicted:
            _remark(context, words, printed if moment.contradicted else None)
        return Statement(
            self._carrier,
            context.number,
            words.stage,
            words.milestone,
            words.sub_status,
            moment.occurred_local,
            moment.utc_offset,
            moment.time_basis,
            moment.occurred_at,
            moment.uncertainty_s,
            spot.place,
            words.code,
            words.text,
            words.lang,
            context.source,
            context.observed_at,
            context.observation,
            statement_key(self._carrier, context.number, printed, words.code, words.raw_text, spot.raw),
        )

    def _at_a_glance(self, node: Any, parcel: Any, root: Any) -> tuple[Raw, ...] | None:
        """The raw values of words, place and time; None where the node is not plain: a list on the way, or a value that
        cannot be a key.
        """
        try:
            raw = self._gather(node, parcel, root)
            hash(raw)
        except (Odd, TypeError):
            return None
        return raw

    def _understand(self, said: Sequence[str | None]) -> Words:
        code, raw_text, category, lang = said
        text = tidy(raw_text) if raw_text else None
        meaning = self._table.of(code, text, category)
        row = STATUSES[meaning.sub_status]
        names_another = any(alias.in_event(code, text) is not None for alias in self._aliases)
        spoken = lang.lower().replace("_", "-").split("-")[0] if lang else self._lang
        return Words(
            code, raw_text, text, spoken or (detect_lang(text) if text else None),
            row.sub_status, row.stage, row.milestone, f"\x1f{code or ''}\x1f{raw_text or ''}\x1f",
            meaning.unknown, names_another, names_another or meaning.unknown is not None,
        )  # fmt: skip


def _deeper(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


_who = attrgetter("number", "countries", "source", "observed_at", "observation")


@lru_cache(maxsize=65_536)
def _known_place(*said: str | None) -> Spot:
    """Place, zone and raw words of what a source said, shared by all readings."""
    raw = said[0] or ", ".join(filter(None, said[1:6])) or ", ".join(filter(None, said[6:]))
    if not raw:
        return Spot(NOWHERE, None, None, "")
    lat, lon = _number(said[6]), _number(said[7])
    found = make_place(raw, said[1], said[2], said[3], said[4], said[5], lat, lon)
    return Spot(found, zone_of(found), raw, raw)


def _locate(said: Sequence[str | None]) -> Spot:
    return _known_place(*said)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _warn_time(context: Context, raw_time: str, words: Words) -> None:
    """An event without a readable time is no statement; that it was there is kept."""
    if raw_time:
        context.warnings.append(Warn("unread_time", "event.time", raw_time))
    else:
        context.warnings.append(Warn("missing_field", "event.time", words.code or words.raw_text))


def _remark(context: Context, words: Words, contradicted: str | None = None) -> None:
    """What an event's words are more than: unknown ones, ones that name another number, a contradicted time."""
    context.names_another = context.names_another or words.names_another
    if contradicted is not None:
        context.warnings.append(Warn("distrusted_offset", "event.time", contradicted))
    if words.unknown is not None:
        said = words.code if words.code is not None else words.text
        context.warnings.append(Warn(words.unknown, "event", said))
