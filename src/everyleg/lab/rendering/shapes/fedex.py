"""FedEx Track v1, JSON: newest first, ISO with offset; around the scans stands more than they are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, iso, newest_first

_NOT_FOUND = {
    "code": "TRACKING.TRACKINGNUMBER.NOTFOUND",
    "message": "Tracking number cannot be found. Please correct the tracking number and try again.",
}


def _address(scan: Scan) -> dict[str, Any]:
    return {
        "streetLines": [""], "city": scan.city, "stateOrProvinceCode": scan.region, "postalCode": scan.postal_code,
        "countryCode": scan.country, "residential": False, "countryName": scan.country,
    }  # fmt: skip


def _city(scan: Scan) -> dict[str, Any]:
    return {key: value for key, value in _address(scan).items() if key not in ("streetLines", "postalCode")}


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "date": iso(scan),
        "eventType": scan.code,
        "eventDescription": scan.text,
        "exceptionCode": "",
        "exceptionDescription": "",
        "scanLocation": _address(scan),
        "locationType": "FEDEX_FACILITY",
        "derivedStatusCode": scan.code,
        "derivedStatus": scan.text,
    }


def _shipment(scans: Sequence[Scan]) -> dict[str, Any]:
    """What an answer says of the shipment, whatever its scans."""
    return {
        "dateAndTimes": [
            {"type": kind, "dateTime": iso(scan)}
            for kind, scan in (("ACTUAL_PICKUP", scans[0]), ("SHIP", scans[0]), ("ACTUAL_TENDER", scans[0]))
        ],
        "additionalTrackingInfo": {
            "nickname": "", "hasAssociatedShipments": False,
            "packageIdentifiers": [{
                "type": "CUSTOMER_REFERENCE", "values": ["EXAMPLE-1"], "trackingNumberUniqueId": "", "carrierCode": "",
            }],
        },
        "shipperInformation": {"contact": {}, "address": _city(scans[0])},
        "recipientInformation": {"contact": {}, "address": _city(scans[-1])},
        "originLocation": {"locationContactAndAddress": {"address": _city(scans[0])}},
        "lastUpdatedDestinationAddress": _city(scans[-1]),
        "availableImages": [{"type": "SIGNATURE_PROOF_OF_DELIVERY"}],
        "packageDetails": {
            "packagingDescription": {"type": "YOUR_PACKAGING", "description": "Package"},
            "physicalPackagingType": "PACKAGE", "sequenceNumber": "1", "count": "1",
            "weightAndDimensions": {
                "weight": [{"value": "11.2", "unit": "LB"}, {"value": "5.08", "unit": "KG"}],
                "dimensions": [{"length": 14, "width": 12, "height": 10, "units": "IN"},
                               {"length": 35, "width": 30, "height": 25, "units": "CM"}],
            },
            "packageContent": [],
        },
        "shipmentDetails": {"possessionStatus": True},
        "availableNotifications": ["ON_DELIVERY"],
        "deliveryDetails": {
            "deliveryAttempts": "0",
            "deliveryOptionEligibilityDetails": [
                {"option": option, "eligibility": "INELIGIBLE"}
                for option in ("INDIRECT_SIGNATURE_RELEASE", "REDIRECT_TO_HOLD_AT_LOCATION", "REROUTE", "RESCHEDULE",
                               "RETURN_TO_SHIPPER", "DISPUTE_DELIVERY", "SUPPLEMENT_ADDRESS")
            ],
        },
        "estimatedDeliveryTimeWindow": {"window": {}},
        "goodsClassificationCode": "",
        "returnDetail": {},
    }  # fmt: skip


def _track(shown: Shown) -> dict[str, Any]:
    info = {
        "trackingNumber": shown.number, "trackingNumberUniqueId": f"12030~{shown.number}~FDEG", "carrierCode": "FDXG",
    }  # fmt: skip
    if not shown.scans:
        return {"trackingNumberInfo": {"trackingNumber": shown.number}, "error": _NOT_FOUND}
    last = shown.scans[-1]
    return {
        "trackingNumberInfo": info,
        "latestStatusDetail": {
            "code": last.code, "derivedCode": last.code, "statusByLocale": last.text, "description": last.text,
            "scanLocation": _address(last),
        },
        **_shipment(shown.scans),
        "scanEvents": [_scan(scan) for scan in newest_first(shown)],
        "serviceDetail": {"type": "FEDEX_GROUND", "description": "FedEx Ground", "shortDescription": "FG"},
        "standardTransitTimeWindow": {"window": {"ends": (shown.estimate or last.at + timedelta(days=2)).isoformat()}},
    }  # fmt: skip


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    results = [{"trackingNumber": one.number, "trackResults": [_track(one)]} for one in shown]
    return as_json({"transactionId": "made-up-transaction", "output": {"completeTrackResults": results}})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]))


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(as_json({"transactionId": "made-up", "errors": [{"code": code, "message": message}]}), status)


SHAPE = Shape(
    "fedex",
    JSON,
    found,
    nothing,
    _error(429, "TOO.MANY.REQUESTS", "We have received too many requests in a short duration."),
    _error(401, "NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request and try again."),
)
