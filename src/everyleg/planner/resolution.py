"""Which carrier a number is of, found out by asking: candidates in order, outcomes learned, none stuck on a wrong one.

A number is *open* until some answer found it. Until then it is asked of its candidates one after the other: the carrier
that it was added with, then those whose formats fit, the likelier the sooner, as outcomes of the workspace's numbers
like it have shown. Who does not know it comes last and is asked again in the next round, since a label is often printed
days before its carrier hears of it. A person's word (`parcels.pinned_carrier`) ends the question.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from psycopg import Connection

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.pipeline.consolidations.naming import key_of
from everyleg.pipeline.parcels import fold_soon

Outcome = Literal["found", "unknown", "failed"]

PREFIX = 4
"""How much of a number's beginning tells what it is like; with its length."""
DOUBT = 4.0
"""How many outcomes it takes for them to weigh as much as what the format says."""
MOST = 8
"""Candidates of a number; more are guesses."""


class Open(Struct, frozen=True):
    """A number that no carrier has found yet."""

    number_id: int
    carrier: str
    """Whose it is thought to be; `""` when nobody said."""
    tracking_number: str
    lane: str
    """Destination country, `""` when not known."""
    pinned: str | None
    asked: dict[str, int]
    """Carrier → how often it did not know the number."""


class Candidate(Struct, frozen=True):
    """Whom to ask for an open number."""

    number_id: int
    carrier: str
    last_of_round: bool
    """Everybody has been asked as often: the next one may wait until something new can have happened."""


class Told(Struct, frozen=True):
    """What a candidate answered."""

    number_id: int
    carrier: str
    outcome: Outcome


_OPEN = """
SELECT n.number_id, n.carrier, n.tracking_number, coalesce(p.lane, ''), p.pinned,
    (SELECT jsonb_object_agg(c.carrier, c.unknowns) FROM candidates c
     WHERE c.workspace_id = n.workspace_id AND c.number_id = n.number_id)
FROM unnest(%(ids)s::bigint[]) AS w (number_id)
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = w.number_id
LEFT JOIN LATERAL (
    SELECT s.destination_country AS lane, p.pinned_carrier AS pinned
    FROM legs l JOIN parcels p USING (workspace_id, parcel_id) LEFT JOIN shipments s USING (workspace_id, shipment_id)
    WHERE l.workspace_id = n.workspace_id AND l.number_id = n.number_id ORDER BY l.leg_id DESC LIMIT 1) p ON true
WHERE n.moved_to IS NULL AND NOT EXISTS (
    SELECT FROM readings r WHERE r.workspace_id = n.workspace_id AND r.number_id = n.number_id AND r.outcome = 'found')
"""

_LEARNED = """
SELECT prefix, lane, carrier, found, unknown FROM resolved WHERE workspace_id = %s AND prefix = ANY(%s)
"""

_ASKED = """
INSERT INTO candidates (workspace_id, number_id, carrier, asked_at, outcome, unknowns)
VALUES (%(workspace)s, %(number)s, %(carrier)s, %(now)s, %(outcome)s, (%(outcome)s = 'unknown')::integer)
ON CONFLICT (workspace_id, number_id, carrier) DO UPDATE SET asked_at = excluded.asked_at, outcome = excluded.outcome,
    unknowns = candidates.unknowns + excluded.unknowns
"""

# the first time that a number is not known counts, not each round in which it still is not
_LEARN = """
INSERT INTO resolved (workspace_id, prefix, lane, carrier, found, unknown)
SELECT %(workspace)s, %(prefix)s, lane, %(carrier)s, %(found)s, %(unknown)s
FROM unnest(%(lanes)s::text[]) AS w (lane)
ON CONFLICT (workspace_id, prefix, lane, carrier) DO UPDATE SET found = resolved.found + excluded.found,
    unknown = resolved.unknown + excluded.unknown
"""

_UNDER = """
SELECT number_id FROM numbers WHERE workspace_id = %s AND tracking_number = %s AND carrier = %s AND number_id <> %s
"""

_NAME = "UPDATE numbers SET carrier = %s WHERE workspace_id = %s AND number_id = %s"

_MOVE = "UPDATE numbers SET moved_to = %s WHERE workspace_id = %s AND number_id = %s"

Learned = dict[tuple[str, str, str], tuple[int, int]]
"""(prefix, lane, carrier) → how often it found such a number, and how often it did not know it."""


