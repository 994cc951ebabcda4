"""Line-haul: from the gateway to the terminal abroad, in a consignment with others."""

from everyleg.lab.world.fates import Fate
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.traffic import Consignment
from everyleg.lab.world.trip import Trip

_DELAY_TOLD = 5 * 3600
"""A departure later than this is told as a delay."""


def cross(nature: Nature, trip: Trip, fate: Fate) -> Consignment:
    """The way across; gives the consignment, whose times the border goes on with."""
    lane = trip.order.lane
    if fate.stands_at == "line_haul":
        trip.stall(trip.t + fate.lasts["standstill"])
    load = nature.traffic[lane.name].consignment(trip.carrier, trip.t)
    trip.cohort = load.number
    _depart(trip, load)
    trip.t = load.flown.arrived
    if fate.lost_at == "line_haul":
        trip.vanish(None if fate.declared is None else trip.t + fate.declared)
        return load
    trip.scan("arrived_destination", lane.arrival)
    trip.t = load.discharged
    trip.scan("discharged", lane.arrival)
    return load


def _depart(trip: Trip, load: Consignment) -> None:
    lane, first, flown = trip.order.lane, load.first, load.flown
    trip.t = float(first.planned)
    if first.cancelled or load.left_behind:
        step = "flight_cancelled" if first.cancelled else "offloaded"
        trip.scan(step, lane.gateway)
        trip.stall(flown.left, first.cause if first.cancelled else f"consignment:{load.number}", shown_by=(step,))
    elif flown.left - first.planned > _DELAY_TOLD:
        trip.scan("flight_delayed", lane.gateway)
        trip.stall(flown.left, first.cause, shown_by=("flight_delayed",))
    trip.t = flown.left
    trip.scan("departed_origin", lane.gateway)
    if lane.hub and flown.hub:
        trip.scan("transit_hub_arrived", lane.hub, flown.hub[0])
        trip.scan("transit_hub_departed", lane.hub, flown.hub[1])
