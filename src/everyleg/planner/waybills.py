"""Air waybills: their airlines are asked, as long as parcels inside are under way.

One answer tells of everybody inside, so a waybill is worth as much as its parcels. It ends when nobody inside is on the
way by air any more: all are delivered, given up, stopped, taken out or with the last mile; or when the airline has
given it out at its terminal.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from msgspec import Struct

from everyleg.core.fold.tellings import Telling
from everyleg.core.model import Ref
from everyleg.core.vocabulary import STATUSES
from everyleg.durations.gaps import State
from everyleg.durations.kinds import clock_offset_s
from everyleg.pipeline.ages import CHECK
from everyleg.pipeline.consolidations.aboard import told_of
from everyleg.pipeline.consolidations.around import around
from everyleg.pipeline.consolidations.moved import TOLD, with_moved
from everyleg.pipeline.consolidations.naming import Key, mawb_of
from everyleg.pipeline.consolidations.now_inside import around_at
from everyleg.pipeline.consolidations.spreading import AROUND
from everyleg.pipeline.known import Store
from everyleg.pipeline.numbers import ensure_numbers
from everyleg.planner.asking.contract import Airlines, airlines_of
from everyleg.planner.policy.views import DEAD, FINAL, NumberView
from everyleg.planner.viewing import Viewed, load_checks
from everyleg.store.sealing import SealError

_log = structlog.get_logger(__name__)

MOST_WATCHED: Final = 20
"""So many parcels inside count; with more, an airline would be asked oftener than it learns anything."""

_AT_ONCE: Final = 200
"""Parcels whose stays are looked at together."""

_WAYBILLS = """
SELECT k.consolidation_id, k.reference, coalesce(max(m.created_at), k.created_at) FROM consolidations k
LEFT JOIN memberships m ON m.workspace_id = k.workspace_id AND m.consolidation_id = k.consolidation_id
WHERE k.workspace_id = %(workspace)s AND k.kind = 'mawb' AND {which} GROUP BY k.workspace_id, k.consolidation_id
ORDER BY 1
"""

_BY_IDS = _WAYBILLS.format(which="k.consolidation_id = ANY(%(ids)s)")
_BY_NUMBERS = _WAYBILLS.format(which="k.reference = ANY(%(numbers)s)")

_NAMES = "SELECT number_id, carrier, tracking_number FROM numbers WHERE workspace_id = %s AND number_id = ANY(%s)"

_DIRECT = "SELECT consolidation_id FROM memberships WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s)"

_AROUND_THEM = f"""
WITH RECURSIVE {around(_DIRECT)}
SELECT k.consolidation_id FROM around
JOIN consolidations k ON k.workspace_id = %(workspace)s AND k.consolidation_id = around.id AND k.kind = 'mawb'
WHERE NOT EXISTS (
    SELECT FROM numbers n JOIN due d ON d.workspace_id = n.workspace_id AND d.kind = %(check)s
        AND d.subject_id = n.number_id
    WHERE n.workspace_id = k.workspace_id AND n.tracking_number = k.reference)
"""  # noqa: S608 - our own words

_ACCOUNTS = "SELECT DISTINCT source FROM source_accounts WHERE workspace_id = %s AND paused_at IS NULL AND NOT open"

_KNOWN_AS = """
SELECT number_id FROM numbers
WHERE workspace_id = %s AND tracking_number = %s AND carrier = ANY(%s) AND moved_to IS NULL
ORDER BY array_position(%s, carrier) LIMIT 1
"""

_UNDER_WAY = f"""
WITH RECURSIVE inside (number_id) AS (
    SELECT t.number_id FROM {TOLD} t WHERE t.workspace_id = %(workspace)s AND t.consolidation_id = %(waybill)s
    UNION
    SELECT t.number_id FROM inside
    JOIN consolidation_numbers c ON c.workspace_id = %(workspace)s AND c.number_id = inside.number_id
    JOIN {TOLD} t ON t.workspace_id = %(workspace)s AND t.consolidation_id = c.consolidation_id
)
SELECT i.number_id FROM inside i WHERE i.number_id > %(after)s AND EXISTS (
    SELECT FROM legs l JOIN parcels p ON p.workspace_id = l.workspace_id AND p.parcel_id = l.parcel_id
    JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
    WHERE l.workspace_id = %(workspace)s AND l.number_id = i.number_id
        AND coalesce(p.stopped_at, p.archived_at, p.erased_at) IS NULL AND p.merged_into IS NULL
        AND s.stage <> 'last_mile' AND s.milestone <> ALL(%(final)s) AND s.sub_status <> ALL(%(dead)s))
