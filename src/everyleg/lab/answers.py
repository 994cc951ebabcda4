"""Raw answers of carriers, made up in their real shapes from a list of scans.

Each maker takes a number and scans, oldest first, and gives the bytes that the carrier's server would send, with the
fields around the facts that such answers carry. Nothing in them is anybody's.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from lxml import etree
from msgspec import Struct


class Scan(Struct, frozen=True):
    """What happened, as the carrier's own system knows it."""

    at: datetime
    """Aware, with the offset of the place."""
    code: str
    text: str
    city: str
    region: str
    country: str
    postal_code: str
    site: str
    """The carrier's code of the facility."""


Maker = Callable[[str, Sequence[Scan]], bytes]


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _offset(at: datetime, colon: str = ":") -> str:
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def ups(number: str, scans: Sequence[Scan]) -> bytes:
    """UPS Track v1, JSON: newest first, date and clock apart, no offset but a GMT pair."""

    def activity(scan: Scan) -> dict[str, Any]:
        utc = scan.at.astimezone(UTC)
        address = {
            "city": scan.city, "stateProvince": scan.region, "postalCode": scan.postal_code,
            "countryCode": scan.country, "country": scan.country,
        }  # fmt: skip
        return {
            "date": f"{scan.at:%Y%m%d}",
            "time": f"{scan.at:%H%M%S}",
            "location": {"address": address, "slic": scan.site},
            "status": {"type": "I", "code": scan.code, "description": scan.text, "statusCode": "005"},
            "gmtDate": f"{utc:%Y%m%d}",
            "gmtTime": f"{utc:%H:%M:%S}",
            "gmtOffset": _offset(scan.at),
        }

    def party(kind: str, scan: Scan) -> dict[str, Any]:
        return {"type": kind, "name": "", "attentionName": "", "address": activity(scan)["location"]["address"]}

    package = {
        "trackingNumber": number,
        "deliveryDate": [{"type": "SDD", "date": f"{scans[-1].at + timedelta(days=2):%Y%m%d}"}],
        "deliveryTime": {"startTime": "", "endTime": "190000", "type": "EOD"},
        "activity": [activity(scan) for scan in reversed(scans)],
        "currentStatus": {"code": scans[-1].code, "description": scans[-1].text, "statusCode": "005", "type": "I"},
        "packageCount": 1,
        "packageAddress": [party("ORIGIN", scans[0]), party("DESTINATION", scans[-1])],
        "referenceNumber": [{"type": "PACKAGE", "number": "EXAMPLE-REF-1"}],
        "service": {"code": "065", "description": "UPS Express Saver"},
        "weight": {"unitOfMeasurement": "KGS", "weight": "0.40"},
    }
    return _json({"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [package], "warnings": []}]}})


def fedex(number: str, scans: Sequence[Scan]) -> bytes:
    """FedEx Track v1, JSON: newest first, ISO with offset; around the scans stands more than they are."""
    latest = {"code": scans[-1].code, "derivedCode": scans[-1].code, "statusByLocale": scans[-1].text,
              "description": scans[-1].text, "scanLocation": _fedex_address(scans[-1])}  # fmt: skip
    track = {
        "trackingNumberInfo": {
            "trackingNumber": number, "trackingNumberUniqueId": f"12030~{number}~FDEG", "carrierCode": "FDXG",
        },
        "latestStatusDetail": latest,
        **_fedex_shipment(scans),
        "scanEvents": [_fedex_scan(scan) for scan in reversed(scans)],
        "serviceDetail": {"type": "FEDEX_GROUND", "description": "FedEx Ground", "shortDescription": "FG"},
        "standardTransitTimeWindow": {"window": {"ends": (scans[-1].at + timedelta(days=2)).isoformat()}},
    }  # fmt: skip
    results = [{"trackingNumber": number, "trackResults": [track]}]
    return _json({"transactionId": "made-up-transaction", "output": {"completeTrackResults": results}})


def _fedex_address(scan: Scan) -> dict[str, Any]:
    return {
        "streetLines": [""], "city": scan.city, "stateOrProvinceCode": scan.region, "postalCode": scan.postal_code,
        "countryCode": scan.country, "residential": False, "countryName": scan.country,
    }  # fmt: skip


def _fedex_city(scan: Scan) -> dict[str, Any]:
    return {key: value for key, value in _fedex_address(scan).items() if key not in ("streetLines", "postalCode")}


def _fedex_scan(scan: Scan) -> dict[str, Any]:
    return {
        "date": scan.at.isoformat(),
        "eventType": scan.code,
        "eventDescription": scan.text,
        "exceptionCode": "",
        "exceptionDescription": "",
        "scanLocation": _fedex_address(scan),
        "locationType": "FEDEX_FACILITY",
        "derivedStatusCode": scan.code,
        "derivedStatus": scan.text,
    }


def _fedex_shipment(scans: Sequence[Scan]) -> dict[str, Any]:
    """What an answer says of the shipment, whatever its scans."""
    return {
        "dateAndTimes": [
            {"type": kind, "dateTime": scan.at.isoformat()}
            for kind, scan in (("ACTUAL_PICKUP", scans[0]), ("SHIP", scans[0]), ("ACTUAL_TENDER", scans[0]))
        ],
        "additionalTrackingInfo": {
            "nickname": "", "hasAssociatedShipments": False,
            "packageIdentifiers": [{
                "type": "CUSTOMER_REFERENCE", "values": ["EXAMPLE-1"], "trackingNumberUniqueId": "", "carrierCode": "",
            }],
        },
        "shipperInformation": {"contact": {}, "address": _fedex_city(scans[0])},
        "recipientInformation": {"contact": {}, "address": _fedex_city(scans[-1])},
        "originLocation": {"locationContactAndAddress": {"address": _fedex_city(scans[0])}},
        "lastUpdatedDestinationAddress": _fedex_city(scans[-1]),
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


def usps(number: str, scans: Sequence[Scan]) -> bytes:
    """USPS Tracking v3, JSON: local time that may look like UTC, and a GMT pair beside it."""
    events = [
        {
            "eventType": scan.text,
            "eventTimestamp": f"{scan.at:%Y-%m-%dT%H:%M:%S}",
            "GMTTimestamp": f"{scan.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "GMTOffset": _offset(scan.at),
            "eventCountry": None,
            "eventCity": scan.city.upper(),
            "eventState": scan.region,
            "eventZIP": scan.postal_code,
            "firm": None,
            "name": None,
            "authorizedAgent": "false",
            "eventCode": scan.code,
            "additionalProp": None,
        }
        for scan in reversed(scans)
    ]
    return _json(
        {
            "trackingNumber": number,
            "destinationCity": scans[-1].city.upper(),
            "destinationState": scans[-1].region,
            "destinationZIP": scans[-1].postal_code,
            "emailEnabled": True,
            "kahalaIndicator": False,
            "mailType": "DM",
            "originCity": scans[0].city.upper(),
            "originState": scans[0].region,
            "originZIP": scans[0].postal_code,
            "proofOfDeliveryEnabled": False,
            "restoreEnabled": False,
            "RRAMEnabled": False,
            "RREEnabled": False,
            "services": ["USPS Tracking<SUP>&#174;</SUP>", "Up to $100 insurance included"],
            "serviceTypeCode": "001",
            "tableCode": "T",
            "uniqueMailPieceID": 123456789,
            "mailPieceIntakeDate": f"{scans[0].at:%Y-%m-%d %H:%M:%S.000000}",
            "mailClass": "USPS Ground Advantage<SUP>&#153;</SUP>",
            "status": scans[-1].text,
            "statusCategory": "In Transit",
            "statusSummary": f"Your item: {scans[-1].text}.",
            "trackingEvents": events,
        }
    )


def mydhl(number: str, scans: Sequence[Scan]) -> bytes:
    """MyDHL API, JSON: newest first, date, clock and GMT offset in three fields."""
    events = [
        {
            "date": f"{scan.at:%Y-%m-%d}",
            "time": f"{scan.at:%H:%M:%S}",
            "GMTOffset": _offset(scan.at),
            "typeCode": scan.code,
            "description": scan.text,
            "serviceArea": [{"code": scan.site, "description": f"{scan.city} - {scan.country}"}],
        }
        for scan in reversed(scans)
    ]

    def party(scan: Scan) -> dict[str, Any]:
        return {
            "name": "",
            "postalAddress": {
                "cityName": "", "countyName": "", "postalCode": "", "provinceCode": "", "countryCode": scan.country,
            },
            "serviceArea": [{"code": scan.site, "description": f"{scan.city} - {scan.country}"}],
        }  # fmt: skip

    shipment = {
        "shipmentTrackingNumber": number,
        "status": "Success",
        "shipmentTimestamp": f"{scans[0].at:%Y-%m-%dT%H:%M:%S}",
        "productCode": "P",
        "description": "PARTS",
        "shipperDetails": party(scans[0]),
        "receiverDetails": party(scans[-1]),
        "totalWeight": 0.4,
        "unitOfMeasurements": "metric",
        "shipperReferences": [{"value": "EXAMPLE-REF-1", "typeCode": "CU"}],
        "events": events,
        "numberOfPieces": 1,
    }
    return _json({"shipments": [shipment]})


def gls(number: str, scans: Sequence[Scan]) -> bytes:
    """GLS Track and Trace v1, JSON: small, offset without colon."""
    events = [
        {
            "code": scan.code,
            "city": scan.city,
            "postalCode": scan.postal_code,
            "country": scan.country,
            "description": scan.text,
            "eventDateTime": f"{scan.at:%Y-%m-%dT%H:%M:%S}{_offset(scan.at, '')}",
        }
        for scan in scans
    ]
    parcel = {
        "requested": number, "unitno": number, "status": "INTRANSIT",
        "statusDateTime": f"{scans[-1].at:%Y-%m-%dT%H:%M:%S}{_offset(scans[-1].at, '')}", "events": events,
    }  # fmt: skip
    return _json({"parcels": [parcel]})


def yanwen(number: str, scans: Sequence[Scan]) -> bytes:
    """Yanwen tracking, JSON: wall clock with the offset in a sibling field."""
    points = [
        {
            "time_stamp": f"{scan.at:%Y-%m-%dT%H:%M:%S}",
            "time_zone": f"{int((scan.at.utcoffset() or timedelta()).total_seconds() // 3600):+03}",
            "tracking_status": scan.code,
            "message": scan.text,
            "location": scan.city,
            "is_last_mile_checkpoint": 0,
            "extraProperties": None,
        }
        for scan in scans
    ]
    result = {
        "tracking_number": number, "waybill_number": number, "exchange_number": None, "checkpoints": points,
        "tracking_status": scans[-1].code, "tracking_status_waybill": {"level1": 2, "level2": 0, "level3": None},
        "last_mile_tracking_expected": True,
        "origin_country": scans[0].country, "destination_country": scans[-1].country,
    }  # fmt: skip
    around = {"requestTime": "2026-11-02T19:28:56.0000000+08:00", "elapsedMilliseconds": {"total": 12}}
    return _json({"code": 0, "message": "success", "result": [result], **around})


def _add(parent: Any, name: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _fill(parent: Any, **fields: str) -> None:
    for name, text in fields.items():
        _add(parent, name.replace("_", "-"), text)


def _xml(root: Any) -> bytes:
    etree.indent(root)
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return body


def dhl_xml(number: str, scans: Sequence[Scan]) -> bytes:
    """DHL Express XML-PI: oldest first, date and clock apart, no offset."""
    root = etree.Element("{http://www.dhl.com}TrackingResponse", nsmap={"req": "http://www.dhl.com"})
    header = _add(_add(root, "Response"), "ServiceHeader")
    _fill(
        header, MessageTime="2026-11-02T11:28:56-08:00", MessageReference="1234567890123456789012345678", SiteID="Demo"
    )
    info = _add(root, "AWBInfo")
    _add(info, "AWBNumber", number)
    _add(_add(info, "Status"), "ActionStatus", "success")
    shipment = _add(info, "ShipmentInfo")
    for name, scan in (("OriginServiceArea", scans[0]), ("DestinationServiceArea", scans[-1])):
        _fill(_add(shipment, name), ServiceAreaCode=scan.site, Description=f"{scan.city} - {scan.country}")
    _fill(shipment, ShipperName="EXAMPLE TRADING LTD", ShipperAccountNumber="000000000", ConsigneeName="J EXAMPLE")
    _fill(shipment, ShipmentDate=f"{scans[0].at:%Y-%m-%dT%H:%M:%S}", Pieces="1", Weight="0.74", WeightUnit="K")
    _fill(shipment, GlobalProductCode="P", ShipmentDesc="PARTS", DlvyNotificationFlag="Y")
    for name, scan in (("Shipper", scans[0]), ("Consignee", scans[-1])):
        _fill(_add(shipment, name), City=scan.city.upper(), PostalCode=scan.postal_code, CountryCode=scan.country)
    _add(_add(shipment, "ShipperReference"), "ReferenceID", "EX-1")
    for scan in scans:
        event = _add(shipment, "ShipmentEvent")
        _fill(event, Date=f"{scan.at:%Y-%m-%d}", Time=f"{scan.at:%H:%M:%S}")
        _fill(_add(event, "ServiceEvent"), EventCode=scan.code, Description=scan.text)
        _add(event, "Signatory")
        _fill(_add(event, "ServiceArea"), ServiceAreaCode=scan.site, Description=f"{scan.city} - {scan.country}")
    return _xml(root)


def canada_post(number: str, scans: Sequence[Scan]) -> bytes:
    """Canada Post tracking detail, XML: newest first, date, clock and zone abbreviation in three fields."""
    space = "http://www.canadapost.ca/ws/track"
    root = etree.Element(f"{{{space}}}tracking-detail", nsmap={None: space})  # type: ignore[dict-item]
    _fill(root, pin=number, active_exists="1", expected_delivery_date=f"{scans[-1].at + timedelta(days=2):%Y-%m-%d}")
    _fill(root, archive_exists="", changed_expected_date="", destination_postal_id=scans[-1].postal_code)
    _fill(root, changed_expected_delivery_reason="", mailed_by_customer_number="0000000000")
    _fill(root, mailed_on_behalf_of_customer_number="0000000000", original_pin="", service_name="Expedited Parcels")
    _fill(root, service_name_2="Colis accélérés", customer_ref_1="EXAMPLE1", customer_ref_2="", return_pin="")
    _fill(root, signature_image_exists="false", suppress_signature="false")
    _fill(_add(_add(root, "delivery-options"), "item"), delivery_option="", delivery_option_description="")
    events = _add(root, "significant-events")
    for scan in reversed(scans):
        _fill(
            _add(events, "occurrence"),
            event_identifier=scan.code,
            event_date=f"{scan.at:%Y-%m-%d}",
            event_time=f"{scan.at:%H:%M:%S}",
            event_time_zone="EST",
            event_description=scan.text,
            signatory_name="",
            event_site=scan.city.upper(),
            event_province=scan.region,
            event_retail_location_id="",
            event_retail_name="",
        )
    return _xml(root)


def purolator(number: str, scans: Sequence[Scan]) -> bytes:
    """Purolator TrackPackagesByPin, SOAP: newest first, local clock of the depot."""
    soap, space = "http://schemas.xmlsoap.org/soap/envelope/", "http://purolator.com/pws/datatypes/v1"
    root = etree.Element(f"{{{soap}}}Envelope", nsmap={"s": soap})
    response = _add(_add(root, f"{{{soap}}}Body"), f"{{{space}}}TrackPackagesByPinResponse")
    _add(_add(response, "ResponseInformation"), "Errors")
    info = _add(_add(response, "TrackingInformationList"), "TrackingInformation")
    _add(_add(info, "PIN"), "Value", number)
    listed = _add(info, "Scans")
    for scan in reversed(scans):
        one = _add(listed, "Scan")
        _add(one, "ScanType", scan.code)
        _add(_add(one, "PIN"), "Value", number)
        _add(_add(one, "Depot"), "Name", f"{scan.city.upper()}, {scan.region}")
        _fill(one, ScanDate=f"{scan.at:%Y-%m-%d}", ScanTime=f"{scan.at:%H%M%S}", Description=scan.text, Comment="")
        _add(one, "SummaryScanIndicator", "false")
    return _xml(root)


def chronopost(number: str, scans: Sequence[Scan]) -> bytes:
    """Chronopost trackSkybillV2, SOAP: oldest first, ISO with offset."""
    soap, space = "http://schemas.xmlsoap.org/soap/envelope/", "http://cxf.tracking.soap.chronopost.fr/"
    root = etree.Element(f"{{{soap}}}Envelope", nsmap={"soap": soap})
    answer = _add(_add(_add(root, f"{{{soap}}}Body"), f"{{{space}}}trackSkybillV2Response"), "return")
    _add(answer, "errorCode", "0")
    listed = _add(answer, "listEventInfoComp")
    for scan in scans:
        event = _add(listed, "events")
        _fill(event, code=scan.code, eventDate=scan.at.isoformat(), eventLabel=scan.text, highPriority="false", NPC="")
        _fill(event, officeLabel=scan.city, zipCode=scan.postal_code)
        _fill(_add(event, "infoCompList"), name="Partner number", value="GEO/XT0000000000000")
    _add(listed, "skybillNumber", number)
    return _xml(root)


MAKERS: dict[str, tuple[str, str, Maker]] = {
    "ups": ("ups", "json", ups),
    "fedex": ("fedex", "json", fedex),
    "usps": ("usps", "json", usps),
    "mydhl": ("dhl-express", "json", mydhl),
    "gls": ("gls", "json", gls),
    "yanwen": ("yanwen", "json", yanwen),
    "dhl-xml": ("dhl-express", "xml", dhl_xml),
    "canada-post": ("canada-post", "xml", canada_post),
    "purolator": ("purolator", "xml", purolator),
    "chronopost": ("chronopost", "xml", chronopost),
}
"""Name → carrier's slug, wire format, maker."""
