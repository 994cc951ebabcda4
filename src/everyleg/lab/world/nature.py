"""The world's moving parts, put together: what a parcel meets on its way."""

from collections.abc import Callable
from functools import cache

from everyleg.lab.world.dice import Dice
from everyleg.lab.world.hours import WorkHours
from everyleg.lab.world.incidents import Incidents
from everyleg.lab.world.orders import Orders
from everyleg.lab.world.plan import Plan
from everyleg.lab.world.surroundings import Surroundings
from everyleg.lab.world.tables import Tables
from everyleg.lab.world.traffic import Traffic


class Nature:
    """Lanes with their traffic, incidents and orders of one season."""

    def __init__(self, tables: Tables, plan: Plan) -> None:
        self.around = Surroundings(tables, plan)
        self.tables, self.seed = tables, plan.seed
        self.orders = Orders(self.around, plan)
        self.incidents: Callable[[str, str], Incidents] = cache(self._incidents)
        """Incidents of a kind that hit a carrier, a shop or a country."""
        self.traffic = {
            lane.name: Traffic(self.around, lane, self.incidents("customs_strike", lane.destination))
            for lane in tables.lanes
        }

    def _incidents(self, kind: str, whom: str) -> Incidents:
        return Incidents(self.around, kind, whom)

    def hours(self, week: str, place: str) -> WorkHours:
        """Working hours of a named week at a place."""
        return self.around.hours(week, place)

    def step(self, dice: Dice, name: str, times: float = 1.0) -> float:
        """Seconds that an ordinary step takes this time."""
        return dice.seconds(self.tables.steps[name], times * self.around.pace)
