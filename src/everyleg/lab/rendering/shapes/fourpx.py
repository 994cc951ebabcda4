"""4PX open platform, JSON: newest first, wall clocks of the place; the offset stands beside only some of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, newest_first, offset_of


def _track(scan: Scan, destination: str) -> dict[str, Any]:
    return {
        "businessLinkCode": scan.code or "FPX_O_IR",
        "occurDatetime": f"{scan.at:%Y-%m-%d %H:%M:%S}",
        "occurLocation": ",".join(filter(None, (scan.city.upper(), scan.country))),
        "trackingContent": scan.text,
        "destinationCountry": destination,
        # Only abroad: at home nobody thought of zones.
        "timeZone": f"UTC{offset_of(scan.at)}" if _abroad(scan) else None,
    }


def _abroad(scan: Scan) -> bool:
    return scan.clock == "offset" and scan.at.utcoffset() != timedelta(hours=8)


def _envelope(data: Any, words: str = "success", code: str = "") -> bytes:
    errors = [{"errorCode": code, "errorMsg": words}] if code else []
    return as_json({"result": "0" if code else "1", "msg": words, "errors": errors, "data": data})


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    one = next(one for one in shown if one.scans)
    _, destination = one.ends
    data: dict[str, Any] = {"deliveryOrderNo": one.number}
    if one.next:
        data["serverCode"] = one.next.number
    return _envelope(data | {"trackingList": [_track(scan, destination) for scan in newest_first(one)]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know: an order without tracks."""
    return Reply(_envelope({"deliveryOrderNo": numbers[0], "trackingList": []}))


SHAPE = Shape(
    "4px",
    JSON,
    found,
    nothing,
    Reply(_envelope(None, "请求频繁，请稍后再试", "0000011")),
    Reply(_envelope(None, "sign is invalid", "0000004")),
)
