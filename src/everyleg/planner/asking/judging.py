"""What an answer tells whoever asked: which numbers it answers, and whether the account is in trouble."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from everyleg.core.model import Reading, Reason, Result
from everyleg.planner.asking.breaker import Trouble
from everyleg.planner.asking.contract import Sources
from everyleg.ports.answer import Answer, transport_fault


class Judged(Struct, frozen=True):
    """What became of an answer."""

    keep: bool
    """Whether its bytes go into the journal, where the pipeline reads them and notes the outcomes."""
    failed: Mapping[str, Reason] = {}
    """Number → why it was not answered."""
    unknown: frozenset[str] = frozenset()
    """Numbers that the source does not know."""
    trouble: Trouble | None = None
    """What is wrong with the account or its server."""

    @property
    def works(self) -> bool:
        """Whether the account answered as it should."""
        return self.trouble is None and (self.keep or bool(self.unknown))

    @property
    def bars(self) -> bool:
        """Whether the server wants fewer questions of whoever it thinks that asked."""
        return self.trouble is not None and self.trouble.kind == "rate_limited"

    def outcome(self, number: str) -> Literal["answered", "unknown", "failed"]:
        """What a number's question brought."""
        return "failed" if number in self.failed else "unknown" if number in self.unknown else "answered"


def judge(sources: Sources, slug: str, answer: Answer, numbers: Sequence[str], at: datetime) -> Judged:
    """What an answer to a question about some numbers tells.

    An answer without a body to read, or with a status that tells all, is judged by that; else by what its reader says.
    """
    fault = transport_fault(answer)
    if fault is not None and answer.error is not None and fault.kind == "refused" and answer.status < 400:
        return Judged(keep=False, failed=dict.fromkeys(numbers, Reason(fault.kind, fault.detail)))  # nothing was sent
    if fault is not None:
        by_status = answer.status >= 400
        return _all_failed(numbers, Trouble(fault.kind, fault.detail, fault.retry_after_s, by_status), keep=False)
    try:
        reading = sources.read(slug, answer, numbers, at)
    except Exception as error:  # the bytes are kept all the same, and a better reader reads them again
        return _all_failed(numbers, Trouble("unreadable", f"the reader stumbled ({type(error).__name__})"), keep=True)
    return Judged(keep=True) if reading is None else _by_reading(reading, answer, numbers)


def _by_reading(reading: Reading, answer: Answer, numbers: Sequence[str]) -> Judged:
    if answer.status >= 400 and (reading.reading is None or reading.reading.startswith("http-")):
        return _by_status(answer, reading, numbers)
    failed = {_number(one, numbers): one.reason for one in reading.results if one.outcome == "failed" and one.reason}
    unknown = frozenset(_number(one, numbers) for one in reading.results if one.outcome == "unknown")
    trouble = _trouble(reading.results)
    if trouble is not None:
        return _all_failed(numbers, trouble, keep=True)
    return Judged(keep=True, failed=failed, unknown=unknown)


def _by_status(answer: Answer, reading: Reading, numbers: Sequence[str]) -> Judged:
    """The pipeline, which sees bodies only, could not tell what the status says."""
    if all(one.outcome == "unknown" for one in reading.results):
        return Judged(keep=False, unknown=frozenset(numbers))
    trouble = _trouble(reading.results) or Trouble("unreadable", f"HTTP {answer.status}")
    return _all_failed(numbers, trouble, keep=bool(answer.body.strip()))


def _trouble(results: Sequence[Result]) -> Trouble | None:
    """All failed in one way: that is no matter of the numbers."""
    reasons = [one.reason for one in results if one.outcome == "failed" and one.reason is not None]
    if not results or len(reasons) < len(results) or len({reason.kind for reason in reasons}) > 1:
        return None
    waits = [one.retry_after_s for one in results if one.retry_after_s is not None]
    return Trouble(reasons[0].kind, reasons[0].detail, max(waits, default=None))


def _all_failed(numbers: Sequence[str], trouble: Trouble, *, keep: bool) -> Judged:
    reason = Reason(trouble.kind, trouble.detail)
    return Judged(keep, dict.fromkeys(numbers, reason), frozenset(), trouble)


def _number(result: Result, numbers: Sequence[str]) -> str:
    return result.asked or result.tracking_number or (numbers[0] if len(numbers) == 1 else "")
