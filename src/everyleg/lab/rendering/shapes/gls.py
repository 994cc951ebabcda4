"""GLS Track and Trace v1, JSON: small, oldest first, offset without colon."""

from collections.abc import Sequence
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Shape, Shown, as_json, iso


def _parcel(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return {"requested": shown.number, "errorCode": "E_404_01", "errorMessage": "Parcel not found"}
    events = [
        {
            "code": scan.code, "city": scan.city, "postalCode": scan.postal_code, "country": scan.country,
            "description": scan.text, "eventDateTime": iso(scan, ""),
        }
        for scan in shown.scans
    ]  # fmt: skip
    return {
        "requested": shown.number, "unitno": shown.number, "status": "INTRANSIT",
        "statusDateTime": iso(shown.scans[-1], ""), "events": events,
    }  # fmt: skip


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"parcels": [_parcel(one) for one in shown]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(as_json({"parcels": [_parcel(Shown(number)) for number in numbers]}))


SHAPE = Shape(
    "gls",
    JSON,
    found,
    nothing,
    Reply(b'{"fault": {"faultstring": "Rate limit quota violation"}}', 429),
    Reply(b'{"error": "invalid_client"}', 401),
)
