"""What a planner does: ask what is due, by the one way out, and rest while too much else waits."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from everyleg.app.everybody import everybody
from everyleg.app.measures import CALLS, PAUSED, TROUBLE
from everyleg.app.plugins import roots
from everyleg.app.pressure import Pressure
from everyleg.app.rounds import Ended, work
from everyleg.durations.learning import learn_changes, learn_retold
from everyleg.numbers.detector import Detector
from everyleg.planner.asking import Known, KnownSources, run_asking
from everyleg.planner.planning import Planner
from everyleg.planner.routing.letting_go import LettingGo
from everyleg.planner.routing.money import spend
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Outbound, Outgoing
from everyleg.ports.carrier_source import utc_now
from everyleg.ports.number_formats import load_formats
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Gateway
from everyleg.ports.registry import Registry
from everyleg.store.db import Database

RESTS_FROM = 1
"""The level of pressure from which on nobody is asked."""
LOOK_S = 0.5

_log = structlog.get_logger(__name__)


def plan(database: Database, carriers: Registry, pressure: Pressure, ended: Ended, after: Callable[[], None]) -> None:
    """Plan and ask until `ended` says so; what is under way is brought to its end. `after` is called now and then."""
    sources = KnownSources(carriers)
    planner = Planner(sources, sources)
    known = everybody(database, carriers, planner, detector=Detector(load_formats(roots())))
    following = threading.Thread(target=_follow, args=(database, planner, ended), name="follows changes", daemon=True)
    following.start()
    asyncio.run(_ask(known, pressure, ended, after))
    following.join(timeout=30)


def _follow(database: Database, planner: Planner, ended: Ended) -> None:
    """Learn from what changed, and plan it, change by change."""
    work(Following(database, planner), ended)


class Following:
    """What a planner makes of changes: how long things take, and when numbers are asked."""

    def __init__(self, database: Database, planner: Planner) -> None:
        """Over a store."""
        self._database, self._planner = database, planner

    def round(self, now: datetime) -> bool:
        """Read on; whether there was something."""
        learned = learn_changes(self._database) + learn_retold(self._database, now)
        planned = self._planner.plan_changes(self._database, now) + self._planner.plan_due(self._database, now)
        return learned > 0 or planned > 0


async def _ask(known: Known, pressure: Pressure, ended: Ended, after: Callable[[], None]) -> None:
    async with Gateway(parse_networks(os.environ.get("EVERYLEG_ALLOW_PRIVATE", ""))) as gateway:
        while not ended(0):
            if pressure.level >= RESTS_FROM:
                PAUSED.inc()
                await asyncio.sleep(LOOK_S)
            else:
                await _ask_until(
                    known, Counted(gateway, known), lambda: ended(0) or pressure.level >= RESTS_FROM, after
                )
            after()


class Counted:
    """A way out that counts what leaves, for `/metrics` and for the month of a carrier's account.

    What an aggregator charges for is in its ledger.
    """

    def __init__(self, gateway: Outbound, known: Known) -> None:
        """`gateway`: by which it leaves."""
        self._gateway, self._known = gateway, known

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """As `Outbound`."""
        answer = await self._gateway.send(request, account)
        outcome = "failed" if answer.error else f"{answer.status // 100}xx"
        CALLS.labels(account.source, str(account.account_id), outcome).inc()
        if not self._known.sources.asks_for_others(account.source):
            await asyncio.to_thread(self._note, account)
        return answer

    def _note(self, account: Account) -> None:
        try:
            with self._known.database.transaction(None, "worker") as worker:
                spend(worker, account, "call", 1, Decimal(0), utc_now())
        except (psycopg.Error, PoolTimeout):  # the answer is worth more than its being counted
            TROUBLE.labels("store").inc()


async def _ask_and_let_go(known: Known, gateway: Outbound, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as both:
        both.create_task(run_asking(known, gateway, stop))
        both.create_task(LettingGo(known, gateway).run(stop))


async def _ask_until(known: Known, gateway: Outbound, enough: Callable[[], bool], after: Callable[[], None]) -> None:
    stop = asyncio.Event()
    asking = asyncio.create_task(_ask_and_let_go(known, gateway, stop))
    while not enough() and not asking.done():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asking), LOOK_S)
        after()
    stop.set()
    try:
        await asking
    except Exception:
        TROUBLE.labels("defect").inc()
        _log.exception("asking_ended")
        await asyncio.sleep(LOOK_S)
