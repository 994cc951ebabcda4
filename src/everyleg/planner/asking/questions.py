"""What is due, as questions: the number, and what else carriers want to know of its parcel."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.pipeline.ages import CHECK, CHECK_NOW
from everyleg.ports.asking import Ask
from everyleg.store.due import Claim, claim
from everyleg.store.sealing import Keyring, about_column

_LATEST_SHARE = 5
LEASE = timedelta(minutes=5)
"""How long a claim is ours; whoever dies with it loses it then."""

_PHONES = frozenset({"phone_tail", "phone", "telephone", "tel", "mobile", "电话", "手机", "联系电话", "收件人电话"})
"""Headings under which a sheet may have told a telephone number."""

_QUESTIONS = """
SELECT n.number_id, n.carrier, n.tracking_number, n.moved_to IS NOT NULL, p.stopped, s.destination_country,
    s.destination_postcode, s.order_reference, s.attributes
FROM unnest(%(ids)s::bigint[]) AS w (number_id)
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = w.number_id
LEFT JOIN LATERAL (
    SELECT p.shipment_id, coalesce(p.stopped_at, p.archived_at, p.erased_at) IS NOT NULL AS stopped
    FROM legs l JOIN parcels p USING (workspace_id, parcel_id)
    WHERE l.workspace_id = %(workspace)s AND l.number_id = n.number_id
    ORDER BY stopped, l.leg_id DESC LIMIT 1) p ON true
LEFT JOIN shipments s ON s.workspace_id = %(workspace)s AND s.shipment_id = p.shipment_id
"""

_LATEST = """
UPDATE due SET due_at = %(until)s, attempts = due.attempts + 1
FROM (SELECT workspace_id, kind, subject_id FROM due
      WHERE worker_group = %(group)s AND kind = %(kind)s AND due_at <= %(now)s
      ORDER BY due_at DESC LIMIT %(most)s FOR UPDATE SKIP LOCKED) AS ripe
WHERE (due.workspace_id, due.kind, due.subject_id) = (ripe.workspace_id, ripe.kind, ripe.subject_id)
RETURNING due.workspace_id, due.kind, due.subject_id, due.attempts, due.due_at
"""

# Claimed rows look as if they were due when their lease ends: they are known by their attempts.
_SOONEST = """
UPDATE due SET due_at = %(until)s, attempts = due.attempts + 1
FROM (SELECT d.workspace_id, d.kind, d.subject_id FROM due d
      WHERE d.workspace_id = %(workspace)s AND d.kind = %(kind)s AND d.attempts = 0 AND d.due_at > %(now)s
        AND d.subject_id = ANY(ARRAY(
            SELECT c.subject_id FROM (
                SELECT workspace_id, subject_id, due_at, attempts FROM due
                WHERE worker_group = %(group)s AND kind = %(kind)s AND due_at > %(now)s AND due_at <= %(horizon)s
                ORDER BY due_at LIMIT %(looked)s) c
            JOIN numbers n ON n.workspace_id = c.workspace_id AND n.number_id = c.subject_id
            WHERE c.workspace_id = %(workspace)s AND c.attempts = 0 AND n.carrier = %(carrier)s
            ORDER BY c.due_at LIMIT %(most)s))
      FOR UPDATE SKIP LOCKED) AS ripe
