"""The bench of webhooks in: signed bodies of 3 KB accepted durably over HTTP, beside the same server answering empty.

Three processes, as in reality: the server (uvicorn with uvloop and httptools, one event loop), the database, and the
load. The load is as light as can be, raw bytes over kept connections, so that it is not what is measured. Both sides
get the same bodies at the same path length; the empty side reads them and answers, nothing else. Rounds of both sides
take turns, and the best of each counts, since noise only ever adds.
"""

import asyncio
import hashlib
import hmac
import multiprocessing
import random
import socket
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop
from msgspec import Struct

from everyleg.accounts import webhooks
from everyleg.accounts.actors import command_line
from everyleg.accounts.webhooks import Wanted
from everyleg.api.intake import Receiver, intake_app
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

GOALS = {"empty": (0.35, 0.50)}
"""Floor and goal: accepted webhooks ÷ empty answers."""
SIZE = 3_000
"""Bytes of a body."""
CONNECTIONS = 128
BODIES = 2_000
"""Different bodies; they come again in turn, which the receiver does not look at."""
ROUNDS = 5
SECRET = "a secret that both sides know"  # noqa: S105 - of the bench's own webhook
_SPAWN = multiprocessing.get_context("spawn")


class Load(Struct):
    """What a round of load saw."""

    answers: int
    seconds: float
    latencies: list[float]
    """Seconds from sending to the answer, of some of them."""


def run(seed: int, seconds: float) -> dict[str, Any]:
    """The bench document; each round of each side takes `seconds`. On a private server with its usual settings."""
    with tempfile.TemporaryDirectory(prefix="everyleg-bench-") as folder:
        Path(folder).chmod(0o711)
        settings = StoreSettings(Path(folder) / "data")
        with connect(settings) as database:
            path = _webhook(database, default_workspace(database))
            here = socket.create_server(("127.0.0.1", 0), backlog=512)
            ours, theirs = _SPAWN.Pipe()
            server = _SPAWN.Process(target=_serve, args=(settings, here, theirs), name="webhooks", daemon=True)
            server.start()
            theirs.close()
            try:
                ours.recv()
                return _measure(database, here.getsockname()[1], path, seed, seconds)
            finally:
                server.terminate()
                server.join(timeout=20)
                here.close()


def _webhook(database: Database, workspace: int) -> str:
    wanted = Wanted("acme", None, "hmac-sha256", SECRET)
    with database.transaction(workspace) as app:
        return webhooks.make(app, database.keys, command_line(workspace), wanted, datetime.now(UTC)).path


