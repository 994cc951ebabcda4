"""Who sends what, when and by which channel. An order depends on the seed and its index alone."""

from everyleg.lab.world.dice import Dice, cumulative
from everyleg.lab.world.hours import DAY, day_number
from everyleg.lab.world.plan import Plan
from everyleg.lab.world.surroundings import Surroundings, days_between
from everyleg.lab.world.tables import Shop
from everyleg.lab.world.trip import Order

_SELLERS = ("SZ", "YIWU", "HZ", "CAN")
_BY_WEEKDAY = (1.1, 1.05, 1.0, 1.0, 1.0, 0.8, 0.45)
_ON_HOLIDAYS = 0.35
_SHIP_WITHIN_DAYS = 2
"""Working days after the day of the order: the usual time of handling that platforms allow."""
_EVENING = 20 * 3600
_MIDNIGHT = DAY - 1


class Orders:
    """The orders of a season."""

    def __init__(self, around: Surroundings, plan: Plan) -> None:
        self._around, self._seed = around, plan.seed
        tables = around.tables
        self._first = day_number(plan.start)
        self._days = cumulative(_volumes(around, plan))
        self._china = around.clock("Asia/Shanghai")
        self._shop_hours = around.hours("shop", "SZ")
        self._lanes = tables.lanes
        self._lane_edges = cumulative([lane.share.value for lane in tables.lanes])
        channels = tables.trade.channels
        self._channels = {lane.name: [c for c in channels if c.lane == lane.name] for lane in tables.lanes}
        self._channel_edges = {name: cumulative([c.share for c in row]) for name, row in self._channels.items()}
        self._cities = {lane.name: list(lane.cities) for lane in tables.lanes}
        self._city_edges = {lane.name: cumulative([w for w, _ in lane.cities.values()]) for lane in tables.lanes}
        self._shops = tables.trade.shops
        self._shop_edges = cumulative([shop.share for shop in self._shops])
        self._values = _prices(plan.seed, around)

    def created(self, index: int) -> int:
        """When an order is made, seconds since 1970."""
        return self._created(Dice(self._seed, index, "order"))

    def _created(self, dice: Dice) -> int:
        day = self._first + dice.pick(self._days)
        # Sellers print labels between nine and nineteen, most around two.
        return self._china.at(day, 9 * 3600 + int(5 * 3600 * (dice.u() + dice.u())))

    def order(self, index: int) -> Order:
        """The order with that index."""
        dice = Dice(self._seed, index, "order")
        created = self._created(dice)
        lane = self._lanes[dice.pick(self._lane_edges)]
        channel = self._channels[lane.name][dice.pick(self._channel_edges[lane.name])]
        city = self._cities[lane.name][dice.pick(self._city_edges[lane.name])]
        shop = self._shops[dice.pick(self._shop_edges)]
        sku = int(len(self._values) * dice.u() ** 2.2)
        there = self._around.clock_at(city)
        day = there.day(created)
        return Order(
            index=index,
            lane=lane,
            channel=channel,
            shop=shop.name,
            sku=f"{shop.name.upper()}-{sku:03}",
            value=self._values[sku],
            city=city,
            from_=_SELLERS[self._shops.index(shop) % len(_SELLERS)],
            created=created,
            ship_by=self._shop_hours.close(created, _SHIP_WITHIN_DAYS),
            promised_by=there.at(day + channel.promise_days, _MIDNIGHT),
            estimate=there.at(day + channel.estimate_days, _EVENING),
        )

    def shop(self, name: str) -> Shop:
        """The shop of that name."""
        return next(shop for shop in self._shops if shop.name == name)


def _volumes(around: Surroundings, plan: Plan) -> list[float]:
    """How busy each day of the season is."""
    peak = around.tables.problems.peak
    days = range(day_number(plan.start), day_number(plan.start) + plan.days)
    busy = frozenset(days_between(days, peak.orders_from, peak.orders_to))
    free = frozenset(map(day_number, around.tables.calendar.holidays["CN"]))
    return [
        _BY_WEEKDAY[(day + 3) % 7] * (peak.orders if day in busy else 1.0) * (_ON_HOLIDAYS if day in free else 1.0)
        for day in days
    ]


def _prices(seed: int, around: Surroundings) -> list[float]:
    skus, dice = around.tables.trade.skus, Dice(seed, "prices")
    return [round(skus.value_median * 2.718281828 ** (skus.value_sigma * dice.normal()), 2) for _ in range(skus.count)]
