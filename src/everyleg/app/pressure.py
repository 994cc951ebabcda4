"""What gives way when too much comes at once, and in which order: intake and the buyer's page are never shed.

Explained to operators in docs/operations.md; the table below is what holds.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, cast

import msgspec
import structlog
from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from msgspec import Struct

from everyleg.app.measures import LEVEL, SHED
from everyleg.web.errors import trouble

RETRY_AFTER_S = 30
"""When whoever is sent away may come again."""
CALM_S = 30.0
"""How long it has to be calmer before a level is left."""

_log = structlog.get_logger(__name__)


class Strain(Struct, frozen=True):
    """How much waits."""

    journal_s: float = 0.0
    """Age of the oldest row of the journal."""
    journal_rows: float = 0.0
    waiting: int = 0
    """Requests of this process that wait for a connection to the database."""

    def reaches(self, bound: "Strain") -> bool:
        """Whether any of it is at its bound; a bound of 0 is none."""
        pairs = (
            (self.journal_s, bound.journal_s),
            (self.journal_rows, bound.journal_rows),
            (self.waiting, bound.waiting),
        )
        return any(limit and here >= limit for here, limit in pairs)


BOUNDS = (
    Strain(journal_s=60, journal_rows=20_000, waiting=8),
    Strain(journal_s=300, journal_rows=200_000, waiting=16),
    Strain(waiting=32),
)
"""From where on a level holds. 1: the planner asks nobody. 2: sheets in and out and reports are answered 503. 3: all
pages and interfaces except intake and the buyer's page. What only waits in the journal never costs anybody a page.
"""

HEAVY = ("/parcels.xlsx", "/parcels.csv", "/parcels/count", "/add", "/coverage", "/traces", "/consolidations")
"""Where the paths begin that level 2 sends away."""
NEVER = ("/in/", "/t/", "/assets/", "/healthz", "/readyz", "/metrics")
"""Where the paths begin that nothing sends away."""


def level_of(strain: Strain) -> int:
    """The level that so much waiting asks for."""
    return max((at for at, bound in enumerate(BOUNDS, 1) if strain.reaches(bound)), default=0)


def part_of(path: str) -> tuple[int, str]:
    """From which level on a path is sent away (above all levels: never), and what it belongs to."""
    if path.startswith(NEVER):
        return len(BOUNDS) + 1, "kept"
    if path.startswith(HEAVY):
        return 2, "sheets"
    return 3, "api" if path.startswith("/v1/") else "pages"


class Pressure:
    """The level that holds: up at once, down a level at a time when it has been calmer for a while."""

    def __init__(self, strain: Callable[[], Strain], clock: Callable[[], float] = time.monotonic) -> None:
        """`strain`: how much waits now."""
        self._strain, self._clock = strain, clock
        self._calm_since: float | None = None
        self.level = 0

    def look(self) -> int:
        """See how much waits; gives the level that holds now."""
        asked, now, before = level_of(self._strain()), self._clock(), self.level
        if asked >= self.level:
            self.level, self._calm_since = asked, None
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= CALM_S:
            self.level, self._calm_since = self.level - 1, now
        LEVEL.set(self.level)
        if self.level != before:
            _log.warning("shedding", level=self.level, was=before)
        return self.level

    def watch(self, ended: threading.Event, every_s: float = 5.0) -> threading.Thread:
        """Look every few seconds, in a thread of its own, until `ended`."""

        def keep() -> None:
            while not ended.wait(every_s):
                self.look()

        thread = threading.Thread(target=keep, name="looks at the pressure", daemon=True)
        thread.start()
        return thread


class Shedding:
    """An application whose lesser parts answer 503 under pressure."""

    def __init__(self, app: ASGIApp, pressure: Pressure) -> None:
        """Wrap an application."""
        self._app, self._pressure = app, pressure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or send it away."""
        if self._pressure.level and scope["type"] == "http":  # type: ignore[comparison-overlap]
            request = cast("HTTPScope", scope)
            level, part = part_of(request["path"])
            if self._pressure.level >= level:
                SHED.labels(part).inc()
                await _busy(request, receive, send)
                return
        await self._app(scope, receive, send)


async def _busy(scope: HTTPScope, receive: Receive, send: Send) -> None:
    wait = {"retry-after": str(RETRY_AFTER_S)}
    if scope["path"].startswith("/v1/"):
        problem = {"type": "about:blank", "title": "Busy; come again when Retry-After has passed", "status": 503}
        answer = ASGIResponse(
            body=msgspec.json.encode(problem), media_type="application/problem+json", status_code=503, headers=wait
        )
    else:
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        shown = trouble(request, 503, wait)
        answer = ASGIResponse(body=shown.content, media_type="text/html", status_code=503, headers=dict(shown.headers))
    await answer(scope, receive, send)
