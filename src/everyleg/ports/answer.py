"""An answer as it came over the wire, and what its transport alone already says."""

from email.utils import parsedate_to_datetime

from msgspec import Struct

from everyleg.core.model import FailedKind


class Answer(Struct, frozen=True):
    """What came back from asking: bytes with their HTTP status and headers, or why there are none."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    """Names in lower case."""
    error: str | None = None
    """Why there is no answer at all (time-out, no route, TLS), in words."""
    error_kind: FailedKind = "unreachable"
    """Of what kind that is: `refused` where nothing was sent because something is missing or not allowed."""


class Fault(Struct, frozen=True):
    """A failure that needs no look into the body."""

    kind: FailedKind
    detail: str
    retry_after_s: int | None = None


def transport_fault(answer: Answer) -> Fault | None:
    """The fault that status and headers tell, None when the body has to be read.

    401 and 403 are refusals, 429 a rate limit, 5xx and no answer at all unreachability (RFC 9110 §15).
    """
    if answer.error is not None:
        return Fault(answer.error_kind, answer.error, retry_after(answer.headers))
    if answer.status < 400:
        return None
    wait = retry_after(answer.headers)
    if answer.status == 429:
        return Fault("rate_limited", "HTTP 429: asked too often", wait)
    if answer.status in (401, 403, 407):
        return Fault("refused", f"HTTP {answer.status}: the account is not let in")
    if answer.status >= 500:
        return Fault("unreachable", f"HTTP {answer.status}: the carrier's server failed", wait)
    return None


def retry_after(headers: dict[str, str]) -> int | None:
    """Seconds of a Retry-After header, given as seconds or as a date (then counted from the Date header)."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        until, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("date", ""))
        return max(0, int((until - now).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return None
