"""One event: from a node of the answer to a statement."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct

from everyleg.core.model import NOWHERE, Place, Statement, Warn, statement_key
from everyleg.core.places import place as make_place
from everyleg.core.places import zone_of
from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import detect_lang, tidy
from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.paths import Picker, condition, maybe
from everyleg.ports.manifest.schema import Manifest, PlaceSpec, ReadingSpec, TimeSpec
from everyleg.ports.manifest.times import time_reader

PLACE_FIELDS = ("raw", "city", "region", "country", "postal_code", "code", "lat", "lon")


class Context(Struct):
    """What an event takes from its parcel and answer."""

    number: str
    countries: tuple[str, ...]
    source: str
    observed_at: datetime | None
    observation: str | None
    warnings: list[Warn]


EventReader = Callable[[Any, Any, Any, Context], Statement | None]
"""(event node, parcel node, root, context) → statement; None for an entry that is no event, with a warning if it
should have been one."""

PlaceReader = Callable[[Any, Any, Any], tuple[Place, str | None, str | None]]
"""(event, parcel, root) → place, its zone, and the place as the source said it."""

_MILESTONE_STAGE = {name: (row.stage, row.milestone) for name, row in STATUSES.items()}


@lru_cache(maxsize=65_536)
def _known_place(*said: str | None) -> tuple[Place, str | None, str]:
    """Place, zone and raw words of what a source said; places repeat, so the work is done once for each."""
    raw = said[0] or ", ".join(part for part in said[1:] if part)
    lat, lon = _number(said[6]), _number(said[7])
    found = make_place(raw, said[1], said[2], said[3], said[4], said[5], lat, lon)
    return found, zone_of(found), raw


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def place_reader(spec: PlaceSpec, nulls: frozenset[str]) -> PlaceReader:
    """Compile a place part."""
    pickers = [maybe(getattr(spec, name), nulls) for name in PLACE_FIELDS]
    if not any(pickers):
        return lambda _event, _parcel, _root: (NOWHERE, None, None)
    wanted = [(i, p) for i, p in enumerate(pickers) if p is not None]

    def read(event: Any, parcel: Any, root: Any) -> tuple[Place, str | None, str | None]:
        said: list[str | None] = [None] * 8
        for i, pick in wanted:
            said[i] = pick(event, parcel, root)
        return _known_place(*said)

    return read


@lru_cache(maxsize=65_536)
def _known_text(raw: str) -> tuple[str, str | None]:
    """Tidied text and its language."""
    text = tidy(raw)
    return text, detect_lang(text)


def event_reader(spec: ReadingSpec, manifest: Manifest, table: StatusTable) -> EventReader:
    """Compile the event part of a reading."""
    nulls = frozenset(spec.nulls)
    event = spec.event
    times = [event.time] if isinstance(event.time, TimeSpec) else event.time
    read_time = time_reader(times, spec.zone or manifest.zone, nulls)
    read_place = place_reader(event.place, nulls)
    code_of, text_of = maybe(event.code, nulls), maybe(event.text, nulls)
    category_of = maybe(event.category, nulls)
    lang_of, constant_lang = maybe(event.lang, nulls), spec.lang
    skip = [condition(text) for text in event.unless]
    carrier, meaning_of = manifest.slug, table.of

    def read(node: Any, parcel: Any, root: Any, context: Context) -> Statement | None:
        if skip and any(test(node, parcel, root) for test in skip):
            return None
        code = code_of(node, parcel, root) if code_of else None
        raw_text = text_of(node, parcel, root) if text_of else None
        place, zone, raw_place = read_place(node, parcel, root)
        raw_time, moment = read_time(node, parcel, root, place, zone, context.countries)
        if moment is None:
            _warn_time(context, raw_time, code or raw_text)
            return None
        if moment.contradicted:
            context.warnings.append(Warn("distrusted_offset", "event.time", raw_time))
        text, lang = _known_text(raw_text) if raw_text else (None, None)
        meaning = meaning_of(code, text, category_of(node, parcel, root) if category_of else None)
        if meaning.unknown:
            context.warnings.append(Warn(meaning.unknown, "event", code if code is not None else text))
        stage, milestone = _MILESTONE_STAGE[meaning.sub_status]
        return Statement(
            carrier,
            context.number,
            stage,
            milestone,
            meaning.sub_status,
            moment.occurred_local,
            moment.utc_offset,
            moment.time_basis,
            moment.occurred_at,
            moment.uncertainty_s,
            place,
            code,
            text,
            _language(lang_of, constant_lang, node, parcel, root) or lang,
            context.source,
            context.observed_at,
            context.observation,
            statement_key(carrier, context.number, raw_time, code, raw_text, raw_place),
        )

    return read


def _language(pick: Picker | None, constant: str | None, node: Any, parcel: Any, root: Any) -> str | None:
    said = pick(node, parcel, root) if pick else None
    return said.lower().replace("_", "-").split("-")[0] if said else constant


def _warn_time(context: Context, raw_time: str, what: str | None) -> None:
    """An event without a readable time is no statement; that it was there is kept."""
    if raw_time:
        context.warnings.append(Warn("unread_time", "event.time", raw_time))
    else:
        context.warnings.append(Warn("missing_field", "event.time", what))
