"""The parcels of the demo: a season of the world that began `BEFORE_DAYS` before it was first started.

Holidays are known for some years only. Where today lies outside of them the season is one of those years, told as many
whole weeks later or earlier as it takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.model import Statement
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import OWN_SOURCE, Leg, Published
from everyleg.lab.season import SeasonParcel
from everyleg.lab.world import Made, Plan, World
from everyleg.lab.world.plan import FIRST, LAST, TAIL_DAYS
from everyleg.lab.world.trip import End
from everyleg.numbers.formats import Format

BEFORE_DAYS, DAYS = 45, 225
"""Days of parcels before the first start, and in all."""
_YEAR = timedelta(weeks=52)


class DemoPlan(Struct, frozen=True):
    """What a demo is made of; the same plan tells the same story."""

    seed: int
    start: date
    """The season's first day, on its own calendar."""
    parcels: int
    """About as many as are made before the first start."""
    shift_weeks: int = 0
    """How much later than its own calendar the season is told."""


def demo_plan(now: datetime, parcels: int, seed: int = 7) -> DemoPlan:
    """The plan of a demo that is first started now."""
    start, shift = now.date() - timedelta(days=BEFORE_DAYS), 0
    last = LAST - timedelta(days=DAYS + TAIL_DAYS + 1)
    while start > last:
        start, shift = start - _YEAR, shift + 52
    while start < FIRST:
        start, shift = start + _YEAR, shift - 52
    return DemoPlan(seed, start, parcels, shift)


class Scene(Struct):
    """One parcel of the story."""

    parcel: SeasonParcel
    legs: list[Leg]
    """Those whose carriers answer, in the order of the way."""
    end: End | None
    """How it will end, whoever knows it yet."""
    held: Sequence[tuple[datetime, datetime | None]] = ()
    """When customs holds it."""
    postcode: str | None = None
    """Where it goes."""


class Plot:
    """The parcels of a demo, in order of creation."""

    def __init__(self, plan: DemoPlan, formats: Mapping[str, Sequence[Format]]) -> None:
        """`formats`: number formats by carrier."""
        total = max(1, round(plan.parcels * DAYS / BEFORE_DAYS))
        self.plan, self._world = plan, World(Plan(plan.seed, total, start=plan.start, days=DAYS), formats)
        self._shift = timedelta(weeks=plan.shift_weeks)
        created = self._world.nature.orders.created
        self._order = sorted((created(index), index) for index in range(total))

    def scenes(self, after: datetime | None, until: datetime) -> Iterator[Scene]:
        """Parcels made after one moment and up to another; those of which no carrier answers are left out."""
        first = None if after is None else (after - self._shift).timestamp()
        last = (until - self._shift).timestamp()
        for made_at, index in self._order:
            if made_at <= last and (first is None or made_at > first):
                scene = self._scene(self._world.parcel(index))
                if scene.legs:
                    yield scene

    def count(self, until: datetime) -> int:
        """How many orders are made up to a moment, answered for or not."""
        last = (until - self._shift).timestamp()
        return sum(made_at <= last for made_at, _ in self._order)

    def _scene(self, made: Made) -> Scene:
        parcel = self._shifted(self._world.season_parcel(made))
        legs = [Leg(parcel, index, []) for index in range(len(parcel.legs))]
        for told, event in zip(made.told, self._world.statements(made), strict=True):
            leg = legs[told.leg]
            if event.source == OWN_SOURCE and event.carrier == leg.carrier:
                at = datetime.fromtimestamp(told.shown, UTC) + self._shift
                leg.published.append(Published(at, _later(event, self._shift)))
        spoken = [leg for leg in legs if leg.carrier in SHAPES]
        for leg in spoken:
            leg.published.sort(key=lambda one: one.at)
        city = self._world.nature.tables.places[made.trip.order.city]
        return Scene(parcel, spoken, made.trip.end, [*self._holds(made)], city.postal)

    def _holds(self, made: Made) -> Iterator[tuple[datetime, datetime | None]]:
        for spell in made.truths:
            if spell.problem == "customs_hold":
                until = None if spell.until is None else datetime.fromtimestamp(spell.until, UTC) + self._shift
                yield datetime.fromtimestamp(spell.since, UTC) + self._shift, until

    def _shifted(self, parcel: SeasonParcel) -> SeasonParcel:
        if not self._shift:
            return parcel
        names = ("ship_by", "promised_by", "carrier_estimate")
        times = {name: at + self._shift for name in names if (at := getattr(parcel, name)) is not None}
        return replace(parcel, created_at=parcel.created_at + self._shift, **times)


def _later(event: Statement, shift: timedelta) -> Statement:
    if not shift:
        return event
    local = event.occurred_local + shift if event.occurred_local is not None else None
    return replace(event, occurred_at=event.occurred_at + shift, occurred_local=local)


def earlier_life(leg: Leg, by: timedelta) -> Leg:
    """The same number in the hands of somebody else, long before: what a recycled number looks like."""
    published = [Published(one.at - by, _later(one.event, -by)) for one in leg.published]
    return Leg(leg.parcel, leg.index, published)
