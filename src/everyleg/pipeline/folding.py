"""Folding what hangs together, and finding the parcels that the timelines are."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from everyleg.core.fold import Facts, Timeline
from everyleg.core.fold.rules import PERSON
from everyleg.core.model import Observation, Ref, Statement
from everyleg.pipeline.bulk import each
from everyleg.pipeline.consolidations.aboard import Aboard, load_aboard
from everyleg.pipeline.consolidations.naming import key_of
from everyleg.pipeline.doubting import doubted
from everyleg.pipeline.joining import Parts, fold_groups
from everyleg.pipeline.known import Names, Rows, Store
from everyleg.pipeline.matching import Home, Keys, Match, keys_in, match
from everyleg.pipeline.telling import Answers, fold_input
from everyleg.store.sealing import Keyring, SealError, about_column

TIMELINE = "states.timeline"

_HOMES = each(
    """
SELECT p.parcel_id, p.number_id, p.shipment_id, p.merged_into, s.origin_country, s.destination_country, s.promised_by
FROM parcels p LEFT JOIN LATERAL (
    SELECT * FROM shipments s
    WHERE s.workspace_id = p.workspace_id AND s.shipment_id = p.shipment_id OFFSET 0) s ON true
WHERE p.workspace_id = a.workspace_id AND p.number_id = w.id
""",
    "ORDER BY 1",
)

_TIMELINES = each(
    "SELECT s.parcel_id, s.timeline FROM states s WHERE s.workspace_id = a.workspace_id AND s.parcel_id = w.id"
)

_decode = msgspec.json.Decoder(Timeline).decode

_log = structlog.get_logger(__name__)


class Whole(Struct):
    """Everything that the fold of some numbers needs, in memory."""

    names: Names
    answers: dict[int, Answers]
    rows: dict[int, Rows]
    homes: dict[int, list[Home]]
    """By their number."""
    given: dict[Ref, Facts]
    """What shipments say."""
    sealed: dict[int, bytes | None]
    """The timelines as they were, of parcels."""
    aboard: Aboard
    """What they are inside of."""


def load_whole(
    store: Store, names: Names, numbers: Collection[int], answers: dict[int, Answers] | None = None
) -> Whole:
    """Load what the fold of these numbers needs; their answers, where they are at hand already, are taken over."""
    known = dict(answers or {})
    missing = [number for number in numbers if number not in known]
    known |= {number: Answers(said) for number, said in store.readings(missing).items()}
    whole = Whole(names, known, store.statements(numbers, names.refs), {}, {}, {}, load_aboard(store, numbers))
    for parcel, own, shipment, merged_into, *facts in store.rows(_HOMES, numbers):
        number = names.moved.get(own, own)
        whole.homes.setdefault(number, []).append(Home(parcel, number, shipment, merged_into))
        if shipment is not None:
            whole.given[names.refs[number]] = Facts(*facts)
    parcels = [home.parcel_id for homes in whole.homes.values() for home in homes]
    whole.sealed = dict(store.rows(_TIMELINES, parcels))
    return whole


def fold_components(store: Store, whole: Whole, components: Iterable[Collection[int]]) -> list[Match]:
    """The parcels of components of numbers, each with its timeline."""
    links_of: dict[int, list[Any]] = {}
    for a, b, link in whole.names.links:
        links_of.setdefault(a, []).append(link)
        links_of.setdefault(b, []).append(link)
    return [found for component in components for found in _component(store, whole, component, links_of)]


def _component(
    store: Store, whole: Whole, component: Collection[int], links_of: Mapping[int, list[Any]]
) -> list[Match]:
    refs = whole.names.refs
    parts = Parts([], [], [], {})
    told: list[tuple[int, int, list[Observation], list[Statement]]] = []
    for member in component:
        number, rows, answers = _counted(whole, member)
        observations, statements = fold_input(refs[number], rows, answers)
        if number == member:
            statements += whole.aboard.statements(number, refs[number], rows)
        told.append((member, number, observations, statements))
    doubts = doubted([one for *_, some in told for one in some])
    for member, number, observations, statements in told:
        if doubts:
            statements = [one for one in statements if one.key not in doubts]  # noqa: PLW2901 - those that count
        parts.observations += observations
        parts.statements += statements
        parts.links += links_of.get(member, ())
        if statements:
            parts.facts[refs[number]] = whole.answers[number].facts()
    groups = fold_groups(parts, whole.given) if parts.facts else []
    ids = {refs[number]: number for number in component}
    left = {number: whole.homes[number] for number in component if number in whole.homes}
    found: list[Match] = []
    for group in groups:
        homes = [home for ref in sorted(group.refs) for home in left.pop(ids[ref], [])]
        timelines = [bare_timeline(timeline) for timeline in group.timelines]
        matches = match(timelines, homes, ids, lambda home: _keys_before(store, whole, home))
        found += [one for one in matches if one.home is not None or key_of(refs[one.number_id]) is None]
    silent = [home for homes in left.values() for home in homes]
    if len(silent) == 1 and not groups:
        beside = tuple(sorted(set(component) - whole.names.moved.keys() - {silent[0].number_id}))
        return [Match(silent[0], silent[0].number_id, None, beside=beside)]
    return found + [Match(home, home.number_id, None) for home in silent]


def _counted(whole: Whole, number: int) -> tuple[int, Rows, Answers]:
    """What counts of a number, and as which: of one that a person moved to another carrier only what people say."""
    to = whole.names.moved.get(number)
    if to is None:
        return number, whole.rows[number], whole.answers[number]
    ref, rows = whole.names.refs[to], whole.rows[number]
    people = {
        place: replace(row, statement=replace(row.statement, carrier=ref.carrier, tracking_number=ref.tracking_number))
        for place, row in rows.items()
        if row.statement.source == PERSON
    }
    return to, people, Answers([])


def bare_timeline(timeline: Timeline) -> Timeline:
    """A timeline without the time and name of the answers that told of it: an answer that says the same once more
    changes no state. Readers get both from the statements (`journeys`).
    """
    for event in timeline.events:
        force_setattr(event, "observed_at", None)
        force_setattr(event, "observation", None)
    return timeline


def open_timeline(store: Store, sealed: bytes) -> bytes:
    """The JSON of a stored timeline."""
    return store.keys.open(sealed, store.about(TIMELINE))


def readable_timeline(keys: Keyring, workspace: int, parcel: int, sealed: bytes | None) -> Timeline | None:
    """A parcel's stored timeline, for whoever reads many; None where nothing was told, and where it cannot be opened.

    What cannot be opened is logged, and holds up no other parcel.
    """
    if sealed is None:
        return None
    try:
        return keys.open_json(sealed, about_column(workspace, TIMELINE), Timeline)
    except (SealError, msgspec.MsgspecError) as error:
        _log.warning("timeline_unreadable", workspace=workspace, parcel=parcel, error=type(error).__name__)
        return None


def _keys_before(store: Store, whole: Whole, home: Home) -> Keys:
    sealed = whole.sealed.get(home.parcel_id)
    return keys_in(_decode(open_timeline(store, sealed)).events) if sealed is not None else frozenset()
