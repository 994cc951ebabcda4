"""What surrounds every parcel: clocks, working hours, and how slow each lane is in each week. Made once for a seed."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from math import exp

from everyleg.lab.world.dice import Dice
from everyleg.lab.world.hours import DAY, LocalClock, WorkHours, day_number
from everyleg.lab.world.plan import Plan
from everyleg.lab.world.tables import Common, Tables


class Surroundings:
    """Clocks, calendars and lane weeks of one season."""

    def __init__(self, tables: Tables, plan: Plan) -> None:
        self.tables = tables
        self.seed = plan.seed
        self.pace = plan.pace
        """What everything that takes its time is multiplied by."""
        self.days = plan.days_known
        self._rests = {country: frozenset(map(day_number, days)) for country, days in tables.calendar.holidays.items()}
        self._peak = _peak_days(tables, self.days)
        self.clock: Callable[[str], LocalClock] = cache(self._clock)
        """The local clock of a zone."""
        self.hours: Callable[[str, str], WorkHours] = cache(self._hours)
        """Working hours of a named week at a place."""
        self.weeks: Callable[[str, str], list[float]] = cache(self._weeks)

    def _clock(self, zone: str) -> LocalClock:
        return LocalClock(zone, self.days.start, self.days.stop + 1)

    def _hours(self, week: str, place: str) -> WorkHours:
        spot = self.tables.places[place]
        rests = self._rests.get(spot.country, frozenset())
        return WorkHours(self.tables.calendar.weeks[week], self.clock(spot.zone), self.days, rests)

    def clock_at(self, place: str) -> LocalClock:
        """The local clock of a place."""
        return self.clock(self.tables.places[place].zone)

    def slowness(self, lane: str, part: str, t: float) -> float:
        """How many times as long a part of a lane (`line_haul`, `customs`, `last_mile`) takes in the week of `t`."""
        weeks = self.weeks(lane, part)
        week = (int(t) // DAY - self.days.start) // 7
        return weeks[min(max(0, week), len(weeks) - 1)] * self.pace

    @staticmethod
    def month(t: float) -> int:
        """The month of an instant, UTC."""
        return datetime.fromtimestamp(t, UTC).month

    def _weeks(self, lane: str, part: str) -> list[float]:
        return lane_weeks(self.tables.problems.common, Dice(self.seed, "weeks", lane, part), len(self.days) // 7)

    def peak(self, t: float) -> float:
        """How many times as long the last mile takes at `t` because everybody sends."""
        return self._peak.get(int(t) // DAY, 1.0)


def lane_weeks(common: Common, dice: Dice, count: int) -> list[float]:
    """Factors of consecutive weeks: logarithms that remember the week before, and now and then a slow week."""
    level, factors = 0.0, list[float]()
    fresh = (1 - common.weeks_memory**2) ** 0.5
    for _ in range(count):
        level = common.weeks_memory * level + fresh * common.weeks_sigma * dice.normal()
        slow = common.slow_times if dice.chance(common.slow_week.value) else 1.0
        factors.append(exp(level) * slow)
    return factors


def days_between(days: range, first: str, last: str) -> list[int]:
    """The days of a range whose month and day lie between two `MM-DD`, both included."""
    calendar = ((day, date.fromordinal(day + date(1970, 1, 1).toordinal()).strftime("%m-%d")) for day in days)
    return [day for day, name in calendar if first <= name <= last]


def _peak_days(tables: Tables, days: range) -> dict[int, float]:
    peak = tables.problems.peak
    return dict.fromkeys(days_between(days, peak.from_, peak.to), peak.last_mile)