ORDER BY i.number_id LIMIT %(most)s
"""  # noqa: S608 - our own words


class Waybill(Struct, frozen=True):
    """An air waybill that somebody is said to be inside of."""

    consolidation_id: int
    reference: str
    """`784-55501121`."""
    since: datetime
    """When we last heard of somebody inside."""

    @property
    def key(self) -> Key:
        """What it is called among consolidations."""
        return Key("mawb", "", self.reference)


class _Asked(NamedTuple):
    """A waybill that is asked for, and how many parcels are under way inside."""

    waybill: Waybill
    inside: int


class Waybills:
    """The air waybills of a workspace, in a worker's transaction."""

    def __init__(self, store: Store, airlines: Airlines) -> None:
        """`airlines`: who can be asked at all; by whom of them, the workspace's accounts say."""
        self._store, self._airlines = store, airlines
        accounts = store.connection.execute(_ACCOUNTS, (store.workspace,))
        self._mine = {source for (source,) in accounts}

    def unplanned(self, numbers: Collection[int]) -> set[int]:
        """The waybills (ids of consolidations) that numbers are in, those left out that are asked at some time."""
        group = list(with_moved(self._store.connection, self._store.workspace, numbers))
        asked = {"workspace": self._store.workspace, "numbers": group, "check": CHECK}
        return {found for (found,) in self._store.connection.execute(_AROUND_THEM, asked)}

    def views(self, consolidations: Collection[int], now: datetime) -> dict[int, Viewed]:
        """By the number under which it is asked: each waybill for which anybody can be asked. One that was never asked
        gets such a number when somebody inside is under way.
        """
        found: dict[int, _Asked] = {}
        for waybill in self._load(_BY_IDS, {"workspace": self._store.workspace, "ids": list(consolidations)}):
            if carriers := self._carriers(waybill):
                inside = self.under_way(waybill.consolidation_id, now)
                number = self._number(waybill, carriers, make=inside > 0)
                found |= {number: _Asked(waybill, inside)} if number is not None else {}
        return self._viewed(found)

    def views_of(self, numbers: Collection[int], now: datetime) -> dict[int, Viewed]:
        """Of those of some numbers that are waybills."""
        names = self._names(numbers)
        known = {"workspace": self._store.workspace, "numbers": list({ref.tracking_number for ref in names.values()})}
        waybills = {one.reference: one for one in self._load(_BY_NUMBERS, known)} if names else {}
        found: dict[int, _Asked] = {}
        for number, ref in names.items():
            if (waybill := waybills.get(ref.tracking_number)) is not None:
                able = bool(self._carriers(waybill))
                found[number] = _Asked(waybill, self.under_way(waybill.consolidation_id, now) if able else 0)
        return self._viewed(found)

    def _names(self, numbers: Collection[int]) -> dict[int, Ref]:
        rows = self._store.connection.execute(_NAMES, (self._store.workspace, list(numbers))).fetchall()
        return {number: Ref(carrier, text) for number, carrier, text in rows if mawb_of(text) == text}

    def _load(self, query: str, asked: dict[str, Any]) -> Iterator[Waybill]:
        for row in self._store.connection.execute(query, asked).fetchall():
            if mawb_of(row[1]) == row[1]:
                yield Waybill(*row)

    def _carriers(self, waybill: Waybill) -> list[str]:
        """Who can be asked for it, with the accounts that there are."""
        return airlines_of(waybill.reference, self._airlines, self._mine)

    def _number(self, waybill: Waybill, carriers: list[str], *, make: bool) -> int | None:
        """The number under which it is asked: as a carrier among these knows it, else the likeliest one's."""
        store = self._store
        known = (store.workspace, waybill.reference, carriers, carriers)
        row = store.connection.execute(_KNOWN_AS, known).fetchone()
        if row is not None or not make:
            return row[0] if row is not None else None
        wanted = Ref(carriers[0], waybill.reference)
        return ensure_numbers(store.connection, store.workspace, {wanted})[wanted]

    def _viewed(self, asked: dict[int, _Asked]) -> dict[int, Viewed]:
        if not asked:
            return {}
        checks = load_checks(self._store.connection, self._store.workspace, asked)
        names = self._names(asked)
        found = {}
        for number, (waybill, inside) in asked.items():
            view = checks[number].seen(_view(waybill, self._last(waybill), inside))
            found[number] = Viewed(0, names[number].carrier, view.state.sub_status, view)
        return found

    def _last(self, waybill: Waybill) -> Telling | None:
        """The latest fact of this use of its number; None where there is none, or where one cannot be opened."""
        try:
            told = told_of(self._store, {waybill.consolidation_id: waybill.key})
        except (SealError, msgspec.MsgspecError) as error:
            place = {"workspace": self._store.workspace, "consolidation": waybill.consolidation_id}
            _log.warning("waybill_unreadable", **place, error=type(error).__name__)
            return None
        mine = [one for one in told if not one.withdrawn and one.statement.occurred_at > waybill.since - AROUND]
        return mine[-1] if mine else None

    def under_way(self, consolidation: int, now: datetime) -> int:
        """How many parcels inside are under way, up to `MOST_WATCHED`."""
        store, count, after = self._store, 0, -1
        asked = {
            "workspace": store.workspace, "waybill": consolidation, "final": list(FINAL), "dead": list(DEAD),
            "most": _AT_ONCE,
        }  # fmt: skip
        while count < MOST_WATCHED:
            some = [n for (n,) in store.connection.execute(_UNDER_WAY, {**asked, "after": after})]
            count += sum(consolidation in around for around in around_at(store, some, now).values())
            if len(some) < _AT_ONCE:
                break
            after = some[-1]
        return min(count, MOST_WATCHED)


def _view(waybill: Waybill, last: Telling | None, inside: int) -> NumberView:
    told = last.statement if last is not None else None
    status = told.sub_status if told is not None else "registered"
    return NumberView(
        state=State(status, told.carrier if told is not None else "", "", ""),
        milestone=STATUSES[status].milestone,
        event_at=told.occurred_at if told is not None else None,
        since=waybill.since,
        offset_s=clock_offset_s(told) if told is not None else 0,
        watchers=float(max(inside, 1)),
        stopped=inside == 0,
    )
