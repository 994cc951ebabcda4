"""Yanwen tracking, JSON: oldest first, wall clock with the offset in a sibling field."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json

_AROUND = {"requestTime": "2026-11-02T19:28:56.0000000+08:00", "elapsedMilliseconds": {"total": 12}}


def _zone(scan: Scan) -> str | None:
    if scan.clock != "offset":
        return None
    seconds = int((scan.at.utcoffset() or timedelta()).total_seconds())
    hours = f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02}"
    return hours if seconds % 3600 == 0 else f"{hours}:{abs(seconds) % 3600 // 60:02}"


def _point(scan: Scan) -> dict[str, Any]:
    return {
        "time_stamp": f"{scan.at:%Y-%m-%d}" if scan.clock == "day" else f"{scan.at:%Y-%m-%dT%H:%M:%S}",
        "time_zone": _zone(scan),
        "tracking_status": scan.code,
        "message": scan.text,
        "location": scan.city or scan.country,
        "is_last_mile_checkpoint": int(scan.code.startswith("LM")),
        "extraProperties": None,
    }


def _result(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return {
            "tracking_number": shown.number, "waybill_number": shown.number, "exchange_number": None,
            "checkpoints": [], "tracking_status": "NOTFOUND", "last_mile_tracking_expected": False,
        }  # fmt: skip
    origin, destination = shown.ends
    return {
        "tracking_number": shown.number, "waybill_number": shown.number,
        "exchange_number": shown.next.number if shown.next else None,
        "checkpoints": [_point(scan) for scan in shown.scans], "tracking_status": shown.scans[-1].code,
        "tracking_status_waybill": {"level1": 2, "level2": 0, "level3": None}, "last_mile_tracking_expected": True,
        "origin_country": origin, "destination_country": destination,
    }  # fmt: skip


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"code": 0, "message": "success", "result": [_result(one) for one in shown], **_AROUND})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]))


def _error(code: int, message: str) -> Reply:
    return Reply(as_json({"code": code, "message": message, "result": None, **_AROUND}))


SHAPE = Shape(
    "yanwen",
    JSON,
    found,
    nothing,
    _error(429, "Too many requests"),
    _error(401, "Authorization is invalid"),
)
