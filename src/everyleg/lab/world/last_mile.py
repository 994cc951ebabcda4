"""The last mile: hubs, the depot, rounds and doors, counters and lockers, and the way back."""

from everyleg.lab.world.dice import cumulative
from everyleg.lab.world.fates import Fate
from everyleg.lab.world.figures import Span
from everyleg.lab.world.hours import WorkHours
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.trip import Trip

HOUR = 3600
_LOADED_UNTIL = 1.5 * HOUR
"""What reaches the depot this long after it opens still goes out the same day."""
_ATTEMPTS = 3


def deliver(nature: Nature, trip: Trip, fate: Fate) -> None:
    """From the first hub to the recipient, or back."""
    _to_the_depot(nature, trip, fate)
    if trip.end is not None:
        return
    u, waits = trip.dice.u(), trip.order.lane.waits_at
    if u < waits.counter + waits.locker:
        _, closes = _rounds(nature, trip).next_day(trip.t - _LOADED_UNTIL)
        trip.t = closes - (2 + 4 * trip.dice.u()) * HOUR
        _wait(nature, trip, fate, "available_at_locker" if u < waits.locker else "available_at_counter")
    else:
        _go_round(nature, trip, fate)


def _to_the_depot(nature: Nature, trip: Trip, fate: Fate) -> None:
    order, lane = trip.order, trip.order.lane
    hub = nature.hours("hub", lane.arrival)
    trip.t = hub.add(trip.t, nature.step(trip.dice, "hub"))
    trip.scan("departed_destination_sorting", lane.arrival)
    way = Span(lane.cities[order.city][1], lane.reach.sigma, lane.reach.source)
    slow = nature.around.slowness(lane.name, "last_mile", trip.t) * nature.around.peak(trip.t)
    seconds = trip.dice.seconds(way, slow)
    trip.t = hub.add(trip.t, 0.7 * seconds)
    if fate.lost_at == "last_mile":
        trip.vanish(None if fate.declared is None else trip.t + fate.declared)
        return
    if fate.stands_at == "last_mile":
        trip.stall(hub.add(trip.t + fate.lasts["standstill"], 0))
    trip.scan("destination_sorting", order.city)
    if "damaged" in fate.lasts:
        _damaged(nature, trip, fate)
    if trip.end is not None:
        return
    trip.t = hub.add(trip.t, 0.3 * seconds)
    trip.scan("arrived_delivery_depot", order.city)


def _damaged(nature: Nature, trip: Trip, fate: Fate) -> None:
    """Found damaged; it goes back, or is repacked and goes on."""
    found = trip.t = trip.t + HOUR
    trip.scan("damaged", trip.order.city)
    trip.t += fate.lasts["damaged"]
    if fate.damage_returns:
        _go_back(nature, trip)
    trip.suffer("damaged", found, trip.t)


def _rounds(nature: Nature, trip: Trip) -> WorkHours:
    return nature.hours(nature.tables.telling.rounds[trip.carrier], trip.order.city)


def _go_round(nature: Nature, trip: Trip, fate: Fate) -> None:
    """Rounds until it is handed over, or waits, or goes back."""
    fails = trip.order.lane.first_attempt_fails.value
    for attempt in range(_ATTEMPTS):
        _reach_the_door(nature, trip)
        if attempt == 0 and "address_problem" in fate.lasts:
            _address_problem(nature, trip, fate)
            if trip.end is not None:
                return
            continue
        if attempt == 0 and "refused" in fate.lasts:
            trip.scan("refused_at_delivery", trip.order.city)
            trip.t += fate.lasts["refused"]
            _go_back(nature, trip)
            return
        if not trip.dice.chance(fails):
            _hand_over(trip)
            return
        trip.scan("recipient_absent", trip.order.city)
        fails = nature.tables.problems.choices["second_attempt_fails"].value
    _wait(nature, trip, fate, "available_at_counter")


def _reach_the_door(nature: Nature, trip: Trip) -> None:
    """The next round that comes as far as this door before the day ends."""
    rounds = _rounds(nature, trip)
    while True:
        opens, closes = rounds.next_day(trip.t - _LOADED_UNTIL)
        out = max(opens, trip.t) + nature.step(trip.dice, "round_out")
        trip.scan("out_for_delivery", trip.order.city, out)
        trip.t = out + nature.step(trip.dice, "to_door")
        if trip.t < closes:
            return
        trip.t = float(closes)


def _address_problem(nature: Nature, trip: Trip, fate: Fate) -> None:
    """The door is not found: the address is mended, or the parcel goes back for it."""
    trip.scan("address_problem", trip.order.city)
    found, trip.t = trip.t, trip.t + fate.lasts["address_problem"]
    trip.suffer("address_problem", found, trip.t)
    if fate.address_returns:
        _go_back(nature, trip)


def _hand_over(trip: Trip) -> None:
    ways = trip.order.lane.hands_over
    trip.scan(list(ways)[trip.dice.pick(cumulative(list(ways.values())))], trip.order.city)
    trip.finish("delivered")


def _wait(nature: Nature, trip: Trip, fate: Fate, step: str) -> None:
    """At a counter or in a locker, until it is collected or time is up."""
    trip.scan(step, trip.order.city)
    if "not_collected" in fate.lasts:
        trip.t += fate.lasts["not_collected"]
        trip.scan("not_collected", trip.order.city)
        trip.t += 12 * HOUR
        _go_back(nature, trip)
        return
    trip.t = _rounds(nature, trip).add(trip.t + nature.step(trip.dice, "collect"), trip.dice.u() * HOUR)
    trip.scan("delivered_collected", trip.order.city)
    trip.finish("delivered")


def _go_back(nature: Nature, trip: Trip) -> None:
    """Back to the sender's address in the destination country."""
    began, late = trip.t, 8 * HOUR * trip.dice.u()
    trip.scan("returning", trip.order.city)
    trip.t = _rounds(nature, trip).add(trip.t + trip.dice.seconds(nature.tables.problems.returns.to_sender), late)
    trip.scan("returned", trip.order.lane.arrival)
    trip.suffer("returning", began, trip.t)
    trip.finish("returned")
