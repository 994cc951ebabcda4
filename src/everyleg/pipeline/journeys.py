"""A parcel as it is read: its timeline with who told what and when, how old the news are, what replaced it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr
from psycopg import Connection

from everyleg.core.fold import Facts, Timeline
from everyleg.core.fold.rules import of_consolidation
from everyleg.core.fold.timeline import Number
from everyleg.core.model import Ref
from everyleg.pipeline.ages import Age, ages
from everyleg.pipeline.consolidations.witnessing import told_aboard
from everyleg.pipeline.folding import TIMELINE
from everyleg.pipeline.joining import merged
from everyleg.pipeline.known import Store
from everyleg.pipeline.observing import BODY, WHY
from everyleg.pipeline.telling import Answers
from everyleg.ports.manifest.reader import bare
from everyleg.store.sealing import Keyring, about_column


class Witness(Struct, frozen=True):
    """The latest answer in which a source tells a statement."""

    source: str
    observation_id: int
    observed_at: datetime


class Replacement(Struct, frozen=True):
    """A number of another parcel that took this one's place, or whose place this one took."""

    carrier: str
    tracking_number: str
    parcel_id: int | None
    """None: nobody follows it."""


class Journey(Struct):
    """A parcel as people read it."""

    parcel_id: int
    """The parcel; another than the one asked for where that one redirects here."""
    shipment_id: int | None
    version: int
    """Of the state; a new one whenever anything of it changed."""
    timeline: Timeline
    """Its events say when and in which answer they were told last (`observed_at`, `observation`)."""
    facts: Facts
    checks: list[Age]
    """One for each number, in the order of the legs."""
    witnesses: dict[str, list[Witness]]
    """Key of a statement → the answers that tell it, one for each source."""
    replaced_by: list[Replacement]
    replaces: list[Replacement]


class RawAnswer(Struct, frozen=True):
    """An answer as it came."""

    observation_id: int
    source: str
    carrier: str | None
    asked: list[str]
    observed_at: datetime
    last_observed_at: datetime
    times: int
    body_size: int
    body: bytes | None
    """None once erased."""
    quarantine_kind: str | None
    quarantine_reason: str | None


_PARCEL = """
WITH RECURSIVE way (parcel_id, merged_into, step) AS (
    SELECT parcel_id, merged_into, 1 FROM parcels WHERE workspace_id = %(workspace)s AND parcel_id = %(parcel)s
    UNION ALL
    SELECT p.parcel_id, p.merged_into, way.step + 1 FROM way JOIN parcels p
        ON p.workspace_id = %(workspace)s AND p.parcel_id = way.merged_into WHERE way.step < 50
)
SELECT p.parcel_id, p.shipment_id, coalesce(s.version, 1), s.timeline, n.number_id, n.carrier, n.tracking_number,
    h.origin_country, h.destination_country, h.promised_by
FROM way JOIN parcels p ON p.workspace_id = %(workspace)s AND p.parcel_id = way.parcel_id
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
LEFT JOIN numbers n ON n.workspace_id = p.workspace_id AND n.number_id = p.number_id
LEFT JOIN shipments h ON h.workspace_id = p.workspace_id AND h.shipment_id = p.shipment_id
WHERE way.merged_into IS NULL
"""

_LEG_NUMBERS = """
SELECT n.number_id, n.carrier, n.tracking_number FROM legs l
JOIN numbers n ON n.workspace_id = l.workspace_id AND n.number_id = l.number_id
WHERE l.workspace_id = %s AND l.parcel_id = ANY(%s) ORDER BY n.number_id
"""

_TOLD = """
SELECT number_id, source, encode(key, 'hex'), observation_id, observed_at, occurred_at, withdrawn FROM statements
WHERE workspace_id = %s AND number_id = ANY(%s)
"""

_REPLACEMENTS = """
WITH told (old, new) AS (
    SELECT CASE WHEN relation = 'replacement' THEN a_number_id ELSE b_number_id END,
        CASE WHEN relation = 'replacement' THEN b_number_id ELSE a_number_id END
    FROM links WHERE workspace_id = %(workspace)s AND (a_number_id = ANY(%(ids)s) OR b_number_id = ANY(%(ids)s))
        AND withdrawn_at IS NULL AND (kind = 'replaces' OR relation = 'replacement')
    UNION
    SELECT m.number_id, n.number_id FROM mentions m
    JOIN numbers n ON n.workspace_id = m.workspace_id AND n.tracking_number = m.bare
    WHERE m.workspace_id = %(workspace)s AND m.relation = 'replacement'
        AND (m.number_id = ANY(%(ids)s) OR m.bare = ANY(%(bares)s)) AND n.number_id <> m.number_id
)
SELECT told.old = ANY(%(ids)s), n.carrier, n.tracking_number, (
    SELECT max(l.parcel_id) FROM legs l WHERE l.workspace_id = n.workspace_id AND l.number_id = n.number_id)
FROM told JOIN numbers n ON n.workspace_id = %(workspace)s
    AND n.number_id = CASE WHEN told.old = ANY(%(ids)s) THEN told.new ELSE told.old END
WHERE told.old = ANY(%(ids)s) OR told.new = ANY(%(ids)s)
ORDER BY 2, 3
"""

_RAW = """
SELECT observation_id, source, carrier, asked, observed_at, coalesce(last_observed_at, observed_at), times, body_size,
    body, quarantine_kind, quarantine_reason
FROM observations WHERE workspace_id = %s AND observation_id = %s
"""


