"""What goes wrong, as problem documents (RFC 9457): one table of kinds, and who answers what is raised.

A problem says what is the matter and what to do. It never quotes what lies in the store, nor shows a trace.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import Struct
from psycopg_pool import PoolTimeout

from everyleg.accounts.errors import NotAllowedError, TooManyTriesError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
PAGE = "/v1/docs"
"""Where each kind is explained, under its own heading."""


class Kind(Struct, frozen=True):
    """A kind of problem."""

    status: int
    title: str
    advice: str
    """What to do about it."""


KINDS: dict[str, Kind] = {
    "malformed": Kind(400, "The request cannot be read", "Send JSON in UTF-8, with Content-Type: application/json."),
    "no-key": Kind(
        401, "No valid API key", "Send Authorization: Bearer elk_… with a key of the workspace that was not revoked."
    ),
    "not-allowed": Kind(403, "The key may not do this", "Make a key with the scope that the detail names."),
    "not-found": Kind(404, "There is nothing here", "Look at the path; a parcel of another workspace is not found."),
    "method": Kind(405, "The resource has no such method", "Use one of the methods in the header Allow."),
    "too-large": Kind(413, "The request is too large", "Send fewer parcels at once."),
    "media-type": Kind(415, "Not JSON", "Send JSON, with Content-Type: application/json."),
    "invalid": Kind(422, "The request does not fit its description", "Mend what `errors` names and send it again."),
    "other-request": Kind(
        422, "The Idempotency-Key was used for another request", "Use a new key for each new request."
    ),
    "too-often": Kind(429, "Too many requests", "Wait as long as the header Retry-After says."),
    "broken": Kind(500, "A fault of ours", "What you sent is not kept unless it was answered before; send it again."),
    "store-away": Kind(503, "The database does not answer", "Send it again after the seconds in Retry-After."),
}
"""Every kind, by the name at the end of its `type`."""

_BY_STATUS = {400: "malformed", 401: "no-key", 403: "not-allowed", 404: "not-found", 405: "method", 413: "too-large"}
_STORE_RETRY_S = 5


class Fault(Struct, frozen=True):
    """One thing in a request that is wrong."""

    pointer: str
    """Where (RFC 6901 in the body, else the parameter's name)."""
    detail: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class Refusal(Exception):  # noqa: N818 - it names what is the matter
    """A request that is answered with a problem."""

    def __init__(self, kind: str, detail: str, errors: Sequence[Fault] = ()) -> None:
        """`kind` is one of `KINDS`."""
        super().__init__(detail)
        self.kind, self.detail, self.errors = kind, detail, list(errors)


def problem(
    kind: str, detail: str, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Response[Problem]:
    """The answer to a request that went wrong."""
    about = KINDS[kind]
    body = Problem(f"{PAGE}#{kind}", about.title, about.status, detail, list(errors))
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return Response(body, status_code=about.status, media_type=MEDIA_TYPE, headers=sent)


Ask = Request[Any, Any, Any]


def _refused(_: Ask, error: Refusal) -> Response[Problem]:
    headers = {"WWW-Authenticate": "Bearer"} if error.kind == "no-key" else {}
    return problem(error.kind, error.detail, error.errors, headers)


def _http(_: Ask, error: HTTPException) -> Response[Problem]:
    kind = _BY_STATUS.get(error.status_code, "broken" if error.status_code >= 500 else "malformed")
    kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return problem(kind, KINDS[kind].advice, (), kept)


def _invalid(_: Ask, error: ValidationException) -> Response[Problem]:
    told = error.extra if isinstance(error.extra, list) else []
    faults = [Fault(_pointer(str(one.get("key", ""))), str(one.get("message", ""))) for one in told]
    return problem("invalid", KINDS["invalid"].advice, faults)


def _pointer(key: str) -> str:
    """`parcels[3].country` as `/parcels/3/country`."""
    path = key.replace("[", ".").replace("]", "").strip(".")
    return "/" + path.replace(".", "/") if path else ""


def _too_deep(request: Ask, error: RecursionError) -> Response[Problem]:
    """Brackets in brackets, deeper than a document goes; after the body was read it is a fault of ours."""
    return _broken(request, error) if request.method == "GET" else problem("malformed", KINDS["malformed"].advice)


def _not_allowed(_: Ask, error: NotAllowedError) -> Response[Problem]:
    return problem("not-allowed", str(error))


def _too_often(_: Ask, error: TooManyTriesError) -> Response[Problem]:
    wait = {"Retry-After": str(error.seconds)}
    return problem("too-often", f"This key has asked too often; go on in {error.seconds} s.", (), wait)


def _store_away(request: Ask, error: Exception) -> Response[Problem]:
    log.error("api.store_away", route=_route(request), error=type(error).__name__)
    wait = {"Retry-After": str(_STORE_RETRY_S)}
    return problem("store-away", KINDS["store-away"].advice, (), wait)


def _broken(request: Ask, error: Exception) -> Response[Problem]:
    trace = "".join(traceback.format_tb(error.__traceback__)[-6:])
    log.error("api.broken", route=_route(request), error=type(error).__name__, trace=trace)
    return problem("broken", KINDS["broken"].advice)


def _route(request: Ask) -> str:
    return str(request.scope.get("path_template", ""))


HANDLERS: dict[int | type[Exception], Callable[[Ask, Any], Response[Any]]] = {
    Refusal: _refused,
    ValidationException: _invalid,
    HTTPException: _http,
    NotAllowedError: _not_allowed,
    TooManyTriesError: _too_often,
    psycopg.OperationalError: _store_away,
    PoolTimeout: _store_away,
    RecursionError: _too_deep,
    Exception: _broken,
}
"""What is raised → who answers."""
