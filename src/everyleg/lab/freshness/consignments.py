"""A season in which parcels travel in batches of 20 to 2,000, as the consignments of forwarders do.

The lab's world fills a consignment with whoever is at the gateway when it closes. Of a world with many orders on few
days some consignments are taken, each down to a size drawn beforehand: between two sizes lie as many batches as between
any others of the same proportion.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from everyleg.lab.freshness.journeys import Journey, journeys
from everyleg.lab.season import Line, SeasonEvent, moment
from everyleg.lab.world import Plan, World, parcel_id
from everyleg.lab.world.dice import Dice, seed_of
from everyleg.lab.world.making import travel
from everyleg.numbers.formats import Format

LEAST, MOST = 20, 2000
"""Parcels of a batch."""

_ORDERS: Final = 60_000
_DAYS: Final = 5
"""On which those are made of which consignments are filled: so many on so few days that the largest are full."""

_MEAN: Final = 430
"""Parcels of a batch, about: (2,000 - 20) ÷ log(2,000 ÷ 20)."""


def batched(seed: int, parcels: int, formats: Mapping[str, Sequence[Format]], orders: int = _ORDERS) -> list[Journey]:
    """Parcels in batches, some `parcels` of them; at least two batches.

    Args:
        seed: of the world, and of which consignments are taken.
        parcels: about how many.
        formats: number formats by carrier.
        orders: of which consignments are filled; with fewer, the largest are smaller than drawn.
    """
    world = World(Plan(seed, orders, days=_DAYS), formats)
    taken = _taken(_consignments(world), sizes(seed, max(round(parcels / _MEAN), 2)), seed)
    return journeys(_lines(world, taken))


def sizes(seed: int, batches: int) -> list[int]:
    """Of so many batches, the largest first: one drawn of each equal part of the scale from 20 to 2,000."""
    dice = Dice(seed, "batches")
    parts = [(batch + dice.u()) / batches for batch in range(batches)]
    return [round(LEAST * (MOST / LEAST) ** part) for part in reversed(parts)]


def _consignments(world: World) -> dict[str, list[int]]:
    """Those inside each, by index."""
    inside: dict[str, list[int]] = defaultdict(list)
    for index in range(world.plan.parcels):
        cohort = travel(world.nature, world.nature.orders.order(index)).cohort
        if cohort is not None:
            inside[cohort].append(index)
    return inside


def _taken(inside: Mapping[str, Sequence[int]], wanted: Sequence[int], seed: int) -> list[int]:
    """The parcels of one consignment for each size, drawn from those that hold as many; or else the fullest."""
    left, taken = dict(inside), list[int]()
    for size in wanted:
        enough = [cohort for cohort in left if len(left[cohort]) >= size] or [max(left, key=lambda one: len(left[one]))]
        taken += left.pop(min(enough, key=lambda one: seed_of(seed, "taken", one)))[:size]
    return taken


def _lines(world: World, taken: Sequence[int]) -> Iterator[Line]:
    """Parcels and events of a season, each parcel's in order of time, as far as the season goes."""
    for index in taken:
        made = world.parcel(index)
        parcel = world.season_parcel(made)
        yield parcel
        told = zip(made.told, world.statements(made), strict=True)
        lines = (SeasonEvent(parcel_id(index), datetime.fromtimestamp(one.shown, UTC), event) for one, event in told)
        yield from sorted((line for line in lines if moment(line) < world.plan.end), key=moment)
