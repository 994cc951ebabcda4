"""What kind of news an event is, as far as somebody waits for it, and by which clock its place goes."""

from typing import Final

from everyleg.core.model import Statement

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


def clock_offset_s(told: Statement) -> int:
    """Seconds east of UTC of the clock at an event's place, as far as it says; 0 where nothing does."""
    if told.utc_offset is not None:
        return told.utc_offset * 60
    if told.occurred_local is None or told.time_basis == "date":
        return 0
    local = told.occurred_local.replace(tzinfo=told.occurred_at.tzinfo)
    return round((local - told.occurred_at).total_seconds() / 900) * 900


def kind_of(milestone: str, sub_status: str) -> int:
    """The index in `KINDS` of news with this milestone and sub-status; the vocabulary is `core/data/statuses.csv`."""
    if milestone == "delivered":
        return DELIVERED
    if milestone == "out_for_delivery":
        return OUT_FOR_DELIVERY
    if sub_status in _RELEASED:
        return CUSTOMS_RELEASED
    return FACILITY if sub_status in _FACILITIES else OTHER
