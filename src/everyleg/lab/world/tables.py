"""The tables of the world (YAML beside this file) and their schema. Nothing about the world stands in code that could
stand here."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from everyleg.lab.world.figures import Share, Span


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table or a row of one: nothing else may stand in it."""


class Week(Table, frozen=True):
    """A working week: Monday to Sunday, `HH:MM-HH:MM` local or null."""

    hours: tuple[str | None, ...]
    source: str
    rests: bool = True
    """Whether public holidays are free."""


class Calendar(Table, frozen=True):
    """Working weeks by name, public holidays by country."""

    holidays: dict[str, list[date]]
    weeks: dict[str, Week]


class Spot(Table, frozen=True):
    """A place where parcels are handled."""

    city: str
    region: str | None
    country: str
    zone: str
    code: str | None
    postal: str | None
    lat: float
    lon: float


class Departures(Table, frozen=True):
    """When a lane's flights or vessels leave, local time of the gateway."""

    days: list[int]
    """1 is Monday."""
    at: str
    cutoff_h: float
    """How long before that a consignment must be there."""
    source: str


class Customs(Table, frozen=True):
    """Import clearance: whose hours, and how many of them it takes."""

    week: str
    work: Span


class Hold(Table, frozen=True):
    """Holds of single parcels by import customs."""

    share: float
    source: str
    work: Span
    """Working hours of customs."""
    steps: dict[str, float]
    """What is told of it, by weight."""


class Waits(Table, frozen=True):
    """Shares of parcels that go to a counter or a locker instead of the door."""

    counter: float
    locker: float
    source: str


class Reach(Table, frozen=True):
    """Spread of the way from the arrival to a city; the medians stand with the cities."""

    sigma: float
    source: str


class Lane(Table, frozen=True):
    """One way from China to a country."""

    name: str
    destination: str
    mode: Literal["air", "sea"]
    share: Share
    gateway: str
    arrival: str
    departures: Departures
    transit: Span
    delay: Span
    discharge: Span
    customs: Customs
    hold: Hold
    first_attempt_fails: Share
    waits_at: Waits
    hands_over: dict[str, float]
    """How a delivery ends at the door, by weight."""
    cities: dict[str, tuple[float, float]]
    """Weight, and median hours of hub time from the hand-over until the depot."""
    reach: Reach
    hub: str | None = None
    """A transit airport."""
    hub_stop: Span | None = None
    hurry: Share | None = None
    """The part of the ordinary time that warehouse and export take; all of it where missing."""


class Channel(Table, frozen=True):
    """What a seller ships by."""

    name: str
    lane: str
    share: float
    """Of its lane."""
    estimate_days: int
    promise_days: int
    legs: list[tuple[str, str, str]]
    """Carrier, first and last stage."""
    one_number: bool = False


class Shop(Table, frozen=True):
    """A seller."""

    name: str
    share: float
    ready: Span
    """Working hours from the order until the parcel is packed."""


class Skus(Table, frozen=True):
    """What is sold: how many articles, and what they cost in USD."""

    count: int
    value_median: float
    value_sigma: float
    source: str


class Trade(Table, frozen=True):
    """Channels and shops."""

    source: str
    channels: list[Channel]
    shops: list[Shop]
    skus: Skus


class Trouble(Table, frozen=True):
    """A trouble of single things: how often, how long."""

    share: Share
    lasts: Span


class Shared(Table, frozen=True):
    """A trouble that many parcels share."""

    every_days: float
    """Mean time between two of one carrier, shop or country."""
    lasts: Span
    hits: Share
    """Of the parcels in its way."""


class Peak(Table, frozen=True, rename={"from_": "from"}):
    """The busy season, month-day, and how much slower or fuller it is."""

    from_: str
    to: str
    last_mile: float
    orders_from: str
    orders_to: str
    orders: float
    source: str


class Flights(Table, frozen=True):
    """Troubles of departures."""

    cancelled: Share
    left_behind: Share


class Consignments(Table, frozen=True):
    """MAWBs, containers and despatches, and the bags in them."""

    held: Trouble
    bags: int
    bag_mislaid: Trouble


