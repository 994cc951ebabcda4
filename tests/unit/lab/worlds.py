"""Small worlds to look at, made once."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import everyleg.carriers
from everyleg.core.fold import Facts, fold
from everyleg.core.model import Link, Ref
from everyleg.lab.world import Plan, World
from everyleg.ports.number_formats import load_formats


@cache
def formats():
    return load_formats([Path(everyleg.carriers.__file__).parent])


def world(seed=1, parcels=0, **plan):
    return World(Plan(seed, parcels, **plan), formats())


@cache
def some(seed=1, parcels=1500):
    """A world, and its first parcels whole."""
    here = world(seed, parcels)
    return here, [here.parcel(index) for index in range(parcels)]


@cache
def season(seed=1, parcels=150):
    return list(world(seed, parcels).lines())


def refs(made):
    return [Ref(slug, n) for (slug, _, _), n in zip(made.trip.order.channel.legs, made.numbers, strict=True)]


def timelines(here, made):
    """What the product makes of all that was published of a parcel."""
    chain = refs(made)
    links = [Link("same_parcel", up, down, "last_mile") for up, down in pairwise(chain)]
    return fold(Facts("CN", made.trip.order.lane.destination), [], links, here.statements(made))
