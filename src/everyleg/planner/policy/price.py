"""What a call costs: tuned until as many numbers are asked as the account's quota allows, less what is kept back."""

from datetime import datetime, timedelta
from math import exp
from typing import Final

from msgspec import Struct

KEPT: Final = 0.1
"""Share of a quota that is kept for asking now."""

USUAL: Final = 1.0
"""Weighted hours of ignorance that a call costs where nothing limits us: about as many calls as every six hours."""

LEAST, DEAREST = 0.25, 200.0
"""A cheaper call would be spent on next to nothing; a dearer one would never be made."""

_REMEMBERS: Final = timedelta(hours=6)
"""How far back the present rate of asking is seen."""

_TUNED_EVERY: Final = timedelta(minutes=15)

_SLOWLY: Final = 0.25
"""Root of the overshoot by which the price moves each time: calls fall with about the root of the price, and what is
already planned is planned."""


class Price(Struct, frozen=True):
    """Of the calls to one source."""

    price: float
    rate: float
    """Numbers asked in a day, as it goes at present."""
    counted_at: datetime
    tuned_at: datetime


def first_price(now: datetime) -> Price:
    """Before anything was asked."""
    return Price(USUAL, 0.0, now, now)


def counted(price: Price, numbers: int, now: datetime) -> Price:
    """After so many numbers more were asked."""
    past = max((now - price.counted_at) / _REMEMBERS, 0.0)
    rate = price.rate * exp(-past) + numbers * (timedelta(days=1) / _REMEMBERS)
    return Price(price.price, rate, max(now, price.counted_at), price.tuned_at)


def tuned(price: Price, allowed: float | None, now: datetime) -> Price:
    """Dearer where more is asked than may be, cheaper where less; at most every quarter of an hour.

    Args:
        price: as it was.
        allowed: numbers that the quotas let us ask in a day; None: nothing limits us.
        now: the time.
    """
    if now - price.tuned_at < _TUNED_EVERY:
        return price
    if allowed is None:
        return Price(USUAL, price.rate, price.counted_at, now)
    room = max(allowed * (1 - KEPT), 1e-6)
    factor = min(max((max(price.rate, 1e-6) / room) ** _SLOWLY, 0.5), 2.0)
    return Price(min(max(price.price * factor, LEAST), DEAREST), price.rate, price.counted_at, now)
