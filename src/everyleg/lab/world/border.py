"""Import customs, and the hand-over to the last mile: where most of what goes wrong goes wrong for many at once."""

from everyleg.lab.world.fates import Fate
from everyleg.lab.world.hours import WorkHours
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.traffic import Consignment
from everyleg.lab.world.trip import Trip

HOUR = 3600


def clear(nature: Nature, trip: Trip, fate: Fate, load: Consignment) -> None:
    """Through import customs: with the consignment, then alone what is held or released apart."""
    lane = trip.order.lane
    hours = nature.hours(lane.customs.week, lane.arrival)
    trip.enter("import_customs")
    trip.t = load.presented
    trip.scan("import_customs_pending", lane.arrival)
    trip.scan("import_customs_processing", lane.arrival, min(hours.add(trip.t, HOUR / 2), load.cleared))
    least = nature.tables.problems.truths.hold_least_h * HOUR
    _with_the_others(trip, load, least)
    if fate.hold:
        _alone(trip, fate, hours, least)
    elif "partial_release" in fate.lasts and load.released == load.cleared:
        trip.t = hours.add(trip.t, fate.lasts["partial_release"])
    if trip.end is None:
        trip.scan("import_customs_released", lane.arrival)


def _with_the_others(trip: Trip, load: Consignment, least: float) -> None:
    """Holds of the whole consignment, and strikes."""
    place = trip.order.lane.arrival
    trip.t = load.cleared
    if load.held_until > load.cleared:
        trip.scan("import_customs_held", place)
        if load.held_until - load.cleared >= least:
            trip.suffer("customs_hold", load.cleared, load.held_until, load.hold_cause)
        trip.stall(load.held_until, load.hold_cause, shown_by=("import_customs_held",))
    if load.strike:
        stopped = max(load.presented, float(load.strike.since))
        trip.scan("import_customs_delayed", place, stopped + HOUR)
        if load.released - stopped >= least:
            trip.suffer("customs_hold", stopped, load.released, load.strike.cause)
        trip.stall(load.released, load.strike.cause, shown_by=("import_customs_delayed",))


def _alone(trip: Trip, fate: Fate, hours: WorkHours, least: float) -> None:
    """A hold of this parcel, which may end in a seizure."""
    place, until = trip.order.lane.arrival, hours.add(trip.t, fate.hold)
    trip.scan(fate.hold_step, place)
    if until - trip.t >= least:
        trip.suffer("customs_hold", trip.t, until)
    trip.stall(until, shown_by=(fate.hold_step,))
    if fate.seized:
        trip.scan("import_customs_seized", place)
        trip.finish("seized")


def hand_over(nature: Nature, trip: Trip, fate: Fate, load: Consignment) -> None:
    """From release to the first scan of the last mile. A mislaid bag takes all in it along."""
    lane = trip.order.lane
    trip.t += load.haul
    if not trip.at_last_leg:
        trip.scan("handed_to_last_mile", lane.arrival)
    bag = load.bags[int(trip.dice.u() * len(load.bags))]
    trip.t = nature.traffic[lane.name].induct(trip.t, bag)
    if fate.lost_at == "handoff":
        declared = None if fate.declared is None else trip.t + fate.declared
        trip.suffer("lost_handoff", trip.t, declared)
        trip.vanish(declared, shown_by=("handed_to_last_mile",))
        return
    lies = max(bag.mislaid, fate.lasts.get("mislaid", 0.0))
    if lies:
        cause = bag.cause if bag.mislaid == lies else None
        trip.suffer("lost_handoff", trip.t, trip.t + lies, cause)
        trip.stall(trip.t + lies, cause, shown_by=("handed_to_last_mile",))
    trip.enter("last_mile")
    trip.scan("destination_sorting", lane.arrival)
