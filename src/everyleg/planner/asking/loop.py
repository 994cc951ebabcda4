"""The loop that asks: any number of processes may run it over one store.

Each account has a short queue and a few questions under way, so that one that hangs, bans or lies keeps nobody else
waiting; what finds no room there is put off until it may.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from everyleg.planner.asking.breaker import is_held, is_suspect
from everyleg.planner.asking.contract import Sources
from everyleg.planner.asking.desk import Ended, Known, Routed, claimed, ended, filled, put_off
from everyleg.planner.asking.judging import judge
from everyleg.planner.asking.known import OwnAccounts, Steady, allowance
from everyleg.planner.asking.metered import Metered, OutOfQuotaError, in_thread
from everyleg.planner.asking.questions import Question
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Asked, NotNowError, Outbound, Source
from everyleg.ports.carrier_source import utc_now
from everyleg.store.db import Database
from everyleg.store.quotas import Allowance, Quotas
from everyleg.store.windows import windows

_log = structlog.get_logger(__name__)

_LEFT = timedelta(minutes=1)
"""A claim that ends sooner is left to whoever claims it next."""

_LONGEST_PAUSE_S = 30.0

_FARTHEST = timedelta(hours=1)
"""A number that waits for its account is put off by no more than this after it may be asked again."""


class Pace(Struct, frozen=True):
    """How much is under way."""

    claim: int = 500
    """Numbers claimed at once."""
    at_once: int = 4
    """Requests under way for one account."""
    queue: int = 500
    """Requests that wait for one account; what is more is put off."""
    idle_s: float = 1.0
    """Between two looks for what is due, while there is nothing."""
    keep: float = 0.1
    """Share of each quota that is left for whoever asks now."""
    put_off_s: float = 10.0
    """How long a number is put off whose account has no room."""
    group: int = 0
    """The worker group."""


class _Line:
    """What waits for one account, and what is under way."""

    def __init__(self, routed: Routed, allowance: Allowance) -> None:
        self.source, self.ready, self.allowance = routed.source, routed.ready, allowance
        self.waiting = deque[list[Question]]()
        self.under_way = 0
        self.closed_until: datetime | None = None
        """Until then its quota holds no call."""
        self.put_off_to: datetime | None = None
        """When the last batch is due that was put off: each one comes a little later."""
        self.put_off_with = 0
        """Numbers in that batch."""
        self.took_s = 0.05
        """Seconds between two calls, as it answered of late."""

    @property
    def spacing_s(self) -> float:
        """Seconds between two calls at the pace of its tightest window, or at which it answers."""
        limits = windows(self.allowance.quota)
        return max([self.took_s, *(one.seconds / max(1, one.limit) for one in limits)])

    def answered(self, seconds: float, at_once: int) -> None:
        """Note how long a call took, of so many at once."""
        self.took_s = 0.8 * self.took_s + 0.2 * seconds / at_once

    def later(self, start: datetime) -> datetime:
        """When the next number is due that is put off to `start` or later."""
        if self.put_off_to is None or self.put_off_to < start:
            self.put_off_to, self.put_off_with = start, 0
        elif self.put_off_with >= self.source.batch:
            self.put_off_to = min(self.put_off_to + timedelta(seconds=self.spacing_s), start + _FARTHEST)
            self.put_off_with = 0
        self.put_off_with += 1
        return self.put_off_to


class Asker:
    """Asks what is due, until told to stop; used within one event loop."""

    def __init__(self, known: Known, outbound: Outbound, pace: Pace, now: Callable[[], datetime] = utc_now) -> None:
        """`outbound`: the gateway."""
        self._known, self._outbound, self._pace, self._now = known, outbound, pace, now
        self._quotas = Quotas(known.database)
        self._lines: dict[tuple[int, int], _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def under_way(self) -> int:
        """Requests under way and waiting."""
        return sum(line.under_way + len(line.waiting) for line in self._lines.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop`; then what is under way is brought to its end, and what waits is given back."""
        pause = self._pace.idle_s
        while not stop.is_set():
            try:
                found = await self.round()
                pause = 0.0 if found >= self._pace.claim else self._pace.idle_s
            except Exception as error:
                pause = min(_LONGEST_PAUSE_S, max(self._pace.idle_s, 2 * pause))
                _log.warning("asking_stumbled", error=type(error).__name__, again_in_s=pause)
            await _either(stop, pause)
        await self._drain()

    async def round(self) -> int:
        """Claim what is due and start asking; gives how many numbers there were."""
        now = self._now()
        routed = await in_thread(lambda: claimed(self._known, now, self._pace.claim, self._pace.group))
        for one in routed:
            await self._accept(one)
        return sum(len(one.questions) for one in routed)

    async def settled(self) -> None:
        """Wait until nothing is under way and nothing waits."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _accept(self, routed: Routed, *, fill: bool = True) -> None:
        """Queue questions for their account in batches, and start as many as may be under way."""
        line = self._line(routed)
        if self._is_closed(line) or is_held(line.ready.health, self._now()):
            await self._put_off(line, routed.questions)
            return
        urgent = [one for one in routed.questions if one.urgent]
        plain = [one for one in routed.questions if not one.urgent]
        size = line.source.batch
        for some in _chunks(urgent, size):
            line.waiting.appendleft(some)
        room = self._pace.queue - len(line.waiting)
        batches = _chunks(plain, size)
        if fill and batches and len(batches) <= room and len(batches[-1]) < size:
            await self._fill(line, routed, batches[-1])
        line.waiting.extend(batches[: max(0, room)])
        self._start(line)
        if late := [one for batch in batches[max(0, room) :] for one in batch]:
            await self._put_off(line, late)

    async def _fill(self, line: _Line, routed: Routed, batch: list[Question]) -> None:
        most, now = line.source.batch - len(batch), self._now()
        more = await in_thread(lambda: filled(self._known, routed, most, now, self._pace.group))
        for one in more:
            if one.ready.account.account_id == line.ready.account.account_id:
                batch.extend(one.questions)
            else:
                await self._accept(one, fill=False)

    def _line(self, routed: Routed) -> _Line:
        account = routed.ready.account
        place = (account.workspace, account.account_id)
        may = allowance(self._known.sources, routed.ready)
        line = self._lines.get(place)
        if line is None:
            self._lines[place] = line = _Line(routed, may)
        line.source, line.ready, line.allowance = routed.source, routed.ready, may
        return line

    def _is_closed(self, line: _Line) -> bool:
        if line.closed_until is not None and line.closed_until <= self._now():
            line.closed_until = None
        return line.closed_until is not None

    def _start(self, line: _Line) -> None:
        at_once = 1 if is_suspect(line.ready.health) else self._pace.at_once
        while line.waiting and line.under_way < at_once and not self._stopping:
            line.under_way += 1
            task = asyncio.create_task(self._work(line, line.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, line: _Line, batch: list[Question]) -> None:
        try:
            await self._batch(line, batch)
        except Exception as error:
            # The claims end by themselves, and all is asked again.
            _log.warning("asking_failed", source=line.source.slug, numbers=len(batch), error=type(error).__name__)
        finally:
            line.under_way -= 1
            self._start(line)

    async def _batch(self, line: _Line, batch: list[Question]) -> None:
        now = self._now()
        batch = [one for one in batch if one.claim.until - now > _LEFT]
        if not batch:
            return
        if self._is_closed(line) or is_held(line.ready.health, now):
            await self._put_off(line, batch)
            return
        keep = 0.0 if any(one.urgent for one in batch) else self._pace.keep
        metered = Metered(self._outbound, self._quotas, line.allowance, keep)
        try:
            await self._ask(line, batch, metered)
        except OutOfQuotaError as error:
            line.closed_until = self._now() + timedelta(seconds=error.wait_s)
            await self._put_off(line, batch)

    async def _ask(self, line: _Line, batch: Sequence[Question], metered: Metered) -> None:
        started, account = time.monotonic(), line.ready.account
        asked = await _carefully(line.source, metered, account, batch)
        line.answered(time.monotonic() - started, self._pace.at_once)
        at = self._now()
        routed = Routed(line.source, line.ready, batch)
        some = await in_thread(lambda: self._judged(routed, asked, at))
        after = await in_thread(lambda: ended(self._known, routed, some, self._now()))
        if after.health.failures == 0 or after.health.failures >= line.ready.health.failures:
            line.ready = after  # of several that ended at once the last word may be an older one
        await self._hold(line, some)
        told = {question.claim for one in some for question in one.questions}
        if left := [question for question in batch if question.claim not in told]:
            line.closed_until = at + timedelta(seconds=metered.wait_s)
            await self._put_off(line, left)
        if failed := sum(len(one.judged.failed) for one in some):
            reasons = sorted({reason.kind for one in some for reason in one.judged.failed.values()})
            _log.info(
                "asked_in_vain",
                source=line.source.slug,
                workspace=account.workspace,
                account=account.account_id,
                numbers=failed,
                reasons=reasons,
                seconds=round(time.monotonic() - started, 3),
            )

    async def _hold(self, line: _Line, some: Sequence[Ended]) -> None:
        """Hold back all who cannot be told apart from an account that was told to wait."""
        until, now = line.ready.health.retry_at, self._now()
        if until is not None and until > now and any(one.judged.bars for one in some):
            place, may = (line.ready.account.workspace, line.ready.account.account_id), line.allowance
            await in_thread(lambda: self._quotas.hold(place, may, (until - now).total_seconds()))

    def _judged(self, routed: Routed, asked: Sequence[Asked], at: datetime) -> list[Ended]:
        by_number: dict[tuple[str, str], list[Question]] = {}
        for question in routed.questions:
            by_number.setdefault((question.ask.carrier, question.ask.number), []).append(question)
        found = []
        for one in asked:
            # a number may be due twice: as its carrier's, and as one of which nobody knows whose it is
            mine = [question for ask in one.asks for question in by_number.pop((ask.carrier, ask.number), ())]
            numbers = [ask.number for ask in one.asks]
            found.append(
                Ended(mine, one.answer, judge(self._known.sources, routed.source.slug, one.answer, numbers, at), at)
            )
        return found

    async def _put_off(self, line: _Line, questions: Sequence[Question]) -> None:
        """Make questions due when their account may be asked again, one after the other at its pace."""
        now = self._now()
        held = [one for one in (line.closed_until, line.ready.health.retry_at) if one is not None and one > now]
        start = max(held, default=now + timedelta(seconds=self._pace.put_off_s))
        times = [(one, start if one.urgent else line.later(start)) for one in questions]
        await in_thread(lambda: self._write_put_off(times))

    def _write_put_off(self, times: Sequence[tuple[Question, datetime]]) -> None:
        with self._known.database.transaction(None, "worker") as worker:
            put_off(worker, times)

    async def _drain(self) -> None:
        self._stopping = True
        now = self._now()
        waiting = [(one, now) for line in self._lines.values() for batch in line.waiting for one in batch]
        for line in self._lines.values():
            line.waiting.clear()
        if waiting:
            await in_thread(lambda: self._write_put_off(waiting))
        await self.settled()


async def _carefully(source: Source, metered: Metered, account: Account, batch: Sequence[Question]) -> list[Asked]:
    """Ask; a source that breaks, or forgets a question, has failed to answer it, unless the quota ended in between."""
    asks = tuple({(one.ask.carrier, one.ask.number): one.ask for one in batch}.values())
    try:
        asked = await source.ask(metered, account, asks)
    except NotNowError:
        raise
    except Exception as error:
        words = f"the source {source.slug} stumbled ({type(error).__name__})"
        return [Asked(asks, Answer(error=words, error_kind="unreadable"))]
    there = {(ask.carrier, ask.number) for one in asked for ask in one.asks}
    missing = tuple(ask for ask in asks if (ask.carrier, ask.number) not in there)
    if missing and not metered.wait_s:
        asked = [*asked, Asked(missing, Answer(error=f"{source.slug} left it out", error_kind="unreadable"))]
    return asked


def _chunks(questions: Sequence[Question], size: int) -> list[list[Question]]:
    return [list(questions[at : at + size]) for at in range(0, len(questions), size)]


async def _either(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def known_by(database: Database, sources: Sources, now: Callable[[], datetime] = utc_now) -> Known:
    """The simplest way to ask: carriers by their own accounts, every six hours."""
    return Known(database, sources, OwnAccounts(sources, now), Steady())


async def run_asking(
    known: Known,
    outbound: Outbound,
    stop: asyncio.Event,
    pace: Pace | None = None,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Ask what is due until `stop` is set; then bring to an end what is under way.

    Args:
        known: the store, who can be asked (`KnownSources`), by whom (`Router`), and how often (`NextCheck`).
        outbound: the gateway (`ports.outbound.gateway.Gateway`), opened in this event loop.
        stop: ends it.
        pace: how much is under way.
        now: the clock.
    """
    await Asker(known, outbound, pace or Pace(), now).run(stop)