WHERE (due.workspace_id, due.kind, due.subject_id) = (ripe.workspace_id, ripe.kind, ripe.subject_id)
RETURNING due.workspace_id, due.kind, due.subject_id, due.attempts, due.due_at
"""

_LOOKED_THROUGH = 5000
"""Due rows that are looked through to fill a batch: a carrier that few parcels have, or a workspace with few parcels,
must not cost a long search."""


class Question(Struct, frozen=True):
    """A number that is due, ours until the claim ends."""

    claim: Claim
    ask: Ask
    round_over: bool | None = None
    """Where it is still being found out whose number it is: whether this is the last candidate of a round. None: that
    is known."""
    over: bool = False
    """Nobody wants to know any more: it is stopped, archived, or under another carrier now."""

    @property
    def number_id(self) -> int:
        """The id of the number."""
        return self.claim.subject_id

    @property
    def urgent(self) -> bool:
        """Whether a person waits for the answer."""
        return self.claim.kind == CHECK_NOW


def claim_due(worker: Connection[Any], now: datetime, most: int, group: int = 0) -> list[Claim]:
    """Up to `most` checks that are due, those that a person waits for first, then those that are longest.

    Where there are more, some of those that became due last come besides: a carrier that has a long queue, because it
    was away or lets nobody in, keeps nobody else's numbers waiting for the end of it.
    """
    urgent = claim(worker, CHECK_NOW, now, LEASE, most, group)
    if len(urgent) == most:
        return urgent
    found = urgent + claim(worker, CHECK, now, LEASE, most - len(urgent), group)
    if len(found) == most:
        asked = {"until": now + LEASE, "group": group, "kind": CHECK, "now": now, "most": most // _LATEST_SHARE}
        found += [Claim(*row) for row in worker.execute(_LATEST, asked)]
    return found


def claim_soonest(
    worker: Connection[Any], place: tuple[int, str], now: datetime, horizon: timedelta, most: int, group: int = 0
) -> list[Claim]:
    """Up to `most` numbers of a workspace and carrier that are due soonest, though not yet: for batches with room.

    Args:
        worker: a worker's connection.
        place: workspace and slug of the carrier.
        now: the time.
        horizon: how far ahead they may be due.
        most: how many.
        group: the worker group.
    """
    asked = {
        "workspace": place[0], "carrier": place[1], "kind": CHECK, "now": now, "until": now + LEASE, "most": most,
        "horizon": now + horizon, "group": group, "looked": _LOOKED_THROUGH,
    }  # fmt: skip
    return [Claim(*row) for row in worker.execute(_SOONEST, asked)]


def load_questions(worker: Connection[Any], keys: Keyring, claims: Sequence[Claim]) -> list[Question]:
    """The questions of claims, of any workspaces; what has no number any more is over."""
    mine: dict[int, list[Claim]] = {}
    for one in claims:
        mine.setdefault(one.workspace_id, []).append(one)
    return [question for workspace, some in mine.items() for question in _load(worker, keys, workspace, some)]


def _load(worker: Connection[Any], keys: Keyring, workspace: int, claims: Sequence[Claim]) -> Iterable[Question]:
    known = {"workspace": workspace, "ids": list({one.subject_id for one in claims})}
    rows = {row[0]: row for row in worker.execute(_QUESTIONS, known)}
    for one in claims:
        row = rows.get(one.subject_id)
        if row is None:
            yield Question(one, Ask("", ""), over=True)
            continue
        _, carrier, number, moved, stopped, *rest = row
        yield Question(one, Ask(number, carrier, _facts(keys, workspace, rest)), over=bool(moved or stopped))


def _facts(keys: Keyring, workspace: int, row: Sequence[Any]) -> dict[str, str]:
    country, postcode, reference, attributes = row
    facts = {"country": country, "order_reference": reference}
    facts["postal_code"] = keys.open_text(postcode, about_column(workspace, "shipments.destination_postcode"))
    if attributes is not None:
        about = about_column(workspace, "shipments.attributes")
        facts["phone_tail"] = phone_tail(keys.open_json(attributes, about, dict[str, Any]))
    return {name: value for name, value in facts.items() if value}


def phone_tail(attributes: Mapping[str, Any]) -> str | None:
    """The last four digits of the telephone number among a shipment's attributes, as some carriers want them."""
    for name, value in attributes.items():
        digits = re.sub(r"\D", "", str(value))
        if name.strip().lower() in _PHONES and len(digits) >= 4:
            return digits[-4:]
    return None
