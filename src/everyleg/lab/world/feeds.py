"""What carriers let the world see of a way, and when: words of their own, batches, outages, repetitions, mirrors.

A step that a carrier does not publish stays unseen. What it does publish becomes visible later than it happened; a
policy that asks before that moment does not see it.
"""

from collections.abc import Callable
from functools import cache
from math import exp
from typing import NamedTuple

from msgspec import Struct

from everyleg.core.vocabulary import STATUSES
from everyleg.lab.world.dice import Dice, cumulative
from everyleg.lab.world.hours import DAY, clock_s
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.tables import Feed, Lag
from everyleg.lab.world.trip import Scan, Trip

HOUR = 3600
_PLAINER = {
    "delivered_safe_place": "delivered",
    "delivered_neighbour": "delivered",
    "delivered_signed": "delivered",
    "delivered_collected": "delivered",
    "available_at_locker": "available_at_counter",
    "order_created": "label_created",
}
"""What is said where a carrier has no word as exact as the fact."""
_ALWAYS = frozenset(
    name for name, s in STATUSES.items() if s.milestone in ("delivered", "returned") or s.sub_status == "returning"
) | {"cancelled", "lost", "import_customs_seized", "order_created"}
"""Steps that no scanner forgets."""
_COARSER = {
    "destination_sorting": "arrived_facility",
    "departed_destination_sorting": "departed_facility",
    "arrived_delivery_depot": "arrived_facility",
    "recipient_absent": "attempt_failed",
    "address_problem": "attempt_failed",
    "delivered_safe_place": "delivered",
    "delivered_neighbour": "delivered",
    "delivered_signed": "delivered",
}
"""What an aggregator makes of steps when it is coarse."""


class Word(Struct, frozen=True, eq=False):
    """What a carrier says at a step."""

    sub_status: str
    text: str


class Told(NamedTuple):
    """One statement, and when it was first to be seen."""

    shown: int
    due: int
    """When it would have been, had the feed been up and nobody late."""
    leg: int
    feed: str
    """Carrier that tells it."""
    source: str
    word: Word
    place: str | None
    t: int
    """The moment that it speaks of, seconds since 1970."""
    basis: str
    """`offset`, `zone`, `place`, `assumed` or `date`."""
    skew: int
    """Seconds by which its source misread the clock."""
    step: str
    """What really happened."""


class Lags:
    """How long a carrier's statements take to become visible."""

    def __init__(self, nature: Nature, slug: str, feed: Feed) -> None:
        self._ways = feed.lag
        self._edges = cumulative([way.share for way in feed.lag])
        self._home = nature.around.clock(feed.home)
        self._outages = nature.incidents("feed_outage", slug)
        self._late = nature.tables.telling.late

    def seen(self, dice: Dice, t: float) -> tuple[int, int]:
        """When what happens at `t` becomes visible, and when it was due."""
        way = self._ways[dice.pick(self._edges)]
        due = self._by(way, dice, t)
        late = dice.seconds(self._late.lasts) if dice.u() < self._late.share.value else 0.0
        return self.after_outage(dice, due + late), int(due)

    def _by(self, way: Lag, dice: Dice, t: float) -> float:
        if way.median_min is not None:
            return t + 60 * way.median_min * exp(way.sigma * dice.normal())
        entered = t + 900 * (1 + dice.u())
        if way.every_h is not None:
            return next_batch(entered, way.every_h)
        day = self._home.day(entered)
        tonight = self._home.at(day, clock_s(way.daily or "00:00"))
        return tonight if tonight >= entered else tonight + DAY

    def after_outage(self, dice: Dice, shown: float) -> int:
        """The same, or when the feed is up again, in the hours in which it catches up."""
        outage = self._outages.at(shown)
        return int(outage.until + dice.u() * 3 * HOUR if outage else shown)


