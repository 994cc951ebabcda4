"""What a planner does: ask what is due, by the one way out, and rest while too much else waits."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from everyleg.app.everybody import everybody
from everyleg.app.measures import CALLS, PAUSED, TROUBLE
from everyleg.app.plugins import roots
from everyleg.app.pressure import Pressure
from everyleg.app.rounds import Ended, work
from everyleg.durations.learning import learn_changes
from everyleg.numbers.detector import Detector
from everyleg.planner.asking import Known, KnownSources, run_asking
from everyleg.planner.planning import Planner
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Outbound, Outgoing
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
    planner = Planner(KnownSources(carriers))
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
        learned = learn_changes(self._database)
        planned = self._planner.plan_changes(self._database, now) + self._planner.plan_due(self._database, now)
        return learned > 0 or planned > 0


async def _ask(known: Known, pressure: Pressure, ended: Ended, after: Callable[[], None]) -> None:
    async with Gateway(parse_networks(os.environ.get("EVERYLEG_ALLOW_PRIVATE", ""))) as gateway:
        while not ended(0):
            if pressure.level >= RESTS_FROM:
                PAUSED.inc()
                await asyncio.sleep(LOOK_S)
            else:
                await _ask_until(known, _Counted(gateway), lambda: ended(0) or pressure.level >= RESTS_FROM, after)
            after()


class _Counted:
    """A way out that counts what leaves."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """As `Outbound`."""
        answer = await self._gateway.send(request, account)
        outcome = "failed" if answer.error else f"{answer.status // 100}xx"
        CALLS.labels(account.source, str(account.account_id), outcome).inc()
        return answer


async def _ask_until(known: Known, gateway: Outbound, enough: Callable[[], bool], after: Callable[[], None]) -> None:
    stop = asyncio.Event()
    asking = asyncio.create_task(run_asking(known, gateway, stop))
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
