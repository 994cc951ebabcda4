"""What a season is asked for: seed, parcels, and the days it covers."""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from everyleg.lab.world.hours import DAY, day_number

FIRST, LAST = date(2026, 1, 10), date(2027, 12, 31)
"""The days whose public holidays `calendar.yaml` lists; a season lies within."""

AFTERMATH_DAYS = 330
"""Days after the season for which clocks are known: ways that begin in it are thought to their end."""


class PlanError(ValueError):
    """A season that cannot be made; the message says what to ask for instead."""


class Plan(Struct, frozen=True):
    """A season. `until` None: `TAIL_DAYS` after the last parcel is made."""

    seed: int
    parcels: int
    start: date = date(2026, 9, 21)
    """The first day on which parcels are made, on Chinese clocks."""
    days: int = 60
    """Days on which parcels are made."""
    until: date | None = None
    """The season ends as this day begins (UTC); what happens later is not told."""

    pace: float = 1.0
    """How long everything that takes its time takes, 1 being the tables' world: 0.7 makes lanes 30 % faster."""

    def __post_init__(self) -> None:
        if self.parcels < 0 or self.days < 1 or not 0.2 <= self.pace <= 3:
            raise PlanError("a season has at least 0 parcels and 1 day, and a pace between 0.2 and 3")
        if not FIRST <= self.start <= self.end.date() <= LAST:
            raise PlanError(f"holidays are known from {FIRST} to {LAST}; let the season begin and end within")

    @property
    def end(self) -> datetime:
        """When the season ends, UTC."""
        until = self.until or self.start + timedelta(days=self.days + TAIL_DAYS)
        return datetime(until.year, until.month, until.day, tzinfo=UTC)

    @property
    def end_s(self) -> int:
        """The same in seconds since 1970."""
        return int(self.end.timestamp())

    @property
    def days_known(self) -> range:
        """Days since 1970 for which clocks and working hours are needed: from before the season to its aftermath."""
        return range(day_number(self.start) - 8, self.end_s // DAY + AFTERMATH_DAYS)


TAIL_DAYS = 30
"""How long a season goes on after its last parcel is made."""
