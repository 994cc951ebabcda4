"""The bench of pages: how the list and a parcel's page answer at ten thousand and at a million parcels."""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from argon2 import PasswordHasher
from litestar.types import ASGIApp, Message
from msgspec import Struct

from everyleg.accounts import people, sessions, workspaces
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson
from everyleg.accounts.sessions import Client
from everyleg.app.plugins import registry
from everyleg.cli.bench_pages_fill import CHANNELS, COUNTRIES, KINDS, NOW, SHOPS, TAGS, Sample, fill, samples
from everyleg.cli.bench_report import report
from everyleg.core.vocabulary import STAGES
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings
from everyleg.web.app import make_app
from everyleg.web.page import SESSION
from everyleg.web.services import Services

SIZES = {"10k": 10_000, "1m": 1_000_000}
REQUESTS = 300
"""Requests of each kind of page and size; a tenth as many go before, uncounted."""
GOALS = {
    "list_1m_over_10k": (1.5, 1.2),
    "parcel_1m_over_10k": (1.5, 1.2),
    "list_1m_ms_over_empty": (50.0, 25.0),
    "parcel_1m_ms_over_empty": (50.0, 25.0),
}
"""Floor and goal; less is better."""
_TABS = ("attention", "in_transit", "delivered", "out_for_delivery", "delivery_failed", "line_haul", "import")


class Seat(Struct, frozen=True):
    """Somebody signed in, before a workspace's pages."""

    app: ASGIApp
    cookie: str
    base: int
    """The id before the first parcel's."""
    size: int


def run(seed: int, most: int | None = None) -> dict[str, Any]:
    """The bench document, on a private server of its own in a temporary folder.

    Args:
        seed: of the timelines and of what is asked.
        most: parcels in place of a million, to try the bench itself.
    """
    sizes = {"empty": 0} | SIZES | ({"1m": most} if most else {})
    with tempfile.TemporaryDirectory(prefix="everyleg-bench-") as folder:
        Path(folder).chmod(0o711)
        with connect(StoreSettings(Path(folder) / "data")) as database:
            app = make_app(Services(database, registry(), now=lambda: NOW))
            found = samples(seed, KINDS, NOW)
            seats = {name: _seat(database, app, name, size, found) for name, size in sizes.items()}
            times = asyncio.run(_timed(seats, seed))
    return _report(times, seed)


def _report(times: dict[str, list[float]], seed: int) -> dict[str, Any]:
    p95 = {name: statistics.quantiles(seconds, n=20)[-1] * 1000 for name, seconds in times.items()}
    figures = {f"{name}_p95_ms": round(ms, 2) for name, ms in p95.items()}
    figures |= {f"{name}_median_ms": round(statistics.median(s) * 1000, 2) for name, s in times.items()}
    figures |= {f"{page}_1m_ms_over_empty": round(p95[f"{page}_1m"] - p95["empty"], 2) for page in ("list", "parcel")}
    ratios = {f"{page}_1m_over_10k": round(p95[f"{page}_1m"] / p95[f"{page}_10k"], 3) for page in ("list", "parcel")}
    return report("pages", seed, figures, ratios, GOALS)


def _seat(database: Database, app: ASGIApp, slug: str, size: int, found: list[Sample]) -> Seat:
    """A workspace of a size with somebody signed in."""
    assert database.server is not None  # noqa: S101 (it is a private one)
    workspace = workspaces.create(database, slug, slug)
    base = 0
    if size:
        with psycopg.connect(database.server.superuser_conninfo) as admin:
            base = fill(admin, database.keys, workspace, size, found, NOW)
        with psycopg.connect(database.server.superuser_conninfo, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    person = people.make_owner(
        database, quick, workspace, NewPerson(f"{slug}@example.com", "Owner", "as good a password as any")
    )
    with database.transaction(None, "worker") as worker:
        signed_in = sessions.start(worker, database.keys, (workspace, person), Client(), NOW)
    return Seat(app, signed_in.token, base, size)


_AT_ONCE = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)
"""How many filters people choose at once."""

