"""Calls counted in fine buckets, so that no window of an account's limits ever holds more than it may: pure.

A window of `n` buckets that lies anywhere touches `n + 1` of them; what these hold together is what is counted, so the
count is never too low. Between its reservation and its arrival a call may be late by `LATE_S`: every window is counted
as so much longer.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

LATE_S = 1.0
"""Seconds within which a call has to be at its server once it was reserved."""

Used = dict[str, tuple[int, list[int]]]
"""Window → number of its first bucket, and the calls in that one and the following."""


class Quota(Struct, frozen=True):
    """What an account may ask; None is no limit."""

    per_second: float | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None


class Window(Struct, frozen=True):
    """At most `most` calls in any `seconds`, counted in buckets of `bucket_s`."""

    name: str
    seconds: float
    most: int
    bucket_s: float

    @property
    def buckets(self) -> int:
        """How many buckets a window may touch, lateness included; what lies in them is counted."""
        return int((self.seconds + LATE_S) / self.bucket_s + 0.999999) + 1


class Verdict(Struct, frozen=True):
    """What was granted, and when to come again for the rest."""

    granted: int
    wait_s: float
    """Seconds until at least one more may be granted; 0 where all was."""


def windows(quota: Quota) -> list[Window]:
    """The windows of a quota. Less than one call a second is one call in so many seconds."""
    found = []
    if quota.per_second:
        most = max(1, int(quota.per_second))
        span = most / quota.per_second
        found.append(Window("second", span, most, span / 10))
    if quota.per_minute is not None:
        found.append(Window("minute", 60, quota.per_minute, 2))
    if quota.per_hour is not None:
        found.append(Window("hour", 3600, quota.per_hour, 60))
    if quota.per_day is not None:
        found.append(Window("day", 86400, quota.per_day, 900))
    return found


def reserve(used: Used, limits: Sequence[Window], clock: float, wanted: int, keep: float = 0.0) -> tuple[Used, Verdict]:
    """Take up to `wanted` calls at the moment `clock`.

    Args:
        used: what was taken before, at no later moment.
        limits: the account's windows.
        clock: seconds since anywhere, which never run backwards.
        wanted: how many calls.
        keep: share of each window that is left for others (0.1: a tenth), as far as whole calls go.

    Returns:
        What is used now, old buckets dropped, and what was granted.
    """
    counted = {limit.name: _counted(used.get(limit.name), limit, clock) for limit in limits}
    free = [limit.most - int(limit.most * keep) - sum(counted[limit.name][1]) for limit in limits]
    granted = max(0, min([wanted, *free]))
    now: Used = {}
    for limit in limits:
        first, calls = counted[limit.name]
        calls[-1] += granted
        now[limit.name] = _trimmed(first, calls)
    wait = 0.0
    if granted < wanted:
        wait = max(_until_free(counted[limit.name], limit, clock, keep) for limit in limits)
    return now, Verdict(granted, wait)


def left(used: Used, limits: Sequence[Window], clock: float) -> Mapping[str, int]:
    """Window → calls that it still holds."""
    counted = {limit.name: sum(_counted(used.get(limit.name), limit, clock)[1]) for limit in limits}
    return {limit.name: max(0, limit.most - counted[limit.name]) for limit in limits}


def _counted(there: tuple[int, list[int]] | None, limit: Window, clock: float) -> tuple[int, list[int]]:
    """The buckets that a window ending now may touch, the current one last."""
    last = int(clock // limit.bucket_s)
    first = last - limit.buckets + 1
    calls = [0] * limit.buckets
    for at, count in enumerate(there[1] if there else (), there[0] if there else 0):
        if at >= first:
            calls[min(at - first, limit.buckets - 1)] += count
    return first, calls


def _trimmed(first: int, calls: list[int]) -> tuple[int, list[int]]:
    start = next((at for at, count in enumerate(calls) if count), len(calls))
    end = next((at for at in range(len(calls), start, -1) if calls[at - 1]), start)
    return first + start, calls[start:end]


def _until_free(counted: tuple[int, list[int]], limit: Window, clock: float, keep: float) -> float:
    """Seconds until the window holds room for a call."""
    first, calls = counted
    room = limit.most - int(limit.most * keep)
    over = sum(calls) - room
    if over < 0:
        return 0.0
    for at, count in enumerate(calls):
        over -= count
        if over < 0:
            return (first + at + limit.buckets) * limit.bucket_s - clock
    return limit.seconds