class Common(Table, frozen=True):
    """The common effect of a lane's week: logarithms that follow each other, and weeks that are plainly slow."""

    weeks_sigma: float
    weeks_memory: float
    slow_week: Share
    slow_times: float
    source: str


class TruthRules(Table, frozen=True):
    """From when on a standstill counts as a truth."""

    hold_least_h: float
    silence_least_h: float
    source: str


class Returns(Table, frozen=True):
    """How long a return takes."""

    to_sender: Span


class Problems(Table, frozen=True):
    """Everything that goes wrong."""

    own: dict[str, Trouble]
    choices: dict[str, Share]
    lost_at: dict[str, float]
    stands_at: dict[str, float]
    lost_more_in: dict[int, float]
    peak: Peak
    returns: Returns
    shared: dict[str, Shared]
    flights: Flights
    consignments: Consignments
    common: Common
    truths: TruthRules


class Lag(Table, frozen=True):
    """One way in which a statement becomes visible; exactly one of `median_min`, `every_h` and `daily`."""

    share: float
    median_min: float | None = None
    sigma: float = 0.0
    every_h: int | None = None
    daily: str | None = None
    """Local time of the carrier's home."""


class Mirror(Table, frozen=True):
    """That a carrier shows the last mile's scans under its own number."""

    share: float
    every_h: int


class Feed(Table, frozen=True):
    """How one carrier tells what happens; `carriers.yaml` explains the fields."""

    number: str
    home: str
    words: str
    lang: str
    silent: list[str]
    basis: Literal["offset", "zone", "place"]
    zoneless: float
    dated: float
    place: Literal["full", "city", "country", "none"]
    missed: float
    lag: list[Lag]
    mirror: Mirror | None = None
    announced: float = 0.0
    second: float = 0.0


class Aggregator(Table, frozen=True):
    """The second source of some last miles."""

    source: str
    every_h: int
    shifted: Share
    """Statements whose clock it takes for one of another zone."""
    coarser: Share
    left_out: Share


class Telling(Table, frozen=True):
    """How the world's carriers tell."""

    source: str
    carriers: dict[str, Feed]
    rounds: dict[str, str]
    """Carrier → the week in which it delivers."""
    late: Trouble
    doubled: Share
    restated: Share
    aggregator: Aggregator


Words = dict[str, dict[str, str | tuple[str, str]]]
"""Set of words → step → text, or sub-status and text."""


class Tables(Struct, frozen=True):
    """All tables."""

    sources: dict[str, str]
    calendar: Calendar
    places: dict[str, Spot]
    lanes: list[Lane]
    trade: Trade
    steps: dict[str, Span]
    """How long the ordinary steps take."""
    problems: Problems
    telling: Telling
    words: Words


_FILES = {
    "sources": "sources",
    "calendar": "calendar",
    "places": "places",
    "lanes": "lanes",
    "trade": "channels",
    "steps": "steps",
    "problems": "problems",
    "telling": "carriers",
    "words": "words",
}


@cache
def tables() -> Tables:
    """The tables that ship with the product.

    Raises:
        ValueError: when a table does not fit its schema, or a figure names a source that `sources.yaml` lacks.
    """
    found = msgspec.convert({field: _read(name) for field, name in _FILES.items()}, Tables)
    if missing := sorted(set(named_sources(found)) - set(found.sources)):
        raise ValueError(f"sources.yaml lacks {', '.join(missing)}; every figure says where it is from")
    return found


def _read(name: str) -> Any:
    return yaml.load(resources.files(__package__).joinpath(f"{name}.yaml").read_bytes(), yaml.CSafeLoader)


def named_sources(part: Any) -> Iterator[str]:
    """The sources that the figures of a table, or a part of one, name."""
    if isinstance(part, Struct):
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if name == "source" and not isinstance(part, Aggregator):
                yield value
            else:
                yield from named_sources(value)
    elif isinstance(part, dict):
        for value in part.values():
            yield from named_sources(value)
    elif isinstance(part, list):
        for value in part:
            yield from named_sources(value)
