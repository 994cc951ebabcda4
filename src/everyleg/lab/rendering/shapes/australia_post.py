"""Australia Post Shipping and Tracking API, JSON: newest first, ISO with offset, phrases and a few codes."""

from collections.abc import Sequence
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, iso, newest_first


def _event(scan: Scan) -> dict[str, Any]:
    place = f"{scan.city.upper()} {scan.region}".strip() if scan.country == "AU" else _abroad(scan)
    said = {"location": place, "description": scan.text, "date": iso(scan)}
    return {k: v for k, v in (said | {"code": scan.code}).items() if v}


def _abroad(scan: Scan) -> str:
    return f"{scan.city.upper()} ({scan.country})" if scan.city else ""


def _result(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        error = {"code": "ESB-10001", "name": "Invalid tracking ID", "message": ""}
        return {"tracking_id": shown.number, "errors": [error]}
    item: dict[str, Any] = {
        "article_id": shown.number,
        "product_type": "International",
        "events": [_event(scan) for scan in newest_first(shown)],
        "status": "In transit",
    }
    if shown.estimate:
        item["expected_delivery_date"] = f"{shown.estimate:%Y-%m-%d}"
    return {"tracking_id": shown.number, "status": "In transit", "trackable_items": [item]}


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"tracking_results": [_result(one) for one in shown]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]))


def _errors(status: int, **error: str) -> Reply:
    return Reply(as_json({"errors": [error]}), status)


SHAPE = Shape(
    "australia-post",
    JSON,
    found,
    nothing,
    _errors(429, message="Too many requests", error_code="API_002", error_name="Too many requests"),
    _errors(401, message="The API key is not valid", code="41101", name="UNAUTHORIZED"),
)
