"""Calls counted in fine buckets, so that no window of a quota ever holds more than it may: pure.

A window of `n` buckets that lies anywhere touches `n + 1` of them; what these hold together is what is counted, so the
count is never too low. Between its reservation and its arrival a call may be late by `LATE_S`: every window is counted
as so much longer.
"""

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

LATE_S = 1.0
"""Seconds within which a call has to be at its server once it was reserved."""

Used = dict[str, tuple[int, list[int]]]
"""Window (`Window.key`) → number of its first bucket, and the calls in that one and the following."""


class Quota(Struct, frozen=True):
    """What may be asked; None is no limit."""

    per_second: float | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None

    def within(self, other: "Quota") -> "Quota":
        """The tighter limit of the two, window by window."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)
        return Quota(*(min((one for one in pair if one is not None), default=None) for pair in pairs))


class Window(Struct, frozen=True):
    """At most `most` calls in any `seconds`, counted in buckets of `bucket_s`; None: counted without a limit."""

    name: str
    seconds: float
    bucket_s: float
    most: int | None

    @property
    def key(self) -> str:
        """What it is kept under: a limit of a second may stand for another time, with other buckets."""
        return self.name if self.name != "second" or self.seconds == 1 else f"{self.seconds:g} s"

    @property
    def buckets(self) -> int:
        """How many buckets a window may touch, lateness included; what lies in them is counted."""
        return int((self.seconds + LATE_S) / self.bucket_s + 0.999999) + 1

    @property
    def limit(self) -> int:
        """Calls that it holds; only of one that has a limit."""
        assert self.most is not None  # noqa: S101 (asked of limits only)
        return self.most


class Verdict(Struct, frozen=True):
    """What was granted, and when to come again for the rest."""

    granted: int
    wait_s: float
    """Seconds until at least one more may be granted; 0 where all was."""
    at: float = 0.0
    """When it was granted, by the monotonic clock of the process; as far as one was looked at."""


def windows(quota: Quota) -> list[Window]:
    """The windows of a quota that have a limit. Less than one call a second is one call in so many seconds."""
    return [one for one in _windows(quota) if one.most is not None]


def _windows(quota: Quota) -> list[Window]:
    """All that are counted: a limit that is set later knows of the calls before it."""
    found = []
    if quota.per_second:
        most = max(1, int(quota.per_second))
        span = most / quota.per_second
        found.append(Window("second", span, span / 10, most))
    found.append(Window("minute", 60, 2, quota.per_minute))
    found.append(Window("hour", 3600, 60, quota.per_hour))
    found.append(Window("day", 86400, 900, quota.per_day))
    return found


class Count:
    """The calls of an account, or of all who are counted together, at one moment."""

    def __init__(self, used: Used, quota: Quota, clock: float) -> None:
        """Count what was used.

        Args:
            used: what was taken before, at no later moment.
            quota: what may be.
            clock: seconds since anywhere, which never run backwards.
        """
        self._windows, self._clock = _windows(quota), clock
        self._calls = {one.key: _counted(_there(used, one), one, clock) for one in self._windows}

    def left(self) -> Mapping[str, int]:
        """Name of each window that has a limit → calls that it still holds."""
        return {one.name: max(0, one.limit - self._sum(one)) for one in self._limits}

    def room(self, keep: float, mine: "Count | None" = None) -> int:
        """How many calls may be made now.

        Whoever asks leaves free a share of each window in proportion to what it took itself: alone it comes to take
        all but `keep`, of `n` who want all each comes to the same, and whoever comes late finds room.

        Args:
            keep: share of each window that is left for others (0.1: a tenth), as far as whole calls go.
            mine: what of this is whoever's who asks; None: all.
        """
        found = []
        for one in self._limits:
            most, kept, taken = one.limit, int(one.limit * keep), self._sum(one)
            own = taken if mine is None else mine._sum(one)
            found.append(((most - taken) * (most - kept) - own * kept) // most if most else 0)
        return max(0, min(found, default=_ENDLESS))

    def wait_s(self, keep: float, mine: "Count | None" = None) -> float:
        """Seconds until there is room for a call, if nobody else takes it; `keep` and `mine` as for `room`."""
        return max((self._until_free(one, keep, mine) for one in self._limits), default=0.0)

    def take(self, calls: int) -> None:
        """Count so many calls more, made now."""
        for _, there in self._calls.values():
            there[-1] += calls

    @property
    def used(self) -> Used:
        """What is used, old buckets dropped."""
        return {key: _trimmed(first, calls) for key, (first, calls) in self._calls.items()}

    @property
    def _limits(self) -> Sequence[Window]:
        return [one for one in self._windows if one.most is not None]

    def _sum(self, window: Window) -> int:
        """Calls in a window; one of another length under the same name stands for it."""
        key = next((one.key for one in self._windows if one.name == window.name), None)
        return sum(self._calls[key][1]) if key is not None else 0

    def _until_free(self, window: Window, keep: float, mine: "Count | None") -> float:
        most, kept = window.limit, int(window.limit * keep)
        room = most - kept
        if mine is not None and room:
            room = max(1, most - math.ceil((most + mine._sum(window) * kept) / room) + 1)
        first, calls = self._calls[window.key]
        over = sum(calls) - room
        if over < 0:
            return 0.0
        for at, count in enumerate(calls):
            over -= count
            if over < 0:
                return (first + at + window.buckets) * window.bucket_s - self._clock
        return window.seconds


_ENDLESS = 2**31


def reserve(own: Count, wanted: int, keep: float = 0.0, shared: Count | None = None) -> Verdict:
    """Take as many of the wanted calls as there may be; they are counted then.

    Args:
        own: what the account has used.
        wanted: how many calls.
        keep: share of each window that is left for others.
        shared: what all together have used who are counted as one, the account among them.
    """
    granted = min(wanted, own.room(keep))
    if shared is not None:
        granted = min(granted, shared.room(keep, own))
        shared.take(granted)
    own.take(granted)
    if granted == wanted:
        return Verdict(granted, 0.0)
    return Verdict(granted, max(own.wait_s(keep), shared.wait_s(keep, own) if shared is not None else 0.0))


def _there(used: Used, window: Window) -> tuple[int, list[int]] | None:
    """What was kept of a window; of a limit of seconds that is new, what a longer window knows, as if it were now."""
    if window.key in used or window.name != "second":
        return used.get(window.key)
    longer = next((one for one in _windows(Quota()) if one.seconds >= window.seconds and one.key in used), None)
    if longer is None:
        return None
    first, calls = used[longer.key]
    newest = (first + len(calls)) * longer.bucket_s
    oldest = newest - window.seconds - LATE_S - longer.bucket_s
    recent = sum(count for at, count in enumerate(calls, first) if (at + 1) * longer.bucket_s > oldest)
    return int(newest // window.bucket_s), [recent]


def _counted(there: tuple[int, list[int]] | None, window: Window, clock: float) -> tuple[int, list[int]]:
    """The buckets that a window ending now may touch, the current one last."""
    last = int(clock // window.bucket_s)
    first = last - window.buckets + 1
    calls = [0] * window.buckets
    for at, count in enumerate(there[1] if there else (), there[0] if there else 0):
        if at >= first:
            calls[min(at - first, window.buckets - 1)] += count
    return first, calls


def _trimmed(first: int, calls: list[int]) -> tuple[int, list[int]]:
    start = next((at for at, count in enumerate(calls) if count), len(calls))
    end = next((at for at in range(len(calls), start, -1) if calls[at - 1]), start)
    return first + start, calls[start:end]
