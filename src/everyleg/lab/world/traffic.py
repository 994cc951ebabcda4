"""Flights and vessels of a lane, and the consignments on them: what moves together, clears together and is late
together.

A consignment (MAWB, container or postal despatch) is all that one carrier has at the gateway when a departure closes.
Its times come from the lane and the departure alone, never from the parcels in it, so that more parcels change
nothing.
"""

from bisect import bisect_left

from msgspec import Struct

from everyleg.lab.world.dice import Dice, seed_of
from everyleg.lab.world.hours import clock_s
from everyleg.lab.world.incidents import Incident, Incidents
from everyleg.lab.world.surroundings import Surroundings
from everyleg.lab.world.tables import Lane

HOUR = 3600
_AIRLINES = ("160", "784", "999", "112", "180", "020", "172", "205")
"""Prefixes of air waybills of airlines that fly from China."""


class Departure(Struct, frozen=True):
    """One flight or sailing."""

    index: int
    planned: int
    left: float
    arrived: float
    hub: tuple[float, float] | None
    """When it reached and left the transit airport."""
    cancelled: bool
    cause: str
    """What a delay or a cancellation of this departure is called."""


class Bag(Struct, frozen=True):
    """What one bag of a consignment has in common behind the border."""

    induct: float
    """Seconds of hub time from the hand-over until the last mile scans it, if nothing goes wrong."""
    mislaid: float
    """Seconds that it lies about unseen before; 0 for nearly all."""
    cause: str


class Consignment(Struct, frozen=True):
    """Parcels of one carrier on one departure."""

    number: str
    closed: float
    """Until when it took parcels."""
    first: Departure
    """The departure that it was meant for."""
    flown: Departure
    """The one that took it."""
    left_behind: bool
    discharged: float
    presented: float
    """When it lay before customs."""
    cleared: float
    """When customs releases what it does not hold, without holds and strikes."""
    held_until: float
    """When a hold of the whole consignment ends; `cleared` for those that are not held."""
    hold_cause: str
    strike: Incident | None
    """The strike that it ran into, if that made it wait."""
    released: float
    """When customs lets go of all that it does not hold back singly."""
    haul: float
    """Seconds from its release until it is handed to the last mile."""
    bags: list[Bag]


class Traffic:
    """Departures and consignments of one lane."""

    def __init__(self, around: Surroundings, lane: Lane, strikes: Incidents) -> None:
        self.around, self.lane, self._strikes = around, lane, strikes
        self._customs = around.hours(lane.customs.week, lane.arrival)
        self._hub = around.hours("hub", lane.arrival)
        self._cutoff = lane.departures.cutoff_h * HOUR
        clock, at = around.clock_at(lane.gateway), clock_s(lane.departures.at)
        self._planned = [clock.at(day, at) for day in around.days if (day + 3) % 7 + 1 in lane.departures.days]
        self._departures: dict[int, Departure] = {}
        self._consignments: dict[tuple[int, str], Consignment] = {}

    def consignment(self, carrier: str, ready: float) -> Consignment:
        """The consignment of a carrier that takes a parcel which is at the gateway at `ready`."""
        index = bisect_left(self._planned, ready + self._cutoff)
        if (index, carrier) not in self._consignments:
            self._consignments[index, carrier] = self._load(index, carrier)
        return self._consignments[index, carrier]

    def departure(self, index: int) -> Departure:
        """The departure with that index."""
        if index not in self._departures:
            self._departures[index] = self._fly(index)
        return self._departures[index]

    def _fly(self, index: int) -> Departure:
        dice, lane, planned = Dice(self.around.seed, "flight", self.lane.name, index), self.lane, self._planned[index]
        slow = self.around.slowness(lane.name, "line_haul", planned)
        left = planned + dice.seconds(lane.delay, slow)
        way = dice.seconds(lane.transit, self.around.pace)
        stop = dice.seconds(lane.hub_stop, slow) if lane.hub_stop else 0.0
        hub = (left + 0.45 * way, left + 0.45 * way + stop) if lane.hub else None
        name = f"flight:{lane.name}:{self.around.clock_at(lane.gateway).day(planned) - self.around.days.start}"
        cancelled = dice.chance(self.around.tables.problems.flights.cancelled.value)
        return Departure(index, planned, left, left + way + stop, hub, cancelled, name)

    def _load(self, index: int, carrier: str) -> Consignment:
        dice = Dice(self.around.seed, "consignment", self.lane.name, index, carrier)
        first = self.departure(index)
        left_behind = dice.chance(self.around.tables.problems.flights.left_behind.value)
        step = index + 1 if first.cancelled or left_behind else index
        while self.departure(step).cancelled:
            step += 1
        number = self._number(index, carrier)
        return self._clear(dice, number, first, self.departure(step), left_behind=left_behind)

    def _clear(self, dice: Dice, number: str, first: Departure, flown: Departure, *, left_behind: bool) -> Consignment:
        """Through discharge and customs to the hand-over and the bags."""
        lane, around = self.lane, self.around
        held = around.tables.problems.consignments.held
        discharged = flown.arrived + dice.seconds(lane.discharge, around.pace)
        presented = discharged + 1800 + dice.u() * HOUR
        slow = around.slowness(lane.name, "customs", presented)
        cleared = self._customs.add(presented, dice.seconds(lane.customs.work, slow))
        hold = dice.seconds(held.lasts) if dice.chance(held.share.value) else 0.0
        held_until = self._customs.add(cleared, hold) if hold else cleared
        strike = self._strikes.within(presented, cleared)
        released = max(held_until, self._customs.add(strike.until, dice.u() * 6 * HOUR) if strike else 0)
        return Consignment(
            number=number,
            closed=first.planned - self._cutoff,
            first=first,
            flown=flown,
            left_behind=left_behind and not first.cancelled,
            discharged=discharged,
            presented=presented,
            cleared=cleared,
            held_until=held_until,
            hold_cause=f"consignment:{number}",
            strike=strike if strike and released > held_until else None,
            released=released,
            haul=dice.seconds(around.tables.steps["haul"], around.pace),
            bags=[self._bag(dice, number, bag) for bag in range(around.tables.problems.consignments.bags)],
        )

    def _bag(self, dice: Dice, number: str, bag: int) -> Bag:
        mislaid = self.around.tables.problems.consignments.bag_mislaid
        inducted = dice.seconds(self.around.tables.steps["induct"], self.around.pace)
        lies = dice.seconds(mislaid.lasts)
        return Bag(inducted, lies if dice.chance(mislaid.share.value) else 0.0, f"bag:{number}/{bag + 1}")

    def induct(self, handed: float, bag: Bag) -> float:
        """When the last mile scans a bag that was handed over at `handed`."""
        return self._hub.add(handed, bag.induct)

    def _number(self, index: int, carrier: str) -> str:
        """An air waybill with its check digit; a container number's like for the sea."""
        serial = seed_of(self.around.seed, "waybill", self.lane.name, index, carrier) % 10**7
        if self.lane.mode == "sea":
            return f"CNTR{serial:07}"
        airline = _AIRLINES[serial % len(_AIRLINES)]
        return f"{airline}-{serial:07}{serial % 7}"
