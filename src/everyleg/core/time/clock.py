"""A time as a source printed it, before anybody asks which instant it was."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Precision = Literal["date", "minute", "second"]
"""How fine a printed time is. A date has no clock at all."""

FIRST_YEAR, LAST_YEAR = 1971, 2199
"""Years that a parcel's time can have. Outside lie placeholders (year 1, 1900, epoch 0, 9999) and misread numbers."""


class LayoutError(ValueError):
    """A value does not fit the layout that it was said to have."""


class Clock(Struct, frozen=True, gc=False):
    """What a value says, no more: a wall clock, perhaps with its offset or zone, or an instant."""

    local: datetime | None
    """The wall clock as printed, naive; midnight for a date; None for an instant."""
    offset: int | None
    """Minutes east of UTC, if the source stated them with the value. `Z` is 0."""
    instant: datetime | None
    """Aware, UTC: for epoch and .NET values."""
    precision: Precision
    zone: str | None = None
    """What the source called the zone, where that is no offset: `America/Toronto`, `EST`."""