def next_batch(t: float, every_h: int) -> float:
    """The next full batch hour, UTC."""
    every = every_h * HOUR
    return -(-t // every) * every


class Feeds:
    """The carriers of the world, telling."""

    def __init__(self, nature: Nature) -> None:
        self._nature = nature
        self._telling = nature.tables.telling
        self._lags = {slug: Lags(nature, slug, feed) for slug, feed in self._telling.carriers.items()}
        self.word: Callable[[str, str], Word | None] = cache(self._word)
        """What a carrier says at a step; None for what it does not publish."""
        self._coarse: Callable[[str], Word] = cache(lambda step: Word(step, step.replace("_", " ").capitalize()))

    def tell(self, trip: Trip) -> list[Told]:
        """All statements about a trip, in the order of what they speak of, then of telling."""
        dice = Dice(self._nature.seed, trip.order.index, "told")
        legs = trip.order.channel.legs
        last = len(legs) - 1
        first, behind = legs[0 if len(legs) < 3 else 1][0], legs[last][0]
        mirror = self._telling.carriers[first].mirror
        mirrored = bool(mirror) and dice.chance(mirror.share if mirror else 0)
        second = dice.chance(self._telling.carriers[behind].second)
        told = self._announced(dice, trip, last)
        for scan in trip.scans:
            own = self._by_its_carrier(dice, scan, legs[scan.leg][0], told)
            if mirrored and scan.leg == last > 0:
                self._mirrored(dice, scan, last - 1, first, told)
            if second and scan.leg == last:
                self._second_source(dice, scan, behind, own, told)
        return told

    def _announced(self, dice: Dice, trip: Trip, last: int) -> list[Told]:
        """The label that the last mile knows of before it has the parcel."""
        slug = trip.order.channel.legs[last][0]
        feed, word = self._telling.carriers[slug], self.word(slug, "label_created")
        known, t = dice.chance(feed.announced), trip.order.created + (1 + 7 * dice.u()) * HOUR
        shown, due = self._lags[slug].seen(dice, t)
        if not known or word is None:
            return []
        return [Told(shown, due, last, slug, "carrier_api", word, None, int(t), feed.basis, 0, "label_created")]

    def _by_its_carrier(self, dice: Dice, scan: Scan, slug: str, told: list[Told]) -> int | None:
        """The statement of whoever scanned it; gives when it is shown, None for what is not."""
        feed, word = self._telling.carriers[slug], self.word(slug, scan.step)
        missed, basis = dice.u() < feed.missed and scan.step not in _ALWAYS, _basis(feed, dice.u())
        shown, due = self._lags[slug].seen(dice, scan.t)
        again, restated = dice.u() / self._telling.doubled.value, dice.u() / self._telling.restated.value
        if word is None or missed:
            return None
        one = Told(shown, due, scan.leg, slug, "carrier_api", word, scan.place, int(scan.t), basis, 0, scan.step)
        told.append(one)
        if again < 1:
            told.append(one._replace(shown=shown + int((1 + 20 * again) * HOUR)))
        if restated < 1 and scan.step not in _ALWAYS:
            told.append(one._replace(shown=shown + 5 * HOUR, t=one.t + 180))
        return shown

    def _mirrored(self, dice: Dice, scan: Scan, leg: int, slug: str, told: list[Told]) -> None:
        """The last mile's scan under the forwarder's number, when the forwarder has read it."""
        feed, word = self._telling.carriers[slug], self.word(slug, scan.step)
        left_out, read, ready = dice.u() < feed.missed, scan.t + HOUR * (0.5 + dice.u()), 600 * dice.u()
        if word is None or left_out or feed.mirror is None:
            return
        due = next_batch(read, feed.mirror.every_h) + ready
        shown = self._lags[slug].after_outage(dice, due)
        place, t = scan.place, int(scan.t)
        told.append(Told(shown, int(due), leg, slug, "carrier_api", word, place, t, feed.basis, 0, scan.step))

    def _second_source(self, dice: Dice, scan: Scan, slug: str, own: int | None, told: list[Told]) -> None:
        """The aggregator's version of what the carrier shows since `own`: coarser, to the minute, at times misread."""
        by, word = self._telling.aggregator, self.word(slug, scan.step)
        left_out, coarse, shifted = dice.u(), dice.u(), dice.u()
        wait = HOUR * dice.u()
        if word is None or own is None or left_out < by.left_out.value:
            return
        if coarse < by.coarser.value:
            word = self._coarse(_COARSER.get(scan.step, scan.step))
        wrong = shifted < by.shifted.value and scan.place is not None and scan.step not in _ALWAYS
        skew = self._nature.around.clock_at(scan.place).offset(scan.t) if wrong and scan.place else 0
        shown, t = int(next_batch(own + wait, by.every_h)), int(scan.t) // 60 * 60
        told.append(Told(shown, shown, scan.leg, slug, by.source, word, scan.place, t, "offset", skew, scan.step))

    def _word(self, slug: str, step: str) -> Word | None:
        feed = self._telling.carriers[slug]
        words = self._nature.tables.words[feed.words]
        step = step if step in words and step not in feed.silent else _PLAINER.get(step, step)
        if step not in words or step in feed.silent:
            return None
        said = words[step]
        return Word(step, said) if isinstance(said, str) else Word(*said)


def _basis(feed: Feed, u: float) -> str:
    if u < feed.zoneless:
        return "assumed"
    return "date" if u < feed.zoneless + feed.dated else feed.basis
