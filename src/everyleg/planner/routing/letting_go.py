"""Telling aggregators that a number need not be followed any more: its parcel came to an end, or people stopped it.

Whoever plans arms what ended (`let_go_soon`), for when the end has stood long enough; a number that goes on by then is
passed over. Calls leave by the accounts' quotas like all others. What fails is tried again later and later; it holds up
neither the asking nor other accounts.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.sources import Ready, ready
from everyleg.pipeline.again import again
from everyleg.planner.asking.breaker import keep_answer, keep_failure
from everyleg.planner.asking.desk import Known
from everyleg.planner.asking.judging import judge
from everyleg.planner.asking.known import allowance
from everyleg.planner.asking.metered import Metered, OutOfQuotaError, in_thread
from everyleg.planner.policy.ends import STANDS, is_over
from everyleg.planner.policy.views import Plan
from everyleg.planner.viewing import load_views
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Ask, Follower, Outbound
from everyleg.ports.carrier_source import utc_now
from everyleg.store.due import REARM, Claim, claim, done
from everyleg.store.quotas import Quotas

_log = structlog.get_logger(__name__)

LET_GO: Final = "let_go"
"""The kind of what is due when a number need not be followed any more; its subject is the number."""
LEASE: Final = timedelta(minutes=5)
MOST: Final = 400
"""Numbers of a round."""
KEEP: Final = 0.1
"""Share of each quota that is left for whoever asks now."""
FIRST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE: Final = timedelta(days=1)
IDLE_S: Final = 5.0

# Also of candidates that a number was asked for and that nobody takes for its carrier any more. What is stopped may
# only be noted, so whoever is claimed is told of it again.
_FOLLOWED = """
SELECT n.number_id, r.source, r.account_id, r.carrier, r.tracking_number, r.state
FROM unnest(%(numbers)s::bigint[]) AS w (number_id)
JOIN numbers n ON n.workspace_id = %(workspace)s AND n.number_id = w.number_id
JOIN registrations r ON r.workspace_id = %(workspace)s AND r.tracking_number = n.tracking_number
    AND (r.carrier = n.carrier OR NOT EXISTS (
        SELECT FROM numbers o WHERE o.workspace_id = %(workspace)s AND o.tracking_number = r.tracking_number
            AND o.carrier = r.carrier AND o.moved_to IS NULL))
