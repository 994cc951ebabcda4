"""Troubles that many parcels share: strikes, backlogs, feeds that are down; whether anybody sends or not."""

from bisect import bisect_right
from math import log

from msgspec import Struct

from everyleg.lab.world.dice import Dice
from everyleg.lab.world.hours import DAY
from everyleg.lab.world.surroundings import Surroundings


class Incident(Struct, frozen=True):
    """One cause that hits many, between two instants."""

    cause: str
    since: int
    until: int


class Incidents:
    """The incidents of one kind that hit one carrier, shop or country, in order of time; they do not overlap."""

    __slots__ = ("_starts", "hits", "rows")

    def __init__(self, around: Surroundings, kind: str, whom: str) -> None:
        shared = around.tables.problems.shared[kind]
        self.hits = shared.hits.value
        """Share of the things in its way that an incident hits."""
        dice = Dice(around.seed, kind, whom)
        t, end = float(around.days.start * DAY), around.days.stop * DAY
        self.rows: list[Incident] = []
        while (t := t - log(1 - dice.u()) * shared.every_days * DAY) < end:
            until = t + dice.seconds(shared.lasts)
            day = around.clock("UTC").day(t) - around.days.start
            self.rows.append(Incident(f"{kind.replace('_', '-')}:{whom}:{day}", int(t), int(until)))
            t = until
        self._starts = [row.since for row in self.rows]

    def at(self, t: float) -> Incident | None:
        """The incident that is on at an instant."""
        here = bisect_right(self._starts, t) - 1
        return self.rows[here] if here >= 0 and t < self.rows[here].until else None

    def within(self, since: float, until: float) -> Incident | None:
        """The first incident that is on at some time between two instants."""
        here = max(0, bisect_right(self._starts, since) - 1)
        for row in self.rows[here:]:
            if row.since >= until:
                return None
            if row.until > since:
                return row
        return None
