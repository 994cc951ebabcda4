"""YunExpress track-service, JSON: oldest first, the clock at the place and the same moment in UTC."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json


def _event(scan: Scan) -> dict[str, Any]:
    local = f"{scan.at:%Y-%m-%d}T00:00" if scan.clock == "day" else f"{scan.at:%Y-%m-%dT%H:%M:%S}"
    return {
        "process_time": local,
        "process_utc_time": f"{scan.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if scan.clock == "offset" else None,
        "process_content": scan.text,
        "process_country": scan.country,
        "process_province": scan.region,
        "process_city": scan.city,
        "process_location": scan.city,
        "track_node_code": scan.code,
        "track_node_description": "",
        "node_labels": [],
        "pod_url": "",
        "pod_urls": [],
    }


def _package(shown: Shown) -> dict[str, Any]:
    origin, destination = shown.ends
    last = shown.scans[-1]
    status = {"DELIVERED": "D", "RETURNED": "R", "ORDER_CREATION": "F"}.get(last.code, "T")
    track: dict[str, Any] = {
        "waybill_number": shown.number,
        "tracking_number": shown.next.number if shown.next else None,
        "customer_order_number": "EXAMPLE-1",
        "product_code": "EXPRD",
        "product_name": "Example product",
        "channel_code": "EXCH",
        "origin_code": origin,
        "destination_code": destination,
        "actual_weight": 0.215,
        "last_mile_name": shown.next.name if shown.next else None,
        "track_events": [_event(scan) for scan in shown.scans],
    }
    if shown.estimate:
        track |= {f"EstimatedDelivery{end}DateZone": f"{shown.estimate:%Y-%m-%d}" for end in ("From", "To")}
    return {"order_number": shown.number, "package_status": status, "track_Info": track}


def _envelope(result: Any, code: str = "0", words: str = "") -> bytes:
    return as_json({"success": code == "0", "code": code, "msg": words, "t": 1794000000000, "result": result})


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    return _envelope([_package(one) for one in shown if one.scans])


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know."""
    return Reply(_envelope(None, "10404", f"The waybill {numbers[0]} does not exist"))


SHAPE = Shape(
    "yunexpress",
    JSON,
    found,
    nothing,
    Reply(_envelope(None, "10429", "Too many requests, the interface is called too frequently")),
    Reply(_envelope(None, "10401", "The signature is wrong")),
)