def load_journey(connection: Connection[Any], keys: Keyring, workspace: int, parcel_id: int) -> Journey | None:
    """A parcel's journey; None when the workspace has no such parcel.

    Args:
        connection: of the app or a worker, in a transaction that may see the workspace.
        keys: open what lies sealed.
        workspace: whose.
        parcel_id: one that was merged into another leads to that one.
    """
    found = connection.execute(_PARCEL, {"workspace": workspace, "parcel": parcel_id}).fetchone()
    if found is None:
        return None
    store = Store(connection, keys, workspace)
    parcel, shipment, version, sealed, home, carrier, number, *given = found
    refs = {row[0]: Ref(row[1], row[2]) for row in store.rows(_LEG_NUMBERS, [parcel])}
    if home is not None and not refs:
        refs[home] = Ref(carrier, number)
    timeline = _timeline(store, sealed, Ref(carrier or "", number or ""))
    answers = {number_id: Answers(said) for number_id, said in store.readings(refs).items()}
    told = store.rows(_TOLD, refs)
    if any(of_consolidation(event.source) for event in timeline.events):
        _add_told_aboard(store, refs, told, answers)
    witnesses = _witnesses(timeline, told, answers)
    facts = [answers[number_id].facts() for number_id in sorted(refs, key=refs.__getitem__)]
    replacements = _replacements(store, refs)
    return Journey(
        parcel_id=parcel,
        shipment_id=shipment,
        version=version,
        timeline=timeline,
        facts=merged([Facts(*given), *facts]),
        checks=ages(connection, keys, workspace, _in_order(timeline, refs)),
        witnesses=witnesses,
        replaced_by=[other for replaced, other in replacements if replaced],
        replaces=[other for replaced, other in replacements if not replaced],
    )


def raw_answer(connection: Connection[Any], keys: Keyring, workspace: int, observation_id: int) -> RawAnswer | None:
    """An answer as it came; None when the workspace has no such observation."""
    row = connection.execute(_RAW, (workspace, observation_id)).fetchone()
    if row is None:
        return None
    about = Store(connection, keys, workspace).about(BODY)
    values = list(row)
    values[8] = None if row[8] is None else keys.open(row[8], about)
    values[10] = keys.open_text(row[10], about_column(workspace, WHY))
    return RawAnswer(*values)


def _timeline(store: Store, sealed: bytes | None, home: Ref) -> Timeline:
    if sealed is not None:
        return store.keys.open_json(sealed, store.about(TIMELINE), Timeline)
    return Timeline(
        schema=1,
        numbers=[Number(home.carrier, home.tracking_number, 0)],
        milestone="pending",
        sub_status="registered",
        stage="any",
        exception=False,
        delivered_at=None,
        since=None,
        reached={},
        legs=[],
        custody=[],
        handoffs=[],
        dwell_s={},
        events=[],
        anomalies=[],
    )


def _witnesses(timeline: Timeline, told: Collection[Any], answers: dict[int, Answers]) -> dict[str, list[Witness]]:
    """Who told each statement; the events get the time and name of the answer that told them last."""
    found: dict[str, list[Witness]] = {}
    last: dict[tuple[str, str], tuple[datetime, str | None]] = {}
    for number, source, key, observation, observed_at, _, _ in told:
        answer = answers[number].of(observation)
        if answer is not None:
            found.setdefault(key, []).append(Witness(source, answer.observation_id, answer.moment[0]))
        last[source, key] = answer.moment if answer is not None else (observed_at, None)
    for event in timeline.events:
        at, observation = last.get((event.source, event.key), (None, None))
        force_setattr(event, "observed_at", at)
        force_setattr(event, "observation", observation)
    return found


def _add_told_aboard(store: Store, refs: dict[int, Ref], told: list[Any], answers: dict[int, Answers]) -> None:
    """What is told of the consolidations that these numbers were inside, with the answers that tell it."""
    found = list(told_aboard(store, refs))
    tellers = {one.teller.number_id for one in found}
    answers |= {number: Answers(said) for number, said in store.readings(tellers).items()}
    for key, source, teller, row in found:
        s = row.statement
        told.append((teller.number_id, source, key, row.observation_id, s.observed_at, s.occurred_at, s.withdrawn))


def _in_order(timeline: Timeline, refs: dict[int, Ref]) -> list[int]:
    """Ids of numbers, leg by leg."""
    legs = {Ref(n.carrier, n.tracking_number): n.leg for n in timeline.numbers}
    return sorted(refs, key=lambda number: (legs.get(refs[number], len(legs)), refs[number]))


def _replacements(store: Store, refs: dict[int, Ref]) -> list[tuple[bool, Replacement]]:
    """Replacements of numbers (true), and what these numbers replace (false)."""
    bares = [bare(ref.tracking_number) for ref in refs.values()]
    asked = {"workspace": store.workspace, "ids": list(refs), "bares": bares}
    return [(row[0], Replacement(*row[1:])) for row in store.connection.execute(_REPLACEMENTS, asked)]


_FIND = """
SELECT l.parcel_id FROM numbers n JOIN legs l ON l.workspace_id = n.workspace_id AND l.number_id = n.number_id
WHERE n.workspace_id = %(workspace)s AND n.tracking_number = ANY(%(wanted)s)
UNION
SELECT coalesce(p.merged_into, p.parcel_id) FROM shipments s
JOIN parcels p ON p.workspace_id = s.workspace_id AND p.shipment_id = s.shipment_id
WHERE s.workspace_id = %(workspace)s AND s.order_reference = %(said)s
ORDER BY 1
"""


def find_parcels(connection: Connection[Any], workspace: int, said: str) -> list[int]:
    """Parcels that have a number, as it was said or without what stands between its characters, or are of an order."""
    asked = {"workspace": workspace, "wanted": list({said.strip(), bare(said)}), "said": said.strip()}
    return [parcel for (parcel,) in connection.execute(_FIND, asked)]
