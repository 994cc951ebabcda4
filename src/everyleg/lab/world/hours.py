"""Local clocks and working hours of the world, as seconds since 1970, so that a step of a parcel costs microseconds.

Everything is looked up in arrays that cover the season and the months after it; nobody asks the host for the time.
"""

from bisect import bisect_right
from collections.abc import Collection
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from everyleg.core.time.zones import zone
from everyleg.lab.world.tables import Week

DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH


def clock_s(text: str) -> int:
    """Seconds of `HH:MM`; `24:00` is the end of the day."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


class LocalClock:
    """A time zone between two days (days since 1970)."""

    __slots__ = ("_offsets", "_starts", "name")

    def __init__(self, name: str, first: int, last: int) -> None:
        self.name = name
        self._starts: list[int] = []
        self._offsets: list[int] = []
        info = zone(name)
        for day in range(first, last):
            if not self._offsets or _offset(info, (day + 1) * DAY) != self._offsets[-1]:
                self._watch(info, day)

    def _watch(self, info: ZoneInfo, day: int) -> None:
        for hour in range(24 * day, 24 * day + 25):  # the world's zones change at full hours of UTC
            offset = _offset(info, hour * 3600)
            if not self._offsets or offset != self._offsets[-1]:
                self._starts.append(hour * 3600)
                self._offsets.append(offset)

    def offset(self, t: float) -> int:
        """Seconds east of UTC at an instant."""
        return self._offsets[max(0, bisect_right(self._starts, t) - 1)]

    def day(self, t: float) -> int:
        """The local day of an instant, days since 1970."""
        return int(t + self.offset(t)) // DAY

    def at(self, day: int, second: int) -> int:
        """The instant of a wall clock; in the hour that comes twice, the later one."""
        wall = day * DAY + second
        return wall - self.offset(wall - self.offset(wall))


def _offset(info: ZoneInfo, t: int) -> int:
    local = datetime.fromtimestamp(t, UTC).astimezone(info).replace(tzinfo=UTC)
    return int(local.timestamp()) - t


class WorkHours:
    """Working time: when it is, and how far so much of it reaches."""

    __slots__ = ("_ends", "_opens", "_sums")

    def __init__(self, week: Week, clock: LocalClock, days: range, rests: Collection[int]) -> None:
        self._opens: list[int] = []
        self._ends: list[int] = []
        self._sums: list[int] = []
        total = 0
        for day in days:
            hours = week.hours[(day + 3) % 7]  # 1970 began on a Thursday
            if hours is None or (week.rests and day in rests):
                continue
            opens, closes = (clock.at(day, clock_s(part)) for part in hours.split("-"))
            self._opens.append(opens)
            self._ends.append(closes)
            self._sums.append(total)
            total += closes - opens

    def add(self, t: float, work: float) -> float:
        """The instant at which `work` seconds of working time have passed since `t`; for none, when work goes on."""
        opens, sums = self._opens, self._sums
        here = bisect_right(opens, t) - 1
        done = sums[here] + min(t, self._ends[here]) - opens[here] if here >= 0 else 0
        there = max(0, bisect_right(sums, done + work) - 1)
        return opens[there] + done + work - sums[there]

    def next_day(self, t: float) -> tuple[int, int]:
        """When the first working day that begins after `t` opens and closes."""
        there = bisect_right(self._opens, t)
        return self._opens[there], self._ends[there]

    def close(self, t: float, days: int) -> int:
        """The close of the working day that lies `days` working days after the one of `t`, or of the one before it."""
        return self._ends[bisect_right(self._opens, t) - 1 + days]
