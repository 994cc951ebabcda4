"""What the people who run it ask every process: is it alive, may it be given work, how is it doing."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Literal

import msgspec
import psycopg
import structlog
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg_pool import PoolTimeout

from everyleg.store.db import Database
from everyleg.store.errors import StoreError
from everyleg.store.journal import PostgresJournal
from everyleg.store.migrations import current, newest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[..., Awaitable[None]]

Part = Literal["database", "migrations", "journal"]
PATIENCE_S = 2.0
"""How long readiness waits for a connection."""

_log = structlog.get_logger(__name__)


class Readiness(Struct):
    """Whether a process may be given work."""

    ready: bool
    parts: Mapping[Part, str]
    """`ok`, or what is the matter in a few words; nothing secret in them."""


def readiness(database: Database, needed: frozenset[Part]) -> Readiness:
    """See what a process stands on; it is ready when all that it needs answers."""
    parts: dict[Part, str] = {"database": _tried(lambda: _answers(database))}
    away = parts["database"] != "ok"
    parts["migrations"] = "not known" if away else _tried(lambda: _is_migrated(database))
    is_table = isinstance(database.journal, PostgresJournal)
    parts["journal"] = parts["database"] if away and is_table else _tried(database.journal.check)
    return Readiness(all(parts[part] == "ok" for part in needed), parts)


def _answers(database: Database) -> None:
    with database.transaction(None, "worker", PATIENCE_S) as worker:
        worker.execute("SELECT 1")


def _is_migrated(database: Database) -> None:
    with database.transaction(None, "worker", PATIENCE_S) as worker:
        there = current(worker)
    if there != newest():
        raise StoreError(f"at revision {there}, and {newest()} is needed")


def _tried(what: Callable[[], None]) -> str:
    try:
        what()
    except StoreError as error:
        return str(error)
    except (psycopg.Error, PoolTimeout) as error:
        _log.warning("not_ready", error=type(error).__name__)
        return "does not answer"
    return "ok"


class Operations:
    """An application with `/healthz`, `/readyz` and `/metrics` before it."""

    def __init__(
        self, app: App | None, ready: Callable[[], Readiness], metrics: Callable[[], bytes], token: str | None = None
    ) -> None:
        """Wrap an application.

        Args:
            app: what answers everything else; None: nothing is there.
            ready: sees whether work may come.
            metrics: writes the measurements.
            token: what `/metrics` must be asked with (`Authorization: Bearer …`); None: nothing.
        """
        self._app, self._ready, self._metrics, self._token = app, ready, metrics, token

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/healthz":
            await _json(send, 200, {"status": "ok"})
        elif path == "/readyz":
            found = await asyncio.to_thread(self._ready)
            await _json(send, 200 if found.ready else 503, found)
        elif path == "/metrics":
            await self._tell(scope, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await live(receive, send)
        else:
            await _json(send, 404, {"status": "there are /healthz, /readyz and /metrics"})

    async def _tell(self, scope: Mapping[str, Any], send: Send) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if self._token and not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            await _json(send, 401, {"status": "asked without EVERYLEG_METRICS_TOKEN"})
            return
        await _answer(send, 200, await asyncio.to_thread(self._metrics), CONTENT_TYPE_LATEST)


async def _json(send: Send, status: int, value: Any) -> None:
    await _answer(send, status, msgspec.json.encode(value), "application/json")


async def _answer(send: Send, status: int, body: bytes, media: str) -> None:
    headers = [
        (b"content-type", media.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Any, send: Any) -> None:
    """The life of an application that has nothing to begin or end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
