"""Makes a season: one parcel after the other, all lines in order of time.

What is still to be told waits in buckets of some hours, as small tuples, so memory grows with the parcels that are on
the way at one time, not with the season. Ties are broken by the parcel's index: the lines of the first M parcels of a
season are the same, in the same order, whatever else is in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from everyleg.core.model import Statement
from everyleg.core.vocabulary import STAGES
from everyleg.lab.season import SeasonEvent, SeasonLeg, SeasonParcel, SeasonTruth, encode
from everyleg.lab.world.border import clear, hand_over
from everyleg.lab.world.dice import Dice
from everyleg.lab.world.fates import fate
from everyleg.lab.world.feeds import Feeds, Told
from everyleg.lab.world.issuing import issuer
from everyleg.lab.world.last_mile import deliver
from everyleg.lab.world.line_haul import cross
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.origin import leave
from everyleg.lab.world.plan import Plan
from everyleg.lab.world.printing import Printer
from everyleg.lab.world.tables import Tables, tables
from everyleg.lab.world.trip import Order, Spell, Trip
from everyleg.lab.world.truths import truths
from everyleg.numbers.formats import Format

_BUCKET_S = 6 * 3600


class Made(Struct):
    """One parcel of the world, whole: its way, what is told of it, what was really wrong, and its numbers by leg."""

    trip: Trip
    told: list[Told]
    truths: list[Spell]
    numbers: tuple[str, ...]


class _Line(NamedTuple):
    """A line that waits for its time."""

    t: int
    parcel: int
    place: int
    """Its place among the lines of its parcel."""
    order: Order
    numbers: tuple[str, ...]
    told: Told | Spell | str | None
    """What it says; the parcel itself, with its cohort, where it is a text or None."""


class World:
    """A world with truth, made of a seed: the same parcels in the same season, byte by byte."""

    def __init__(self, plan: Plan, formats: Mapping[str, Sequence[Format]], rules: Tables | None = None) -> None:
        """`formats`: number formats by carrier, as `ports.number_formats.load_formats` gives them; `rules`: tables
        other than those that ship with the product.

        Raises:
            ValueError: when a carrier of the world has no such number format, or a table is wrong.
        """
        self.plan = plan
        self.nature = Nature(rules or tables(), plan)
        self._feeds, self._printer = Feeds(self.nature), Printer(self.nature)
        self._issuers = {
            slug: issuer(formats.get(slug, ()), feed.number, plan.seed, slug)
            for slug, feed in self.nature.tables.telling.carriers.items()
        }

    def parcel(self, index: int) -> Made:
        """The parcel with that index, whole, whatever the season shows of it."""
        trip = travel(self.nature, self.nature.orders.order(index))
        told = self._feeds.tell(trip)
        return Made(trip, told, truths(self.nature, trip, told), self._numbers(trip.order))

    def statements(self, made: Made) -> list[Statement]:
        """The event documents of a parcel, one for each `Told`, repetitions included."""
        return [self._printer.statement(made.trip.order, made.numbers, told) for told in made.told]

    def season_parcel(self, made: Made) -> SeasonParcel:
        """A parcel as the season file names it."""
        return _parcel(made.trip.order, made.numbers, made.trip.cohort)

    def lines(self) -> Iterator[bytes]:
        """The season file, line by line, each with its line end."""
        end, waiting = self.plan.end_s, dict[int, list[_Line]]()
        due = -1
        created = self.nature.orders.created
        for t, index in sorted((created(index), index) for index in range(self.plan.parcels)):
            for bucket in range(due, t // _BUCKET_S) if due >= 0 else ():
                yield from self._flush(waiting.pop(bucket, ()))
            due = t // _BUCKET_S
            for line in self._parcel_lines(index, end):
                waiting.setdefault(line.t // _BUCKET_S, []).append(line)
        for bucket in sorted(waiting):
            yield from self._flush(waiting[bucket])

    def _flush(self, lines: Sequence[_Line]) -> Iterator[bytes]:
        for line in sorted(lines, key=_by_time):
            yield self._encoded(line)

    def _parcel_lines(self, index: int, end: int) -> Iterator[_Line]:
        made = self.parcel(index)
        order, numbers = made.trip.order, made.numbers
        said = [
            (order.created, made.trip.cohort),
            *((int(spell.since), spell) for spell in made.truths),
            *((one.shown, one) for one in made.told),
        ]
        return (_Line(t, index, place, order, numbers, it) for place, (t, it) in enumerate(said) if t < end)

    def _numbers(self, order: Order) -> tuple[str, ...]:
        legs = order.channel.legs
        if order.channel.one_number:
            return (self._issuers[legs[0][0]].number(order.index),) * len(legs)
        return tuple(self._issuers[slug].number(order.index) for slug, _, _ in legs)

    def _encoded(self, line: _Line) -> bytes:
        order, said = line.order, line.told
        if isinstance(said, Told):
            event = self._printer.statement(order, line.numbers, said)
            return encode(SeasonEvent(parcel=parcel_id(order.index), published_at=_at(said.shown), event=event))
        if isinstance(said, Spell):
            until = None if said.until is None or said.until >= self.plan.end_s else _at(int(said.until))
            return encode(SeasonTruth(parcel_id(order.index), said.problem, _at(int(said.since)), until, said.cause))
        return encode(_parcel(order, line.numbers, said))


def _by_time(line: _Line) -> tuple[int, int, int]:
    return line[:3]


def travel(nature: Nature, order: Order) -> Trip:
    """One parcel's way from the order to its end."""
    trip, doom = Trip(order, Dice(nature.seed, order.index, "way")), fate(nature.around, order)
    leave(nature, trip, doom)
    if trip.end is None:
        load = cross(nature, trip, doom)
        if trip.end is None:
            clear(nature, trip, doom, load)
        if trip.end is None:
            hand_over(nature, trip, doom, load)
    if trip.end is None:
        deliver(nature, trip, doom)
    trip.scans.sort()
    return trip


def parcel_id(index: int) -> str:
    """A parcel's id in the season file."""
    return f"p{index:07}"


def _at(t: int) -> datetime:
    return datetime.fromtimestamp(t, UTC)


def _parcel(order: Order, numbers: Sequence[str], cohort: str | None) -> SeasonParcel:
    legs = zip(order.channel.legs, numbers, strict=True)
    return SeasonParcel(
        id=parcel_id(order.index),
        legs=[SeasonLeg(slug, number, _stages(first, last)) for (slug, first, last), number in legs],
        origin="CN",
        destination=order.lane.destination,
        created_at=_at(order.created),
        ship_by=_at(order.ship_by),
        promised_by=_at(order.promised_by),
        carrier_estimate=_at(order.estimate),
        cohort=cohort,
        shop=order.shop,
        channel=order.channel.name,
        value=order.value,
        sku=order.sku,
    )


def _stages(first: str, last: str) -> list[str]:
    return list(STAGES[STAGES.index(first) : STAGES.index(last) + 1])
