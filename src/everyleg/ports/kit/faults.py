"""The fault table: what goes wrong on the way to an answer, and what must become of it.

Every carrier is thrown every row. None may end as "found" or as "no events": a failure is said to be one.
"""

from msgspec import Struct

from everyleg.core.model import FailedKind
from everyleg.ports.answer import Answer

_LOGIN = b'<html><body><form action="/login"><input name="u"><input type="password" name="p"></form></body></html>'
_CAPTCHA = b'<!DOCTYPE html><html><head><title>One moment</title></head><body><div id="captcha"></div></body></html>'
_PAGE = b"<!DOCTYPE html><html><body><h1>We are working on our site</h1></body></html>"


class FaultCase(Struct, frozen=True):
    """One row: an answer gone wrong, the failed kinds that are right for it, and the wait it names."""

    name: str
    answer: Answer
    kinds: tuple[FailedKind, ...]
    retry_after_s: int | None = None


def fault_cases(sample: bytes) -> list[FaultCase]:
    """The table, with a carrier's own `sample` for the rows that cut and garble."""
    cut = sample[: max(2, len(sample) * 6 // 10)]
    garbled = sample[: len(sample) // 2] + b"\xff\xfe\x81\xff" + sample[len(sample) // 2 :]
    html = {"content-type": "text/html"}
    return [
        FaultCase("time-out", Answer(error="no answer within 30 s"), ("unreachable",)),
        FaultCase("429 with Retry-After", Answer(b"", 429, {"retry-after": "120"}), ("rate_limited",), 120),
        FaultCase("429 without Retry-After", Answer(b"slow down", 429), ("rate_limited",)),
        FaultCase("500", Answer(b"Internal Server Error", 500), ("unreachable",)),
        FaultCase("503 with a page", Answer(_PAGE, 503, {**html, "retry-after": "60"}), ("unreachable",), 60),
        FaultCase("401", Answer(b"", 401), ("refused",)),
        FaultCase("403 with a page", Answer(_PAGE, 403, html), ("refused",)),
        FaultCase("HTML instead of data", Answer(_PAGE, 200, html), ("unreadable",)),
        FaultCase("login page", Answer(_LOGIN, 200, html), ("refused",)),
        FaultCase("captcha page", Answer(_CAPTCHA, 200, html), ("refused",)),
        FaultCase("empty body", Answer(b"", 200), ("unreadable",)),
        FaultCase("blank body", Answer(b" \n", 200), ("unreadable",)),
        FaultCase("a bare error", Answer(b'{"error": "Unauthorized"}', 200), ("refused",)),
        FaultCase("cut in the middle", Answer(cut), ("unreadable",)),
        FaultCase("wrong charset", Answer(garbled), ("unreadable",)),
        FaultCase("NUL bytes", Answer(b"\x00\x00" + sample), ("unreadable",)),
        FaultCase("another document", Answer(b'[1, 2, {"hello": "world"}]'), ("unreadable", "wrong_carrier")),
        FaultCase("a number", Answer(b"42"), ("unreadable",)),
        FaultCase("another XML", Answer(b"<rss><channel/></rss>"), ("unreadable", "wrong_carrier")),
    ]
