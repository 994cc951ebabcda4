"""What goes wrong on the way to an answer: drawn by seed, so that the same questions meet the same troubles."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from math import exp
from typing import Literal

import msgspec
import yaml
from msgspec import Struct

from everyleg.lab.rendering.scans import Reply, Scan, Shape, Shown
from everyleg.lab.world.dice import Dice

Trouble = Literal["limited", "failed", "half", "garbage", "login_page", "empty", "reordered"]

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action='/login'></form></body></html>"
)


class Delay(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds before an answer."""

    median: float
    sigma: float = 0.0


class Ban(Struct, frozen=True, forbid_unknown_fields=True):
    """What follows on asking on and on."""

    after: int
    minutes: int


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """How a server misbehaves; `profiles.yaml` says what the fields mean."""

    delay_s: Delay | None = None
    limited: float = 0.0
    failed: float = 0.0
    half: float = 0.0
    garbage: float = 0.0
    login_page: float = 0.0
    empty: float = 0.0
    reordered: float = 0.0
    per_minute: int | None = None
    ban: Ban | None = None
    account: bool = False


@cache
def profiles() -> dict[str, Profile]:
    """The profiles that ship with the product, by name."""
    read = yaml.safe_load(resources.files(__package__).joinpath("profiles.yaml").read_bytes())
    return msgspec.convert(read, dict[str, Profile])


class Fate(Struct, frozen=True):
    """What happens to one request."""

    delay_s: float = 0.0
    trouble: Trouble | Literal["banned"] | None = None
    retry_after_s: int | None = None


class Faults:
    """The troubles of one server."""

    def __init__(self, profile: Profile, seed: int) -> None:
        """Start with nobody limited and nobody banned."""
        self.profile, self._seed = profile, seed
        self._asked = Counter[tuple[str, tuple[str, ...]]]()
        self._minute: dict[str, tuple[datetime, int]] = {}
        self._in_a_row = Counter[str]()
        self._banned: dict[str, datetime] = {}

    def fate(self, slug: str, numbers: Sequence[str], now: datetime) -> Fate:
        """What happens to the next request of that carrier for those numbers."""
        subject = (slug, tuple(numbers))
        self._asked[subject] += 1
        dice = Dice(self._seed, "request", slug, *numbers, self._asked[subject])
        delay, trouble, wait = self._delay(dice), self._draw(dice), 1 + int(60 * dice.u())
        told = dice.chance(0.5)
        if self._is_banned(slug, now):
            return Fate(delay, "banned")
        if trouble == "limited" or self._over(slug, now):
            self._count_limited(slug, now)
            return Fate(delay, "limited", wait if told else None)
        self._in_a_row[slug] = 0
        return Fate(delay, trouble)

    def _delay(self, dice: Dice) -> float:
        spread, said = dice.normal(), self.profile.delay_s
        return said.median * exp(said.sigma * spread) if said else 0.0

    def _draw(self, dice: Dice) -> Trouble | None:
        u, profile = dice.u(), self.profile
        shares: dict[Trouble, float] = {
            "limited": profile.limited,
            "failed": profile.failed,
            "half": profile.half,
            "garbage": profile.garbage,
            "login_page": profile.login_page,
            "empty": profile.empty,
            "reordered": profile.reordered,
        }
        for trouble, share in shares.items():
            if u < share:
                return trouble
            u -= share
        return None

    def _is_banned(self, slug: str, now: datetime) -> bool:
        until = self._banned.get(slug)
        return until is not None and now < until

    def _over(self, slug: str, now: datetime) -> bool:
        minute = now.replace(second=0, microsecond=0)
        since, count = self._minute.get(slug, (minute, 0))
        count = count + 1 if since == minute else 1
        self._minute[slug] = (minute, count)
        return self.profile.per_minute is not None and count > self.profile.per_minute

    def _count_limited(self, slug: str, now: datetime) -> None:
        self._in_a_row[slug] += 1
        ban = self.profile.ban
        if ban and self._in_a_row[slug] >= ban.after:
            self._banned[slug] = now + timedelta(minutes=ban.minutes)
            self._in_a_row[slug] = 0


def reply(shape: Shape, shown: Sequence[Shown], fate: Fate, dice: Dice) -> Reply:
    """The answer of a carrier under a fate."""
    if fate.trouble == "banned":
        return shape.refused
    if fate.trouble == "limited":
        headers = {"retry-after": str(fate.retry_after_s)} if fate.retry_after_s is not None else {}
        return msgspec.structs.replace(shape.limited, headers=headers)
    if fate.trouble == "failed":
        return Reply(b"<html><body><h1>503 Service Unavailable</h1></body></html>", 503, "text/html")
    if fate.trouble == "reordered":
        shown = [msgspec.structs.replace(one, scans=_shuffled(one.scans, dice)) for one in shown]
    return _spoiled(shape.answer(shown), fate, dice)


def _spoiled(good: Reply, fate: Fate, dice: Dice) -> Reply:
    if fate.trouble == "login_page":
        return Reply(LOGIN_PAGE, 200, "text/html")
    if fate.trouble == "empty":
        return Reply(b"", 200, good.media)
    if fate.trouble == "garbage":
        return Reply(bytes(int(256 * dice.u()) for _ in range(200)), 200, good.media)
    if fate.trouble == "half":
        return Reply(good.body[: len(good.body) // 2], 200, good.media)
    return good


def _shuffled(items: Sequence[Scan], dice: Dice) -> list[Scan]:
    return [item for _, item in sorted(((dice.u(), item) for item in items), key=lambda pair: pair[0])]
