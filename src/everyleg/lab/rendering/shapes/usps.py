"""USPS Tracking v3, JSON: local time that may look like UTC, and a GMT pair beside it; newest first."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, newest_first, offset_of


def _event(scan: Scan) -> dict[str, Any]:
    day, known = scan.clock == "day", scan.clock == "offset"
    return {
        "eventType": scan.text,
        "eventTimestamp": f"{scan.at:%Y-%m-%d}" if day else f"{scan.at:%Y-%m-%dT%H:%M:%S}",
        "GMTTimestamp": f"{scan.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if known else None,
        "GMTOffset": offset_of(scan.at) if known else None,
        "eventCountry": None if scan.country in ("US", "") else scan.country,
        "eventCity": scan.city.upper(),
        "eventState": scan.region,
        "eventZIP": scan.postal_code,
        "firm": None,
        "name": None,
        "authorizedAgent": "false",
        "eventCode": scan.code,
        "additionalProp": None,
    }


def _tracked(shown: Shown) -> dict[str, Any]:
    first, last = shown.scans[0], shown.scans[-1]
    said: dict[str, Any] = {
        "trackingNumber": shown.number,
        "destinationCity": last.city.upper(),
        "destinationState": last.region,
        "destinationZIP": last.postal_code,
        "emailEnabled": True,
        "kahalaIndicator": False,
        "mailType": "DM",
        "originCity": first.city.upper(),
        "originState": first.region,
        "originZIP": first.postal_code,
        "proofOfDeliveryEnabled": False,
        "restoreEnabled": False,
        "RRAMEnabled": False,
        "RREEnabled": False,
        "services": ["USPS Tracking<SUP>&#174;</SUP>", "Up to $100 insurance included"],
        "serviceTypeCode": "001",
        "tableCode": "T",
        "uniqueMailPieceID": 123456789,
        "mailPieceIntakeDate": f"{first.at:%Y-%m-%d %H:%M:%S.000000}",
        "mailClass": "USPS Ground Advantage<SUP>&#153;</SUP>",
        "status": last.text,
        "statusCategory": "In Transit",
        "statusSummary": f"Your item: {last.text}.",
        "trackingEvents": [_event(scan) for scan in newest_first(shown)],
    }
    if shown.origin:
        said |= {"originCountryCode": shown.origin, "destinationCountryCode": shown.destination}
    if shown.estimate:
        said["expectedDeliveryDate"] = f"{shown.estimate:%Y-%m-%d}"
    return said


def _not_found(number: str) -> dict[str, Any]:
    words = "The Postal Service could not locate the tracking information for your request."
    error = {
        "status": "404", "code": "-2147219302", "title": "Not found", "detail": words,
        "source": {"parameter": "trackingNumber", "example": number},
    }  # fmt: skip
    message = f"{words} Please verify your tracking number and try again later."
    return {"apiVersion": "/tracking/v3", "error": {"code": "404", "message": message, "errors": [error]}}


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    return as_json(_tracked(next(one for one in shown if one.scans)))


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know."""
    return Reply(as_json(_not_found(numbers[0])), 404)


def _error(status: int, message: str) -> Reply:
    return Reply(
        as_json({"apiVersion": "/tracking/v3", "error": {"code": str(status), "message": message, "errors": []}}),
        status,
    )


SHAPE = Shape("usps", JSON, found, nothing, _error(429, "Too Many Requests"), _error(403, "Access is denied."))
