"""UPS Track v1, JSON: newest first, date and clock apart, and the same moment in GMT beside it."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, newest_first, offset_of


def _activity(scan: Scan) -> dict[str, Any]:
    status = scan.category or "005"
    said = {
        "date": f"{scan.at:%Y%m%d}",
        "time": "" if scan.clock == "day" else f"{scan.at:%H%M%S}",
        "location": {"address": _address(scan), "slic": scan.site},
        "status": {"type": _type(status), "code": scan.code, "description": scan.text, "statusCode": status},
    }
    if scan.clock == "offset":
        utc = scan.at.astimezone(UTC)
        said |= {"gmtDate": f"{utc:%Y%m%d}", "gmtTime": f"{utc:%H:%M:%S}", "gmtOffset": offset_of(scan.at)}
    return said


def _type(status: str) -> str:
    return {"003": "M", "038": "P", "011": "D", "021": "O", "035": "RS", "022": "X"}.get(status, "I")


def _address(scan: Scan) -> dict[str, Any]:
    return {
        "city": scan.city, "stateProvince": scan.region, "postalCode": scan.postal_code,
        "countryCode": scan.country, "country": scan.country,
    }  # fmt: skip


def _party(kind: str, country: str) -> dict[str, Any]:
    return {
        "type": kind,
        "name": "",
        "attentionName": "",
        "address": {"city": "", "stateProvince": "", "postalCode": "", "countryCode": country, "country": country},
    }


def _shipment(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return _unknown(shown.number)
    first, last = shown.scans[0], shown.scans[-1]
    origin, destination = shown.ends
    package = {
        "trackingNumber": shown.number,
        "deliveryDate": [{"type": "SDD", "date": f"{shown.estimate or last.at + timedelta(days=2):%Y%m%d}"}],
        "deliveryTime": {"startTime": "", "endTime": "190000", "type": "EOD"},
        "activity": [_activity(scan) for scan in newest_first(shown)],
        "currentStatus": {
            "code": last.code,
            "description": last.text,
            "statusCode": last.category or "005",
            "type": "I",
        },
        "packageCount": 1,
        "packageAddress": [_party("ORIGIN", origin or first.country), _party("DESTINATION", destination)],
        "referenceNumber": [{"type": "PACKAGE", "number": "EXAMPLE-REF-1"}],
        "service": {"code": "065", "description": "UPS Express Saver"},
        "weight": {"unitOfMeasurement": "KGS", "weight": "0.40"},
    }
    return {"inquiryNumber": shown.number, "package": [package], "warnings": []}


def _unknown(number: str) -> dict[str, Any]:
    return {"inquiryNumber": number, "warnings": [{"code": "TW0001", "message": "Tracking Information Not Found"}]}


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"trackResponse": {"shipment": [_shipment(one) for one in shown]}})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(as_json({"trackResponse": {"shipment": [_unknown(number) for number in numbers]}}))


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(as_json({"response": {"errors": [{"code": code, "message": message}]}}), status)


SHAPE = Shape(
    "ups",
    JSON,
    found,
    nothing,
    _error(429, "10429", "Too Many Requests"),
    _error(401, "250002", "Invalid Authentication Information."),
)