Asking = Callable[[Seat, random.Random], Iterator[str]]


def _empty(_: Seat, __: random.Random) -> Iterator[str]:
    while True:
        yield "/parcels"


def _lists(seat: Seat, rng: random.Random) -> Iterator[str]:
    """Lists as people ask for them: all of it, tabs, filters and some at once, a search."""
    while True:
        kind = rng.random()
        if kind < 0.15:
            yield "/parcels"
        elif kind < 0.4:
            yield f"/parcels?at={rng.choice(_TABS)}"
        elif kind < 0.85:
            yield "/parcels?" + "&".join(rng.sample(_filters(seat, rng), rng.choice(_AT_ONCE)))
        elif kind < 0.95:
            yield f"/parcels?q=EV{_number(seat, rng)}CN"
        else:
            yield f"/parcels?q={_number(seat, rng)[1:]}"


def _filters(seat: Seat, rng: random.Random) -> list[str]:
    return [
        f"at={rng.choice(_TABS)}",
        f"stage={rng.choice(STAGES)}",
        f"shop={seat.base + rng.randint(1, SHOPS)}",
        f"channel={seat.base + rng.randint(1, CHANNELS)}",
        f"country={rng.choice(COUNTRIES)}",
        f"tag={seat.base + rng.randint(1, TAGS)}",
        f"quiet={rng.choice((3, 7, 14, 30))}",
        "sort=quiet",
    ]


def _number(seat: Seat, rng: random.Random) -> str:
    return f"{rng.randint(1, seat.size) * 7919 % 1_000_000_007:010}"


def _parcels(seat: Seat, rng: random.Random) -> Iterator[str]:
    while True:
        yield f"/parcels/{seat.base + rng.randint(1, seat.size)}"


async def _timed(seats: Mapping[str, Seat], seed: int) -> dict[str, list[float]]:
    """Seconds of each request, by page and workspace.

    The workspaces take turns, request by request: whatever else the machine does slows all of them.
    """
    asking = {"empty": _Asking(seats["empty"], _empty, seed)}
    for name in SIZES:
        asking[f"list_{name}"] = _Asking(seats[name], _lists, seed)
        asking[f"parcel_{name}"] = _Asking(seats[name], _parcels, seed)
    for _ in range(REQUESTS + REQUESTS // 10):
        for one in asking.values():
            await one.ask()
    return {name: one.seconds[REQUESTS // 10 :] for name, one in asking.items()}


class _Asking:
    """One workspace's requests of one kind; after every third list its second page."""

    def __init__(self, seat: Seat, paths: Asking, seed: int) -> None:
        self._seat, self._paths = seat, paths(seat, random.Random(seed))  # noqa: S311 (a bench's chance)
        self.seconds: list[float] = []

    async def ask(self) -> None:
        body = await self._timed(next(self._paths))
        if len(self.seconds) % 3 == 0 and (following := _next(body)):
            await self._timed(following)

    async def _timed(self, path: str) -> bytes:
        start = time.perf_counter()
        body = await _get(self._seat, path)
        self.seconds.append(time.perf_counter() - start)
        return body


def _next(body: bytes) -> str | None:
    """Where a list's link to its next page leads."""
    _, found, rest = body.partition(b'rel="next" href="')
    return rest.partition(b'"')[0].decode().replace("&amp;", "&") if found else None


class FailedRequestError(RuntimeError):
    """A page did not answer as it should."""


async def _get(seat: Seat, path: str) -> bytes:
    """A page's body, asked of the application in this process."""
    bare, _, query = path.partition("?")
    headers = [(b"host", b"bench"), (b"cookie", f"{SESSION}={seat.cookie}; everyleg_form=x".encode())]
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": bare, "raw_path": bare.encode(), "query_string": query.encode(), "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("bench", 80), "extensions": {}, "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await seat.app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise FailedRequestError(f"{path} answered {sent[0]['status']}")
    return b"".join(message.get("body", b"") for message in sent[1:])