"""

_ARM = f"""
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT DISTINCT %(workspace)s::integer, '{LET_GO}', f.number_id, t.at
FROM ({_FOLLOWED}) f JOIN unnest(%(numbers)s::bigint[], %(at)s::timestamptz[]) AS t (number_id, at) USING (number_id)
WHERE f.state <> 'stopped'
ORDER BY f.number_id
{REARM}
"""  # noqa: S608 - our own words

_LATER = """
UPDATE due SET due_at = %s, attempts = %s WHERE workspace_id = %s AND kind = %s AND subject_id = %s AND due_at = %s
"""


def let_go_soon(worker: Connection[Any], workspace: int, plans: Mapping[int, Plan], now: datetime) -> None:
    """Arm those numbers, among all that were planned, that came to an end and that somebody was paid to follow."""
    ended = {number: now + STANDS[plan.why] for number, plan in sorted(plans.items()) if plan.why in STANDS}
    if ended:
        worker.execute(_ARM, {"workspace": workspace, "numbers": [*ended], "at": [*ended.values()]})


class _Call(Struct):
    """What is to be told to one account."""

    source: Follower
    batch: int
    ready: Ready
    items: list[tuple[Claim, Ask]]


class _Later(NamedTuple):
    """When something is tried again, and whether it was tried at all."""

    at: datetime
    tried: bool


class LettingGo:
    """Has aggregators follow no longer what ended; used within one event loop."""

    def __init__(self, known: Known, outbound: Outbound, now: Callable[[], datetime] = utc_now, group: int = 0) -> None:
        """`outbound`: the gateway; `group`: the worker group."""
        self._known, self._outbound, self._now, self._group = known, outbound, now, group
        self._quotas = Quotas(known.database)

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; what is under way is brought to its end."""
        while not stop.is_set():
            found = 0
            try:
                found = await self.round()
            except Exception as error:
                _log.warning("letting_go_stumbled", error=type(error).__name__)
            if found < MOST:
                await _either(stop, IDLE_S)

    async def round(self) -> int:
        """Let go once what is due; gives how many numbers there were."""
        claims, calls = await in_thread(lambda: again(self._claimed))
        tried = await asyncio.gather(*(self._tell(call) for call in calls))
        later: dict[Claim, _Later] = {}
        for one in tried:
            for item, again_ in one.items():
                later[item] = max(again_, later.get(item, again_))
        await in_thread(lambda: self._end(claims, later))
        return len(claims)

    def _claimed(self) -> tuple[list[Claim], list[_Call]]:
        now = self._now()
        with self._known.database.transaction(None, "worker") as worker:
            claims = claim(worker, LET_GO, now, LEASE, MOST, self._group)
            by_workspace: dict[int, list[Claim]] = {}
            for one in claims:
                by_workspace.setdefault(one.workspace_id, []).append(one)
            calls = [call for some in by_workspace.values() for call in self._of_workspace(worker, some, now)]
        return claims, calls

    def _of_workspace(self, worker: Connection[Any], claims: Sequence[Claim], now: datetime) -> list[_Call]:
        """What is to be told of numbers of one workspace that are still over."""
        keys, workspace = self._known.database.keys, claims[0].workspace_id
        mine = {one.subject_id: one for one in claims}
        views = load_views(worker, keys, workspace, mine)
        over = [number for number in mine if number not in views or is_over(views[number].view, now)]
        rows = worker.execute(_FOLLOWED, {"workspace": workspace, "numbers": over}).fetchall()
        accounts = {one.account.account_id: one for one in ready(worker, keys, workspace)} if rows else {}
        calls: dict[int, _Call] = {}
        for number, slug, account_id, carrier, tracking_number, _ in rows:
            source, account = self._known.sources.source(slug), accounts.get(account_id)
            if account is not None and source is not None and isinstance(source, Follower):
                call = calls.setdefault(account_id, _Call(source, source.batch, account, []))
                call.items.append((mine[number], Ask(tracking_number, carrier)))
        return list(calls.values())

    async def _tell(self, call: _Call) -> dict[Claim, _Later]:
        """Tell one account, call by call until one fails; gives what has to be tried again, and when."""
        health, now = call.ready.health, self._now()
        if call.ready.paused:
            return {item: _Later(now + LONGEST_PAUSE, False) for item, _ in call.items}
        if health.retry_at is not None and health.retry_at > now:
            return {item: _Later(health.retry_at, False) for item, _ in call.items}
        outbound = Metered(self._outbound, self._quotas, allowance(self._known.sources, call.ready), KEEP)
        later: dict[Claim, _Later] = {}
        for start in range(0, len(call.items), call.batch):
            some = call.items[start : start + call.batch]
            try:
                stopped = await self._stop(call, outbound, [ask for _, ask in some])
            except OutOfQuotaError as error:
                until = _Later(self._now() + timedelta(seconds=error.wait_s), False)
                return later | {item: until for item, _ in call.items[start:]}
            if stopped is None:
                return later | {item: self._pause(item) for item, _ in call.items[start:]}
            said = {(ask.carrier, ask.number) for ask in stopped}
            later |= {item: self._pause(item) for item, ask in some if (ask.carrier, ask.number) not in said}
        return later

    async def _stop(self, call: _Call, outbound: Outbound, asks: Sequence[Ask]) -> Sequence[Ask] | None:
        """One call: what is followed no longer; None where the call failed."""
        account = call.ready.account
        try:
            stopped = await call.source.stop(outbound, account, asks)
        except OutOfQuotaError:
            raise
        except Exception as error:
            _log.warning("letting_go_failed", source=account.source, error=type(error).__name__)
            return None
        await in_thread(lambda: self._keep(call.ready, stopped.failed, asks))
        return stopped.done if stopped.failed is None else None

    def _keep(self, of: Ready, failed: Answer | None, asks: Sequence[Ask]) -> None:
        """Note how the account is doing, as after any call."""
        now, place = self._now(), (of.account.workspace, of.account.account_id)
        trouble = None
        if failed is not None:
            numbers = [ask.number for ask in asks]
            trouble = judge(self._known.sources, of.account.source, failed, numbers, now).trouble
        with self._known.database.transaction(None, "worker") as worker:
            if failed is None:
                keep_answer(worker, place, of.health, now)
            elif trouble is not None:
                keep_failure(worker, self._known.database.keys, place, trouble, now)

    def _pause(self, item: Claim) -> _Later:
        doubled: int = 2 ** min(item.attempts - 1, 10)
        return _Later(self._now() + min(FIRST_PAUSE * doubled, LONGEST_PAUSE), True)

    def _end(self, claims: Sequence[Claim], later: Mapping[Claim, _Later]) -> None:
        with self._known.database.transaction(None, "worker") as worker:
            done(worker, [one for one in claims if one not in later])
            for one, (at, tried) in later.items():
                attempts = one.attempts if tried else one.attempts - 1
                worker.execute(_LATER, (at, attempts, one.workspace_id, one.kind, one.subject_id, one.until))
        if later:
            _log.info("let_go_later", numbers=len(later))


async def _either(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
