"""Observations: which bodies are new, which only say again what the last one said; and their rows."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from msgspec import Struct

from everyleg.core.model import observation_id
from everyleg.pipeline.bulk import Target, array_of, array_of_bytes, each, insert
from everyleg.pipeline.heard import Heard
from everyleg.pipeline.known import Store
from everyleg.store.sealing import pack

_log = structlog.get_logger(__name__)

WHY = "observations.quarantine_reason"
BODY = "observations.body"

Identity = tuple[bytes, bytes, datetime]
"""Digest of bytes and source, subject, when it was observed."""


class Item(Struct):
    """A body from the journal, opened."""

    source: str
    carrier: str | None
    asked: tuple[str, ...]
    observed_at: datetime
    received_at: datetime
    body: bytes
    packed: bytes | None = None
    """The body as `pack` made it of one that came alone: to be kept as it is."""

    def as_kept(self) -> bytes:
        """The body, packed."""
        return pack(self.body) if self.packed is None else self.packed


class Fresh(Struct):
    """A body that says something else than the last one about its subject."""

    item: Item
    sha256: bytes
    subject: bytes
    observed_at: datetime
    last_observed_at: datetime
    times: int = 1

    @property
    def identity(self) -> Identity:
        """What tells it from others of a batch."""
        return self.sha256, self.subject, self.observed_at

    @property
    def moment(self) -> tuple[datetime, str]:
        """Its place in the order of answers."""
        return self.last_observed_at, self.sha256.hex()


class Count(Struct):
    """An observation that was received again."""

    observation_id: int
    observed_at: datetime
    last_observed_at: datetime
    was_last: datetime
    """When it was last received, as far as was known before."""
    times: int = 0


_NEWEST = """
SELECT w.subject, o.observation_id, o.sha256, o.observed_at, coalesce(o.last_observed_at, o.observed_at)
FROM unnest(%(subjects)s::bytea[]) AS w (subject) CROSS JOIN LATERAL (
    SELECT * FROM observations o WHERE o.workspace_id = %(workspace)s AND o.subject = w.subject
    ORDER BY o.observed_at DESC, o.observation_id DESC LIMIT 1) o
"""

_TOLD = """
SELECT w.sha256, w.subject, w.at
FROM unnest(%(sha256s)s::bytea[], %(subjects)s::bytea[], %(at)s::timestamptz[]) AS w (sha256, subject, at)
WHERE EXISTS (
    SELECT FROM observations o WHERE o.workspace_id = %(workspace)s AND o.sha256 = w.sha256 AND o.subject = w.subject
        AND w.at BETWEEN o.observed_at AND coalesce(o.last_observed_at, o.observed_at) OFFSET 0)
"""

# each is looked up and locked by itself, and then found by its place: a join could read the whole workspace (`each`)
_COUNT = """
UPDATE observations o SET times = o.times + w.times, observed_at = least(o.observed_at, w.first),
    last_observed_at = greatest(o.last_observed_at, o.observed_at, w.last)