class Resolver:
    """Finds out whose numbers are."""

    def __init__(
        self,
        detector: Detector,
        askable: Callable[[int, str], bool],
        airlines: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        """`askable`: whether a workspace can ask a carrier, by slug; `airlines`: whom it can ask for an air waybill."""
        self._detector, self._askable, self._airlines = detector, askable, airlines

    def candidates(self, worker: Connection[Any], workspace: int, number_ids: Collection[int]) -> list[Candidate]:
        """Whom to ask now for those of these numbers that are open; nobody where nobody can be asked."""
        opened = load_open(worker, workspace, number_ids)
        learned = _learned(worker, workspace, {prefix_of(one.tracking_number) for one in opened})
        found = (self._next(workspace, one, learned) for one in opened)
        return [candidate for candidate in found if candidate is not None]

    def _next(self, workspace: int, one: Open, learned: Learned) -> Candidate | None:
        ranked = [slug for slug in self.ranked(one, learned) if self._askable(workspace, slug)]
        if not ranked:
            return None
        carrier = min(ranked, key=lambda slug: one.asked.get(slug, 0))  # of those asked least the likeliest
        rest = [slug for slug in ranked if slug != carrier]
        return Candidate(one.number_id, carrier, all(one.asked.get(s, 0) > one.asked.get(carrier, 0) for s in rest))

    def ranked(self, one: Open, learned: Learned) -> list[str]:
        """Whose it may be, the likeliest first."""
        if one.pinned is not None:
            return [one.pinned]
        if key_of(Ref(one.carrier, one.tracking_number)) is not None:  # an air waybill is nobody's but an airline's
            fitting = dict.fromkeys(self._airlines(one.tracking_number), 1.0)
            seen = set[str]()
        else:
            fitting = {c.carrier: c.confidence for c in self._detector.detect(one.tracking_number).candidates[:MOST]}
            seen = {carrier for prefix, _, carrier in learned if prefix == prefix_of(one.tracking_number)}
        weights = {carrier: _weight(learned, one, carrier, fitting.get(carrier, 0.0)) for carrier in {*fitting, *seen}}
        rest = sorted(weights.keys() - {one.carrier}, key=lambda carrier: (-weights[carrier], carrier))
        return [one.carrier, *rest][:MOST] if one.carrier else rest[:MOST]


def _weight(learned: Learned, one: Open, carrier: str, confidence: float) -> float:
    """How likely a carrier has a number: what its format says, moved by outcomes of the lane, else of all lanes."""
    prefix = prefix_of(one.tracking_number)
    found, unknown = learned.get((prefix, one.lane, carrier)) or learned.get((prefix, "", carrier)) or (0, 0)
    return (found + DOUBT * confidence) / (found + unknown + DOUBT)


def prefix_of(tracking_number: str) -> str:
    """What numbers like this one have in common: their beginning and their length."""
    return f"{tracking_number[:PREFIX].upper()}/{len(tracking_number)}"


def load_open(worker: Connection[Any], workspace: int, number_ids: Collection[int]) -> list[Open]:
    """Those of some numbers that no carrier has found yet."""
    asked = {"workspace": workspace, "ids": list(number_ids)}
    rows = worker.execute(_OPEN, asked).fetchall()
    return [Open(row[0], row[1], row[2], row[3], row[4], row[5] or {}) for row in rows]


def told(worker: Connection[Any], workspace: int, answers: Iterable[Told], now: datetime) -> None:
    """Learn from what candidates answered; a number that one found is its from now on.

    To be called before the answer that found it goes into the journal: then its statements meet the number there.
    A carrier that failed to answer teaches nothing.
    """
    for one in answers:
        opened = load_open(worker, workspace, [one.number_id])
        if not opened:
            continue
        _keep(worker, workspace, opened[0], one, now)
        if one.outcome == "found":
            _adopt(worker, workspace, opened[0], one.carrier)


def _keep(worker: Connection[Any], workspace: int, number: Open, one: Told, now: datetime) -> None:
    row = {"workspace": workspace, "number": one.number_id, "carrier": one.carrier, "outcome": one.outcome, "now": now}
    worker.execute(_ASKED, row)
    if one.outcome == "failed" or (one.outcome == "unknown" and number.asked.get(one.carrier)):
        return
    lanes = sorted({"", number.lane})
    found = int(one.outcome == "found")
    asked = {"workspace": workspace, "prefix": prefix_of(number.tracking_number), "lanes": lanes}
    worker.execute(_LEARN, asked | {"carrier": one.carrier, "found": found, "unknown": 1 - found})


def _adopt(worker: Connection[Any], workspace: int, number: Open, carrier: str) -> None:
    """Make the number this carrier's; where the carrier's is known already, it is that one."""
    if number.carrier == carrier:
        return
    under = worker.execute(_UNDER, (workspace, number.tracking_number, carrier, number.number_id)).fetchone()
    if under is None:
        worker.execute(_NAME, (carrier, workspace, number.number_id))
    else:
        worker.execute(_MOVE, (under[0], workspace, number.number_id))
    fold_soon(worker, workspace, [number.number_id])


def _learned(worker: Connection[Any], workspace: int, prefixes: Collection[str]) -> Learned:
    rows: Sequence[Any] = worker.execute(_LEARNED, (workspace, list(prefixes))).fetchall() if prefixes else ()
    return {(prefix, lane, carrier): (found, unknown) for prefix, lane, carrier, found, unknown in rows}
