"""First mile and export: from the seller's shelf to the airline's or the shipping line's dock."""

from everyleg.lab.world.fates import Fate
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.trip import Trip

HOUR = 3600
_COLLECTED_BEFORE_CLOSE = 2 * HOUR
"""Couriers come two hours before the seller's day ends, an hour more or less."""


def leave(nature: Nature, trip: Trip, fate: Fate) -> None:
    """The way from the order to the gateway. Ends early for what is never sent, or lost in the warehouse."""
    trip.leg = max(0, len(trip.order.channel.legs) - 2)  # the forwarder has the order, whoever collects
    trip.scan("order_created", trip.order.from_)
    trip.leg = 0
    if "never_sent" in fate.lasts:
        _never_sent(trip, fate.lasts["never_sent"])
        return
    _picked_up(nature, trip, fate)
    place = _to_warehouse(nature, trip)
    _through_warehouse(nature, trip, fate, place)
    if trip.end is None:
        _export(nature, trip, fate, place)


def _never_sent(trip: Trip, waits: float) -> None:
    trip.t = trip.order.ship_by + waits
    trip.suffer("not_dispatched", trip.order.ship_by, trip.t)
    trip.scan("cancelled", None)
    trip.finish("cancelled")


def _picked_up(nature: Nature, trip: Trip, fate: Fate) -> None:
    order = trip.order
    hours = nature.hours("shop", order.from_)
    packed = hours.add(trip.t, trip.dice.seconds(nature.orders.shop(order.shop).ready))
    jitter = (2 * trip.dice.u() - 1) * HOUR
    trip.t = _next_pickup(nature, trip, packed) + jitter
    late, cause = packed, None
    backlogs = nature.incidents("shop_backlog", order.shop)
    backlog, hit = backlogs.at(packed), trip.dice.chance(backlogs.hits)
    if backlog and hit:
        late, cause = hours.add(backlog.until, trip.dice.u() * 12 * HOUR), backlog.cause
    if "forgotten" in fate.lasts:
        late += fate.lasts["forgotten"]
    if late > packed:
        trip.stall(max(trip.t, _next_pickup(nature, trip, late) + jitter), cause, shown_by=("order_created",))
    if trip.t > order.ship_by:
        trip.suffer("not_dispatched", order.ship_by, trip.t, cause)
    trip.scan("picked_up", order.from_)


def _next_pickup(nature: Nature, trip: Trip, packed: float) -> float:
    hours = nature.hours("shop", trip.order.from_)
    today = hours.close(hours.add(packed, 0), 0) - _COLLECTED_BEFORE_CLOSE
    return today if today - HOUR > packed else hours.close(today, 1) - _COLLECTED_BEFORE_CLOSE


def _to_warehouse(nature: Nature, trip: Trip) -> str:
    """To the forwarder's or post's warehouse; by a domestic courier where the first leg is one."""
    place = trip.order.from_
    if len(trip.order.channel.legs) < 3:
        trip.t = nature.hours("warehouse", place).add(trip.t, nature.step(trip.dice, "to_warehouse", _hurry(trip)))
    else:
        way = nature.step(trip.dice, "domestic_haul")
        trip.scan("origin_sorting", place, trip.t + 0.25 * way)
        trip.scan("departed_origin_sorting", place, trip.t + 0.4 * way)
        place = "SZ"
        trip.t = nature.hours("warehouse", place).add(trip.t + way, 0)
        trip.scan("delivered", place)
        trip.leg += 1
        trip.t = nature.hours("warehouse", place).add(trip.t, nature.step(trip.dice, "dock"))
    trip.scan("received_at_origin_warehouse", place)
    return place


def _hurry(trip: Trip) -> float:
    hurry = trip.order.lane.hurry
    return hurry.value if hurry else 1.0


def _through_warehouse(nature: Nature, trip: Trip, fate: Fate, place: str) -> None:
    hours = nature.hours("warehouse", place)
    trip.t = hours.add(trip.t, nature.step(trip.dice, "in_warehouse", _hurry(trip)))
    if fate.lost_at == "origin":
        trip.vanish(None if fate.declared is None else trip.t + fate.declared)
        return
    if "warehouse_problem" in fate.lasts:
        trip.scan("origin_warehouse_problem", place)
        trip.stall(hours.add(trip.t, fate.lasts["warehouse_problem"]), shown_by=("origin_warehouse_problem",))
    backlogs = nature.incidents("warehouse_backlog", trip.carrier)
    backlog, hit = backlogs.at(trip.t), trip.dice.chance(backlogs.hits)
    if backlog and hit:
        trip.stall(hours.add(backlog.until, trip.dice.u() * 8 * HOUR), backlog.cause)
    if fate.stands_at == "origin":
        trip.stall(hours.add(trip.t + fate.lasts["standstill"], 0))
    trip.scan("departed_origin_warehouse", place)


def _export(nature: Nature, trip: Trip, fate: Fate, place: str) -> None:
    hours = nature.hours("export", place)
    trip.enter("export_customs")
    trip.t += nature.step(trip.dice, "declare")
    trip.scan("export_declared", place)
    trip.t = hours.add(trip.t, nature.step(trip.dice, "export_release", _hurry(trip)))
    if "export_hold" in fate.lasts:
        until = hours.add(trip.t + fate.lasts["export_hold"], 0)
        trip.scan("export_customs_held", place)
        trip.suffer("customs_hold", trip.t, until)
        trip.stall(until, shown_by=("export_customs_held",))
    trip.scan("export_customs_released", place)
    trip.enter("line_haul")
    trip.t += nature.step(trip.dice, "to_gateway")
    trip.scan("handed_to_carrier", trip.order.lane.gateway)
