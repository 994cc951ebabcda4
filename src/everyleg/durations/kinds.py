"""What kind of news an event is, as far as somebody waits for it, and by which clock its place goes."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from everyleg.core.model import Statement
from everyleg.core.time.zones import zone, zones_of
from everyleg.core.vocabulary import STATUSES

KINDS: Final = ("other", "facility", "customs_released", "out_for_delivery", "delivered")
"""Kinds of news, in the order of their index; each sub-status is of exactly one."""

OTHER, FACILITY, CUSTOMS_RELEASED, OUT_FOR_DELIVERY, DELIVERED = range(len(KINDS))

_RELEASED = frozenset({"customs_released", "import_customs_released", "export_customs_released"})
_FACILITIES = frozenset(
    {
        "arrived_facility",
        "departed_facility",
        "arrived_delivery_depot",
        "arrived_destination_city",
        "destination_sorting",
        "departed_destination_sorting",
        "origin_sorting",
        "departed_origin_sorting",
    }
)


_ABROAD: Final = frozenset({"import_customs", "last_mile"})


def is_abroad(told: Statement) -> bool:
    """Whether an event is told of the country of destination, by its stage or by what happened."""
    status = STATUSES.get(told.sub_status)
    return told.stage in _ABROAD or (status is not None and status.stage in _ABROAD)


def clock_offset_s(told: Statement, country: str | None = None) -> int:
    """Seconds east of UTC of the clock at an event's place, as far as it says.

    Args:
        told: the event.
        country: where it probably is, for one that says neither its clock nor its country; 0 where that is not known.
    """
    if told.utc_offset is not None:
        return told.utc_offset * 60
    if told.occurred_local is None or told.time_basis == "date":
        return _usual_s(told.place.country or country or "", told.occurred_at.year, told.occurred_at.month)
    local = told.occurred_local.replace(tzinfo=told.occurred_at.tzinfo)
    return round((local - told.occurred_at).total_seconds() / 900) * 900


@lru_cache(maxsize=4096)
def _usual_s(country: str, year: int, month: int) -> int:
    """Seconds east of UTC of a country's middle clock, on the first of a month."""
    noons = (datetime(year, month, 1, 12, tzinfo=zone(name)) for name in zones_of(country))
    offsets = sorted(noon.utcoffset() or timedelta() for noon in noons)
    return round(offsets[len(offsets) // 2].total_seconds()) if offsets else 0


def kind_of(milestone: str, sub_status: str) -> int:
    """The index in `KINDS` of news with this milestone and sub-status; the vocabulary is `core/data/statuses.csv`."""
    if milestone == "delivered":
        return DELIVERED
    if milestone == "out_for_delivery":
        return OUT_FOR_DELIVERY
    if sub_status in _RELEASED:
        return CUSTOMS_RELEASED
    return FACILITY if sub_status in _FACILITIES else OTHER
