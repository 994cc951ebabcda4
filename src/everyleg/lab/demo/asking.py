"""When somebody asks a carrier about a number, and what is answered: the demo's stand-in for a planner."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Leg, Published
from everyleg.lab.world.dice import Dice

CHECK_EVERY = timedelta(hours=6)
"""How old the newest answer about a number gets that is still on the way."""
_QUIET_AFTER = timedelta(days=21)
"""A number that has said nothing for so long is not asked any more."""
_ENDS = frozenset({"cancelled", "lost", "import_customs_seized", "destroyed"})


class Asked(Struct, frozen=True):
    """A question that was asked, and the bytes that came back."""

    at: datetime
    carrier: str
    number: str
    body: bytes


def history(leg: Leg, until: datetime, every: timedelta) -> Iterator[datetime]:
    """When a number was asked up to a moment so that each of its news was seen.

    Once before the first, then at each round that brought something, and last some hours before the end if it is still
    on the way.
    """
    news = [one.at for one in leg.published if one.at <= until]
    if not news:
        yield until - phase(leg, CHECK_EVERY)
        return
    at, seen = news[0] - phase(leg, every), 0
    yield at
    while seen < len(news):
        at = min(at + every, until)
        count = sum(one <= at for one in news)
        if count > seen:
            seen = count
            yield at
    if open_at(leg, until):
        yield max(at, until - phase(leg, CHECK_EVERY))


def open_at(leg: Leg, now: datetime) -> bool:
    """Whether a number is still asked: its end is not visible yet, and it was not quiet for weeks."""
    visible = [one for one in leg.published if one.at <= now]
    last = visible[-1].at if visible else leg.parcel.created_at
    return now - last < _QUIET_AFTER and not any(is_end(one) for one in visible)


def is_end(one: Published) -> bool:
    """Whether nothing more is awaited after a statement."""
    return one.event.milestone in ("delivered", "returned") or one.event.sub_status in _ENDS


def phase(leg: Leg, every: timedelta) -> timedelta:
    """A share of `every` that differs from number to number: whoever asks does not ask all at the same moment."""
    return every * Dice("phase", leg.carrier, leg.number).u()


def due(leg: Leg, last: datetime, now: datetime) -> bool:
    """Whether a number is asked now that was last asked at `last`: there is news, or its newest answer is old."""
    news = any(last < one.at <= now for one in leg.published)
    return news or (now - last >= CHECK_EVERY and open_at(leg, now))


def ask(legs: Iterable[Leg], at: datetime) -> Asked:
    """What a carrier says of a number at a moment; several legs are the lives of one number, oldest first."""
    lives = list(legs)
    shape, latest = SHAPES[lives[-1].carrier], lives[-1].shown(at)
    scans = [scan for leg in lives for scan in leg.shown(at).scans]
    shown = type(latest)(latest.number, scans, latest.origin, latest.destination, latest.next, latest.estimate)
    return Asked(at, shape.slug, latest.number, shape.answer([shown]).body)
