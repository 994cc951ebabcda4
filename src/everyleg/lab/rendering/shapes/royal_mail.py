"""Royal Mail Tracking API v2, events operation, JSON: newest first, ISO with offset."""

from collections.abc import Sequence
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, iso, newest_first


def _event(scan: Scan) -> dict[str, Any]:
    return {
        "eventCode": scan.code, "eventName": scan.text, "eventDateTime": iso(scan), "locationName": scan.city or None,
    }  # fmt: skip


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    one = next(one for one in shown if one.scans)
    origin, destination = one.ends
    last = one.scans[-1]
    piece: dict[str, Any] = {
        "mailPieceId": one.number,
        "carrierShortName": "RM",
        "carrierFullName": "Royal Mail Group Ltd",
        "summary": {
            "oneDBarcode": one.number, "productId": "TRM", "productName": "Tracked 48",
            "productCategory": "INTERNATIONAL", "destinationCountryCode": destination,
            "originCountryCode": origin, "lastEventCode": last.code, "lastEventName": last.text,
            "lastEventDateTime": iso(last), "lastEventLocationName": last.city, "statusDescription": "On its way",
            "statusCategory": "IN TRANSIT", "statusHelpText": "The item is on its way.",
        },
        "events": [_event(scan) for scan in newest_first(one)],
        "links": {"events": {"href": f"/mailpieces/v2/{one.number}/events", "title": "Events"}},
    }  # fmt: skip
    if one.estimate:
        piece["estimatedDelivery"] = {"date": f"{one.estimate:%Y-%m-%d}"}
    return as_json({"mailPieces": piece})


def _error(status: int, words: str, errors: Sequence[dict[str, str]] = ()) -> Reply:
    said: dict[str, Any] = {"httpCode": str(status), "httpMessage": words, "moreInformation": words}
    return Reply(as_json(said | ({"errors": list(errors)} if errors else {})), status)


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know."""
    cause = {
        "errorCode": "E1142", "errorDescription": f"Barcode reference {numbers[0]} isn't recognised",
        "errorCause": "A mail item with that barcode cannot be located", "errorResolution": "See the guide",
    }  # fmt: skip
    return _error(404, "Not Found", [cause])


SHAPE = Shape("royal-mail", JSON, found, nothing, _error(429, "Too Many Requests"), _error(401, "Unauthorized"))