def _measure(database: Database, port: int, path: str, seed: int, seconds: float) -> dict[str, Any]:
    bodies = make_bodies(seed)
    sides = {"accepted": _requests(path, bodies), "empty": _requests("/" + "e" * (len(path) - 1), bodies)}
    best = dict.fromkeys(sides, 0.0)
    taken = 0
    for number in range(ROUNDS + 1):  # the first warms up
        for side, requests in sides.items():
            load = _under_load(port, requests, seconds if number else 1.0)
            if side == "accepted":
                taken += load.answers
            if number:
                best[side] = max(best[side], load.answers / load.seconds)
    half = _under_load(port, sides["accepted"], max(2.0, seconds), rate=best["accepted"] / 2)
    stored = _stored(database)
    if stored < taken + half.answers:
        raise RuntimeError(f"{taken + half.answers} webhooks were accepted, and {stored} are in the journal")
    waits = sorted(half.latencies)
    figures = {
        "accepted_per_s": round(best["accepted"]),
        "empty_per_s": round(best["empty"]),
        "half_load_per_s": round(half.answers / half.seconds),
        "half_load_p50_ms": round(1000 * waits[len(waits) // 2], 2),
        "half_load_p99_ms": round(1000 * waits[len(waits) * 99 // 100], 2),
        "bytes_per_body": SIZE,
        "stored": stored,
    }
    return report("webhook", seed, figures, {"empty": round(best["accepted"] / best["empty"], 4)}, GOALS)


def _stored(database: Database) -> int:
    with database.transaction(None, "worker") as worker:
        return int(worker.execute("SELECT sum(bodies) FROM inbox").fetchall()[0][0])


def make_bodies(seed: int) -> list[bytes]:
    """Bodies as an aggregator pushes them, of `SIZE` bytes each."""
    dice = random.Random(seed)  # noqa: S311 - reproducible
    return [_body(dice) for _ in range(BODIES)]


def _body(dice: random.Random) -> bytes:
    start = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(20_000))
    number = f"EV{dice.randrange(10**9):09}CN"
    events: list[dict[str, Any]] = []
    body = b""
    while len(body) < SIZE - 250:
        at = start + timedelta(hours=7 * len(events))
        text = " ".join(dice.choices(["arrived", "departed", "parcel", "facility", "customs", "scan", "hub"], k=6))
        place = f"{dice.choice(['Yiwu', 'Ningbo', 'Lyon', 'Leipzig'])} {dice.randrange(100)}"
        events.insert(
            0, {"time_iso": at.isoformat(), "time_utc": at.isoformat(), "description": text, "location": place}
        )
        body = msgspec.json.encode(
            {"event": "TRACKING_UPDATED", "data": {"number": number, "carrier": 3011, "events": events}}
        )
    return body + b" " * (SIZE - len(body))


def _requests(path: str, bodies: Sequence[bytes]) -> list[bytes]:
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {SIZE}\r\n"
    return [
        f"{head}x-signature: {hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}\r\n\r\n".encode() + body
        for body in bodies
    ]


def _serve(settings: StoreSettings, here: socket.socket, ready: Connection) -> None:
    """The server's process."""
    with connect(settings) as database, Receiver(database, settings.data / "intake", lambda _: None) as receiver:
        app = intake_app(receiver, _empty)
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", access_log=False, log_level="warning", server_header=False
        )
        ready.send(True)
        uvicorn.Server(config).run([here])


async def _empty(scope: Any, receive: Any, send: Any) -> None:
    """Reads what comes and answers nothing."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _under_load(port: int, requests: list[bytes], seconds: float, rate: float | None = None) -> Load:
    """Load from a process of its own: as fast as answers come, or at a rate."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_send, args=(port, requests, seconds, rate, theirs), name="load", daemon=True)
    process.start()
    theirs.close()
    try:
        load: Load = ours.recv()
    except EOFError:
        raise RuntimeError("the load broke off: an answer was none of ours") from None
    finally:
        process.join(timeout=20)
    return load


def _send(port: int, requests: list[bytes], seconds: float, rate: float | None, to: Connection) -> None:
    to.send(uvloop.run(_load(port, requests, seconds, rate)))


async def _load(port: int, requests: list[bytes], seconds: float, rate: float | None) -> Load:
    loop = asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    pace = CONNECTIONS / rate if rate else 0.0
    clients = [_Client(requests, at, end, pace, loop) for at in range(CONNECTIONS)]
    start = time.perf_counter()
    for client in clients:
        await loop.create_connection(partial(_itself, client), "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in clients))
    taken = time.perf_counter() - start
    latencies = [one for client in clients for one in client.latencies]
    return Load(sum(client.answers for client in clients), taken, latencies)


def _itself(client: "_Client") -> "_Client":
    return client


class _Client(asyncio.Protocol):
    """One connection: sends, waits for the answer, sends the next one; with a pace, not before its time.

    With a pace the clock of an answer starts when its request was due, whether or not the connection was free then.
    """

    def __init__(
        self, requests: list[bytes], at: int, end: float, pace: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._requests, self._at, self._end, self._pace, self._loop = requests, at * 37, end, pace, loop
        self._due = time.perf_counter() + at / CONNECTIONS * pace  # spreads the connections
        self.answers = 0
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200") or not data.endswith(b"\r\n\r\n"):
            self.done.set_exception(RuntimeError("not accepted"))
            return
        now = time.perf_counter()
        self.answers += 1
        self.latencies.append(now - self._due)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or RuntimeError("closed"))

    def _next(self) -> None:
        now = time.perf_counter()
        if now >= self._end:
            self.done.set_result(None)
            self._transport.close()
        elif not self._pace:
            self._due = now
            self._write()
        else:
            self._due += self._pace
            if self._due > now:
                self._loop.call_later(self._due - now, self._write)
            else:
                self._write()

    def _write(self) -> None:
        self._at = (self._at + 1) % len(self._requests)
        self._transport.write(self._requests[self._at])
