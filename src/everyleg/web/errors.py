"""What a reader is shown when something cannot be done: what happened, what is safe, what to do. Never a trace."""

import traceback
from collections.abc import Callable
from datetime import UTC
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import psycopg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from psycopg_pool import PoolTimeout

from everyleg.accounts.errors import NotAllowedError
from everyleg.web.page import SESSION, Ask, Forbidden, Html, language
from everyleg.web.rendering import render
from everyleg.web.services import clock
from everyleg.web.words import Words, catalogue

log = structlog.get_logger()


class SignInNeeded(Exception):  # noqa: N818 - it names what is the matter
    """Nobody has signed in."""


def sign_in_first(request: Ask, _: Exception) -> Response[None] | Redirect:
    """Lead to the sign-in page and back again; a part of a page is told to load the whole."""
    to = f"/sign-in?next={quote(request.url.path)}" if request.method == "GET" else "/sign-in"
    if "hx-request" in request.headers:
        return Response(None, status_code=401, headers={"HX-Redirect": to})
    return Redirect(to, status_code=303)


def refused(request: Ask, _: Exception) -> Html:
    """A page that the reader's role does not open."""
    return trouble(request, HTTPStatus.FORBIDDEN)


def http_error(request: Ask, error: HTTPException) -> Html:
    """What the framework refuses: no such page, too much, too often, a form that has grown old."""
    return trouble(
        request,
        error.status_code,
        _wait(error),
    )


def _wait(error: HTTPException) -> dict[str, str]:
    """How long to wait, where it was too often."""
    told = {name.lower(): value for name, value in (error.headers or {}).items()}
    return {"retry-after": told["retry-after"]} if "retry-after" in told else {}


def store_away(request: Ask, error: Exception) -> Html:
    """The database does not answer."""
    log.error("web.store_away", route=_route(request), error=type(error).__name__)
    return trouble(request, HTTPStatus.SERVICE_UNAVAILABLE)


def broken(request: Ask, error: Exception) -> Html:
    """A fault of ours: where it was is noted in the log (no values: they may tell of people), never shown."""
    trace = "".join(traceback.format_tb(error.__traceback__)[-6:])
    log.error("web.broken", route=_route(request), error=type(error).__name__, trace=trace)
    return trouble(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _route(request: Ask) -> str:
    """The route's pattern: a path itself may hold a token."""
    return str(request.scope.get("path_template", ""))


def trouble(request: Ask, status: int, headers: dict[str, str] | None = None) -> Html:
    """The page of a status."""
    words = Words(language(request), UTC, clock())
    kind = str(int(status)) if f"errors.{int(status)}" in catalogue() else ("500" if status >= 500 else "400")
    context = {
        "t": words,
        "kind": kind,
        "theme": request.cookies.get("theme", "auto"),
        "inside": SESSION in request.cookies,
    }
    body = render("components/trouble.html", context)
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return Response(body, status_code=status, media_type="text/html", headers=sent)


HANDLERS: dict[int | type[Exception], Callable[[Ask, Any], Response[Any]]] = {
    SignInNeeded: sign_in_first,
    Forbidden: refused,
    NotAllowedError: refused,
    HTTPException: http_error,
    psycopg.OperationalError: store_away,
    PoolTimeout: store_away,
    Exception: broken,
}
"""What is raised → who answers."""
