"""Parcels of the demo to which something odd happens, so that every page has something to show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from everyleg.lab.demo.asking import Asked, ask, is_end
from everyleg.lab.demo.plot import Scene, earlier_life
from everyleg.lab.rendering.showing import Leg, Published

Kind = Literal["recycled", "replaced", "replacement", "held", "unknown", "unreadable"]

_LIFE_BEFORE = timedelta(days=230)
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action='/login'></form></body></html>"
_NEW_CODES = {
    "yanwen": ("LM99", "Label photographed at the annex"),
    "4px": ("FPX_D_NEW", "包裹已拍照存档"),
    "royal-mail": ("EVZZZ", "Item photographed"),
}
"""What no manifest knows yet, by carrier."""


class Curiosity(Struct, frozen=True):
    """What is odd about a parcel."""

    parcel: str
    kind: Kind
    other: str | None = None
    """For a parcel that is replaced: the one that replaces it."""


class Curiosities(Struct):
    """All that is odd in a story, and what comes with it."""

    odd: list[Curiosity]
    lives: dict[str, Leg]
    """Tracking number → what its carrier still shows of the parcel that had it before."""
    bad_answers: list[Asked]
    """Answers that nobody can read."""


def curiosities(scenes: Sequence[Scene], first: datetime) -> Curiosities:
    """Pick odd parcels from those made before the demo's first day `first`, and make them odd.

    The same scenes give the same; events that no manifest knows are added to the scenes' legs.
    """
    old = [scene for scene in scenes if scene.parcel.created_at <= first]
    found = Curiosities([], {}, [])
    _recycle(old, found)
    _replace(old, first, found)
    found.odd += [Curiosity(scene.parcel.id, "held") for scene in old if _held(scene, first)][:5]
    for slug, said in _NEW_CODES.items():
        found.odd += _teach(old, slug, said)
    _spoil(old, first, found)
    return found


def _first(scenes: Iterable[Scene], fits: Callable[[Scene], bool]) -> list[Scene]:
    """The first that fits, or none."""
    return list(islice(filter(fits, scenes), 1))


def _recycle(scenes: Sequence[Scene], found: Curiosities) -> None:
    def fits(scene: Scene) -> bool:
        last = scene.legs[-1]
        news = last.published
        return last.carrier == "usps" and len(news) > 4 and news[0].event.milestone == "info_received"

    for scene in _first(scenes[len(scenes) // 3 :], lambda scene: fits(scene) and scene.end == "delivered"):
        found.lives[scene.legs[-1].number] = earlier_life(scene.legs[-1], _LIFE_BEFORE)
        found.odd.append(Curiosity(scene.parcel.id, "recycled"))


def _replace(scenes: Sequence[Scene], first: datetime, found: Curiosities) -> None:
    """What came to grief is sent again (补发)."""

    def failed(scene: Scene) -> bool:
        told = [one for one in scene.legs[-1].published if one.at <= first]
        return scene.end in ("lost", "returned", "seized") and any(is_end(one) for one in told)

    for lost in _first(scenes, failed):
        since = lost.parcel.created_at + timedelta(days=14)
        later = [scene for scene in scenes if scene.parcel.created_at >= since and scene is not lost]
        for new in later[:1]:
            found.odd.append(Curiosity(lost.parcel.id, "replaced", new.parcel.id))
            found.odd.append(Curiosity(new.parcel.id, "replacement"))


def _held(scene: Scene, now: datetime) -> bool:
    return any(since <= now and (until is None or now < until) for since, until in scene.held)


def _teach(scenes: Sequence[Scene], slug: str, said: tuple[str, str]) -> Iterator[Curiosity]:
    """Let a carrier say something new in the middle of a parcel's way."""
    code, text = said
    for scene in _first(scenes[len(scenes) // 2 :], partial(_told_by, slug)):
        leg = next(leg for leg in scene.legs if leg.carrier == slug)
        at = len(leg.published) // 2
        near = leg.published[at]
        event = replace(
            near.event,
            code=code,
            text=text,
            sub_status="other",
            occurred_at=near.event.occurred_at + timedelta(minutes=7),
        )
        leg.published.insert(at + 1, Published(near.at, event))
        yield Curiosity(scene.parcel.id, "unknown")


def _told_by(slug: str, scene: Scene) -> bool:
    return any(leg.carrier == slug and len(leg.published) > 5 for leg in scene.legs)


def _spoil(scenes: Sequence[Scene], first: datetime, found: Curiosities) -> None:
    """A page to sign in instead of an answer, and an answer cut off in the middle."""
    for slug in ("cainiao", "usps"):
        for scene in _first(scenes[len(scenes) // 2 :], partial(_told_by, slug)):
            leg = next(leg for leg in scene.legs if leg.carrier == slug)
            asked = ask([leg], min(leg.published[-1].at, first) - timedelta(minutes=9))
            body = _PAGE if slug == "cainiao" else asked.body[: len(asked.body) // 2]
            found.bad_answers.append(replace(asked, body=body))
            found.odd.append(Curiosity(scene.parcel.id, "unreadable"))
