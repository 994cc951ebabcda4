"""The journal as a replicated log in front of the table: for many receivers, and for when the database is away.

The log is never the only copy. Whoever receives writes each bundle to a spool on its own disk first, then to the log,
and keeps it there until the table has it: a bundle that the log does not bring in time, for whatever reason, goes to
the table from the spool. A bundle has an id, so it may come by both ways and often, and comes in once.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import nats
import psycopg
import structlog
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from everyleg.store.journal.bundles import Bundle, bundled, decode, encode, take_in
from everyleg.store.journal.entries import Entry, JournalError, Lag, Transactions
from everyleg.store.journal.servers import JournalAwayError, check_servers
from everyleg.store.sealing import Keyring
from everyleg.store.spool import Spool

T = TypeVar("T")

STREAM, SUBJECT, READER = "everyleg_journal", "everyleg.journal", "workers"
PATIENCE_S = 2.0
"""How long the log may take for a bundle; then the spool has it, and the log is not asked for a while."""
REST_S = 5.0
FETCH, FETCH_WAIT_S, FILL_S = 64, 0.2, 2.0
"""Bundles of one delivery, how long to wait for the first, and how long one `fill` goes on."""
SHIP_EVERY_S, SHIP_AFTER_S = 2.0, 10.0
"""How often the spool is looked at, and for how long the log has had time to bring a bundle to the table."""
CHECK_EVERY_S = 30.0

_log = structlog.get_logger(__name__)


class JetStream(Struct, frozen=True):
    """Where the log is."""

    servers: tuple[str, ...]
    """As clients reach them (`nats://nats-1:4222`)."""
    monitors: tuple[str, ...]
    """Their monitoring ports (`http://nats-1:8222`)."""
    spool: Path
    """The folder of the spool; on a disk that survives the process."""
    replicas: int = 3
    stream: str = STREAM
    """Its name; installations that share servers have one each."""

    @property
    def subject(self) -> str:
        """What is published to."""
        return SUBJECT if self.stream == STREAM else f"{SUBJECT}.{self.stream}"


class JetStreamJournal:
    """The engine `jetstream`."""

    def __init__(self, store: Transactions, keys: Keyring, settings: JetStream) -> None:
        """Over a store; nothing is connected yet."""
        self._store, self._settings = store, settings
        self._spool: Spool[Bundle] = Spool(settings.spool, keys, Bundle)
        self._guard, self._ended = threading.Lock(), threading.Event()
        self._connecting = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._ready: JetStreamContext | None = None
        self._reader: JetStreamContext.PullSubscription | None = None
        self._talker: threading.Thread | None = None
        self._shipper: threading.Thread | None = None
        self._rest_until = self._checked_at = float("-inf")

    def append(self, entries: Sequence[Entry], patience: float | None = None) -> None:
        """Keep bodies: on the disk here, and in the log if it answers. A full disk leaves the table itself."""
        bundles = list(bundled(entries, datetime.now(UTC)))
        if not bundles:
            return
        try:
            self._spool.append(bundles)
        except OSError as error:
            _log.warning("journal_spool_refused", error=type(error).__name__)
            self._take_in(bundles, patience)
            return
        self._ship_along()
        if time.monotonic() < self._rest_until:
            return
        try:
            self._wait_for(self._publish(bundles), PATIENCE_S + 0.5)
        except (NatsError, OSError, TimeoutError) as error:
            self._rest_until = time.monotonic() + REST_S
            _log.warning("journal_log_away", bundles=len(bundles), error=type(error).__name__)

    def fill(self) -> int:
        """Bring what is in the log to the table."""
        count, until = 0, time.monotonic() + FILL_S
        while time.monotonic() < until:
            try:
                messages = self._wait_for(self._fetch(), 10.0)
            except (NatsError, OSError, TimeoutError) as error:
                _log.warning("journal_log_not_read", error=type(error).__name__)
                return count
            if not messages:
                break
            count += self._take_in(_opened(messages))
            with suppress(NatsError, OSError, TimeoutError):  # told again, they come in once all the same
                self._wait_for(self._acknowledge(messages), 5.0)
        return count

    def check(self) -> None:
        """See that servers sync always and that the log is there with its copies."""
        if time.monotonic() - self._checked_at > CHECK_EVERY_S:
            check_servers(self._settings.monitors, self._settings.replicas)
        try:
            info = self._wait_for(self._information(), 5.0)
        except (NatsError, OSError, TimeoutError) as error:
            raise JournalAwayError(f"the journal's log does not answer ({type(error).__name__})") from error
        if (info.config.num_replicas or 1) < self._settings.replicas:
            raise JournalError(
                f"the log {self._settings.stream} has {info.config.num_replicas} copies and {self._settings.replicas} "
                f"are wanted: nats stream edit {self._settings.stream} --replicas={self._settings.replicas}"
            )
        self._checked_at = time.monotonic()

    def lag(self) -> Lag:
        """What waits in the log, and files of the spool."""
        files = len(list(self._settings.spool.glob("*.spool")))
        try:
            return Lag(self._wait_for(self._information(), 2.0).state.messages, files)
        except (NatsError, OSError, TimeoutError):
            return Lag(0, files)

    def ship(self, after_s: float = SHIP_AFTER_S) -> int:
        """See that the table has what the spool has had for so long; gives how many bundles left the spool.

        Raises:
            psycopg.Error: the database does not take them.
        """
        return self._spool.empty_into(self._take_in, after_s)

    def close(self) -> None:
        """Leave the log; the spool's files are for whoever comes next."""
        self._ended.set()
        if self._shipper is not None:
            self._shipper.join(timeout=10)
        self._spool.close()
        with self._guard:
            loop, self._loop = self._loop, None
        if loop is not None:
            with suppress(NatsError, OSError, TimeoutError):
                asyncio.run_coroutine_threadsafe(self._leave(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            if self._talker is not None:
                self._talker.join(5)
            loop.close()

    def _take_in(self, bundles: Sequence[Bundle], patience: float | None = None) -> int:
        with self._store.transaction(None, "worker", patience) as worker:
            return take_in(worker, bundles)

    def _ship_along(self) -> None:
        if self._shipper is None:
            with self._guard:
                if self._shipper is None:
                    self._shipper = threading.Thread(target=self._keep_shipping, name="ships bundles", daemon=True)
                    self._shipper.start()

    def _keep_shipping(self) -> None:
        while not self._ended.wait(SHIP_EVERY_S):
            try:
                self.ship()
            except psycopg.Error as error:
                _log.warning("journal_spool_waits", error=type(error).__name__)
            except Exception:
                _log.exception("journal_spool_stumbled")

    # what follows runs in the event loop of a thread of its own

    def _wait_for(self, work: Coroutine[Any, Any, T], patience: float) -> T:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._talker = threading.Thread(target=self._loop.run_forever, name="talks to the log", daemon=True)
                self._talker.start()
            future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(patience)
        except TimeoutError:
            future.cancel()
            raise

    async def _context(self) -> JetStreamContext:
        """The log, connected to and made if it is not there."""
        if self._ready is not None:
            return self._ready
        async with self._connecting:
            if self._client is None:
                self._client = await nats.connect(
                    list(self._settings.servers),
                    connect_timeout=1,
                    reconnect_time_wait=0.2,
                    max_reconnect_attempts=-1,
                    allow_reconnect=True,
                    error_cb=_quiet,
                )
            if self._ready is None:
                context = self._client.jetstream(timeout=PATIENCE_S)
                await self._make(context)
                self._ready = context
            return self._ready

    async def _make(self, context: JetStreamContext) -> None:
        settings = self._settings
        try:
            await context.stream_info(settings.stream)
        except NotFoundError:
            await context.add_stream(
                name=settings.stream,
                subjects=[settings.subject],
                retention=api.RetentionPolicy.WORK_QUEUE,
                storage=api.StorageType.FILE,
                discard=api.DiscardPolicy.NEW,
                num_replicas=settings.replicas,
            )

    async def _publish(self, bundles: Sequence[Bundle]) -> None:
        context = await self._context()
        payloads = [(bundle.bundle_id.hex(), encode(bundle)) for bundle in bundles]
        most = self._client.max_payload if self._client is not None else 0
        fitting = [(name, payload) for name, payload in payloads if len(payload) <= most]
        try:
            await asyncio.gather(
                *(
                    context.publish(self._settings.subject, payload, PATIENCE_S, headers={"Nats-Msg-Id": name})
                    for name, payload in fitting
                )
            )
        except NatsError:
            self._ready = None  # somebody may have removed the log: see next time
            raise
        if len(fitting) < len(payloads):
            _log.info("journal_bundle_too_large_for_log", bundles=len(payloads) - len(fitting))

    async def _fetch(self) -> list[Msg]:
        context = await self._context()
        try:
            if self._reader is None:
                self._reader = await context.pull_subscribe(
                    self._settings.subject,
                    durable=READER,
                    stream=self._settings.stream,
                    config=api.ConsumerConfig(ack_wait=30, max_deliver=-1, max_ack_pending=20 * FETCH),
                )
            return await self._reader.fetch(FETCH, timeout=FETCH_WAIT_S)
        except (TimeoutError, nats.errors.TimeoutError):
            return []
        except NatsError:
            self._ready = self._reader = None
            raise

    async def _acknowledge(self, messages: Sequence[Msg]) -> None:
        for message in messages:
            await message.ack()
        if self._client is not None:
            await self._client.flush(3)

    async def _information(self) -> api.StreamInfo:
        context = await self._context()
        return await context.stream_info(self._settings.stream)

    async def _leave(self) -> None:
        if self._client is not None:
            await self._client.close()


def _opened(messages: Sequence[Msg]) -> list[Bundle]:
    """The bundles of messages; what is none is left out: its receiver still has it in the spool."""
    bundles = []
    for message in messages:
        try:
            bundles.append(decode(message.data))
        except msgspec.DecodeError:
            _log.warning("journal_message_is_no_bundle", bytes=len(message.data))
    return bundles


async def _quiet(error: Exception) -> None:
    _log.info("journal_log_trouble", error=type(error).__name__)