FROM (
    SELECT there.place, w.* FROM unnest(
        %(ids)s::bigint[], %(times)s::integer[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[]
    ) AS w (id, times, first, last) CROSS JOIN LATERAL (
        SELECT o.ctid AS place FROM observations o
        WHERE o.workspace_id = %(workspace)s AND o.observation_id = w.id OFFSET 0 FOR NO KEY UPDATE) there
) w WHERE o.ctid = w.place
"""

_COUNTED = each("""
SELECT r.number_id FROM readings r
WHERE r.workspace_id = a.workspace_id AND r.observation_id = w.id AND r.outcome = 'found'
""")

_LATER = each("""
SELECT r.number_id, r.source, r.observation_id FROM readings r
WHERE r.workspace_id = a.workspace_id AND r.observation_id = w.id AND r.outcome = 'found'
""")

# what another answer told and lies between two receptions of this one: now this one is late enough to deny it
_AHEAD = """
SELECT DISTINCT w.number_id
FROM unnest(%(ids)s::bigint[], %(sources)s::text[], %(after)s::timestamptz[], %(until)s::timestamptz[])
    AS w (number_id, source, after, until)
WHERE EXISTS (
    SELECT FROM statements s WHERE s.workspace_id = %(workspace)s AND s.number_id = w.number_id
        AND s.source = w.source AND s.occurred_at > w.after AND s.occurred_at <= w.until OFFSET 0)
"""

Later = tuple[int, str, datetime, datetime]
"""A number and a source that said the same again: when it last did so far, and when it does now."""

_OBSERVATIONS = Target(
    "observations",
    (
        ("workspace_id", "integer"), ("sha256", "bytea"), ("subject", "bytea"), ("carrier", "text"),
        ("source", "text"), ("asked", "text[]"), ("observed_at", "timestamptz"), ("received_at", "timestamptz"),
        ("body", "bytea"), ("body_size", "integer"), ("times", "integer"), ("last_observed_at", "timestamptz"),
        ("quarantine_kind", "text"), ("quarantine_reason", "bytea"),
    ),
    returning="sha256, subject, observed_at, observation_id",
)  # fmt: skip


def subject_of(item: Item) -> bytes:
    """Digest of source, carrier and the numbers asked: whose last answer a body follows.

    When nobody asked, a body follows only itself; for the fold it is the same, as equal answers count as the last one.
    """
    if not item.asked:
        return hashlib.sha256(item.source.encode() + b"\x1f" + item.body).digest()
    said = "\x1f".join((item.source, item.carrier or "", *sorted(item.asked)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def fresh_of(item: Item) -> Fresh:
    """A body as an observation."""
    sha256 = bytes.fromhex(observation_id(item.body, item.source))
    return Fresh(item, sha256, subject_of(item), item.observed_at, item.observed_at)


def plan(store: Store, items: Sequence[Item]) -> tuple[list[Fresh], list[Count]]:
    """Which bodies are observations of their own, and which are counted on the last one of their subject."""
    all_fresh = sorted(map(fresh_of, items), key=lambda one: one.observed_at)
    newest: dict[bytes, tuple[bytes, Fresh | Count]] = {}
    asked = {"workspace": store.workspace, "subjects": array_of_bytes({one.subject for one in all_fresh})}
    with store.connection.cursor(binary=True) as cursor:
        for subject, observation, sha256, first, last in cursor.execute(_NEWEST, asked):
            newest[subject] = (sha256, Count(observation, first, last, last))
    told = told_already(store, [one for one in all_fresh if _is_late(one, newest)])
    kept: dict[Identity, Fresh] = {}
    counted: dict[int, Count] = {}
    for one in all_fresh:
        sha256, last = newest.get(one.subject, (None, None))
        if one.identity in told or one.identity in kept:
            continue  # delivered again: that reception is known
        if last is not None and sha256 == one.sha256:
            if last.last_observed_at != one.observed_at:
                _again(last, one.observed_at)
                if isinstance(last, Count):
                    counted[last.observation_id] = last
        else:
            kept[one.identity] = one
            if last is None or one.observed_at >= last.observed_at:
                newest[one.subject] = (one.sha256, one)
    return list(kept.values()), list(counted.values())


def _is_late(one: Fresh, newest: Mapping[bytes, tuple[bytes, Fresh | Count]]) -> bool:
    return one.subject in newest and one.observed_at <= newest[one.subject][1].last_observed_at


def told_already(store: Store, some: Sequence[Fresh]) -> set[Identity]:
    """Which receptions are of an answer that was known at that time."""
    if not some:
        return set()
    asked = {
        "workspace": store.workspace,
        "sha256s": array_of_bytes(one.sha256 for one in some),
        "subjects": array_of_bytes(one.subject for one in some),
        "at": array_of(one.observed_at for one in some),
    }
    with store.connection.cursor(binary=True) as cursor:
        return set(cursor.execute(_TOLD, asked).fetchall())


def _again(last: Fresh | Count, at: datetime) -> None:
    last.times += 1
    last.last_observed_at = max(last.last_observed_at, at)
    if isinstance(last, Count):
        last.observed_at = min(last.observed_at, at)


def counted_numbers(store: Store, counts: Iterable[Count]) -> set[int]:
    """The numbers that observations received again speak of."""
    return {number for (number,) in store.rows(_COUNTED, [count.observation_id for count in counts])}


def write_counts(store: Store, counts: Sequence[Count]) -> set[int]:
    """Count observations received again; gives the numbers whose fold that may change."""
    if not counts:
        return set()
    counts = sorted(counts, key=lambda count: count.observation_id)  # locked in one order by everybody
    store.connection.execute(
        _COUNT,
        {
            "workspace": store.workspace,
            "ids": array_of(count.observation_id for count in counts),
            "times": array_of(count.times for count in counts),
            "firsts": array_of(count.observed_at for count in counts),
            "lasts": array_of(count.last_observed_at for count in counts),
        },
    )
    by_id = {count.observation_id: count for count in counts if count.last_observed_at > count.was_last}
    later = [
        (number, source, by_id[observation].was_last, by_id[observation].last_observed_at)
        for number, source, observation in store.rows(_LATER, by_id)
    ]
    return ahead(store, later)


def ahead(store: Store, later: Sequence[Later]) -> set[int]:
    """Numbers of which something is told between two receptions of the same answer."""
    if not later:
        return set()
    ids, sources, after, until = map(list, zip(*later, strict=True))
    asked = {"workspace": store.workspace, "ids": array_of(ids), "sources": sources}
    asked |= {"after": array_of(after), "until": array_of(until)}
    return {number for (number,) in store.connection.execute(_AHEAD, asked)}


def write_observations(store: Store, heard: Iterable[tuple[Fresh, Heard]]) -> dict[Identity, int]:
    """Keep answers for ever; gives their ids."""
    heard = list(heard)
    bodies = store.keys.seal_packed([fresh.item.as_kept() for fresh, _ in heard], store.about(BODY))
    rows = []
    for (fresh, one), body in zip(heard, bodies, strict=True):
        aside = None if one.quarantine is None else (one.quarantine.kind, one.quarantine.detail)
        rows.append(_row(store, fresh, body, one.carrier, aside))
        if one.quarantine is not None:
            _log.info("put_aside", **_named(store, fresh), carrier=one.carrier, kind=one.quarantine.kind)
    return {
        (sha256, subject, at): found for sha256, subject, at, found in insert(store.connection, _OBSERVATIONS, rows)
    }


def put_aside(store: Store, item: Item, kind: str, reason: str) -> None:
    """Keep a body that could not be taken in, with the reason."""
    fresh = fresh_of(item)
    _log.warning("put_aside", **_named(store, fresh), carrier=item.carrier, kind=kind)
    body = store.keys.seal(item.body, store.about(BODY))
    insert(store.connection, _OBSERVATIONS, [_row(store, fresh, body, item.carrier, (kind, reason))])


def _named(store: Store, fresh: Fresh) -> dict[str, Any]:
    """By what an observation is found in the log: its workspace, and the id that documents show."""
    return {"workspace": store.workspace, "observation": fresh.sha256.hex()}


def _row(
    store: Store, fresh: Fresh, body: bytes, carrier: str | None, aside: tuple[str, str] | None
) -> tuple[Any, ...]:
    item = fresh.item
    kind, reason = aside or (None, None)
    return (
        store.workspace, fresh.sha256, fresh.subject, carrier, item.source, list(item.asked), fresh.observed_at,
        item.received_at, body, len(item.body), fresh.times, fresh.last_observed_at,
        kind, store.keys.seal_text(reason, store.about(WHY)),
    )  # fmt: skip
