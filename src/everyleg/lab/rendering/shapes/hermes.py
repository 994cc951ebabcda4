"""Hermes Germany shipmentinfo, JSON: oldest first, ISO with offset."""

from collections.abc import Sequence
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Shape, Shown, as_json, iso

_NO_INFORMATION = {"code": "e001", "message": "There is no information for the entered value."}


def _shipment(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return {"shipmentID": shown.number, "result": _NO_INFORMATION}
    _, destination = shown.ends
    said: dict[str, Any] = {
        "shipmentID": shown.number,
        "partNumber": "00000001",
        "clientID": "0000",
        "clientReference": "EXAMPLE-1",
        "trackingLink": f"https://example.com/tracking/{shown.number}",
        "result": {"code": "i001", "message": "Success"},
        "receiverAddress": {"city": "", "zipCode": "", "countryCode": destination},
        "status": [
            {
                "timestamp": iso(scan), "code": scan.code, "description": scan.text,
                "scanningUnit": {"name": "Hermes Germany", "city": scan.city, "countryCode": scan.country},
            }
            for scan in shown.scans
        ],
    }  # fmt: skip
    if shown.estimate:
        said["deliveryForecast"] = {"fixed": False, "date": f"{shown.estimate:%Y-%m-%d}"}
    return said


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"shipmentinfo": [_shipment(one) for one in shown]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]))


def _error(code: str, words: str) -> bytes:
    return as_json({"listOfResultCodes": [{"code": code, "message": words}]})


SHAPE = Shape(
    "hermes",
    JSON,
    found,
    nothing,
    Reply(_error("e090", "Too many requests, limit reached"), 429),
    Reply(_error("e052", "The authentication is not valid."), 401),
)
