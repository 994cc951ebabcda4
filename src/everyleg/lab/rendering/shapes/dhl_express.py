"""DHL Express: MyDHL API, JSON, newest first, date, clock and GMT offset in three fields; XML-PI, oldest first."""

from collections.abc import Sequence
from typing import Any

from lxml import etree

from everyleg.lab.rendering.scans import (
    JSON,
    XML,
    Reply,
    Scan,
    Shape,
    Shown,
    add,
    as_json,
    as_xml,
    fill,
    newest_first,
    offset_of,
)


def _area(scan: Scan) -> dict[str, str]:
    if not scan.city:
        return {"code": scan.site, "description": ""}
    return {"code": scan.site, "description": f"{scan.city} - {scan.country}"}


def _event(scan: Scan) -> dict[str, Any]:
    said: dict[str, Any] = {"date": f"{scan.at:%Y-%m-%d}"}
    if scan.clock != "day":
        said["time"] = f"{scan.at:%H:%M:%S}"
    if scan.clock == "offset":
        said["GMTOffset"] = offset_of(scan.at)
    return said | {"typeCode": scan.code, "description": scan.text, "serviceArea": [_area(scan)]}


def _party(scan: Scan, country: str) -> dict[str, Any]:
    return {
        "name": "",
        "postalAddress": {
            "cityName": "", "countyName": "", "postalCode": "", "provinceCode": "", "countryCode": country,
        },
        "serviceArea": [_area(scan)],
    }  # fmt: skip


def _shipment(shown: Shown) -> dict[str, Any]:
    first, last = shown.scans[0], shown.scans[-1]
    origin, destination = shown.ends
    said: dict[str, Any] = {
        "shipmentTrackingNumber": shown.number,
        "status": "Success",
        "shipmentTimestamp": f"{first.at:%Y-%m-%dT%H:%M:%S}",
        "productCode": "P",
        "description": "PARTS",
        "shipperDetails": _party(first, origin),
        "receiverDetails": _party(last, destination),
        "totalWeight": 0.4,
        "unitOfMeasurements": "metric",
        "shipperReferences": [{"value": "EXAMPLE-REF-1", "typeCode": "CU"}],
        "events": [_event(scan) for scan in newest_first(shown)],
        "numberOfPieces": 1,
    }
    if shown.estimate:
        said["estimatedDeliveryDate"] = f"{shown.estimate:%Y-%m-%d}"
    return said


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers; the unknown ones are left out of it."""
    return as_json({"shipments": [_shipment(one) for one in shown if one.scans]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    said = {
        "instance": f"/expressapi/tracking?shipmentTrackingNumber={numbers[0]}",
        "detail": "No shipments found for the given tracking number",
        "title": "No data found", "message": "Not Found", "status": "404", "additionalDetails": [],
    }  # fmt: skip
    return Reply(as_json(said), 404)


def _error(status: int, title: str, detail: str) -> Reply:
    said = {"instance": "/expressapi/tracking", "detail": detail, "title": title, "message": title}
    return Reply(as_json(said | {"status": str(status)}), status)


SHAPE = Shape(
    "dhl-express",
    JSON,
    found,
    nothing,
    _error(429, "Too many requests", "Quota of requests exceeded"),
    _error(401, "Unauthorized", "Invalid credentials"),
)


def found_xml(shown: Sequence[Shown]) -> bytes:
    """The answer of XML-PI: no offsets."""
    root = etree.Element("{http://www.dhl.com}TrackingResponse", nsmap={"req": "http://www.dhl.com"})
    header = add(add(root, "Response"), "ServiceHeader")
    fill(
        header, MessageTime="2026-11-02T11:28:56-08:00", MessageReference="1234567890123456789012345678", SiteID="Demo"
    )
    for one in shown:
        _awb(root, one)
    return as_xml(root)


def _awb(root: Any, shown: Shown) -> None:
    first, last = shown.scans[0], shown.scans[-1]
    info = add(root, "AWBInfo")
    add(info, "AWBNumber", shown.number)
    add(add(info, "Status"), "ActionStatus", "success")
    shipment = add(info, "ShipmentInfo")
    for name, scan in (("OriginServiceArea", first), ("DestinationServiceArea", last)):
        fill(add(shipment, name), ServiceAreaCode=scan.site, Description=f"{scan.city} - {scan.country}")
    fill(shipment, ShipperName="EXAMPLE TRADING LTD", ShipperAccountNumber="000000000", ConsigneeName="J EXAMPLE")
    fill(shipment, ShipmentDate=f"{first.at:%Y-%m-%dT%H:%M:%S}", Pieces="1", Weight="0.74", WeightUnit="K")
    fill(shipment, GlobalProductCode="P", ShipmentDesc="PARTS", DlvyNotificationFlag="Y")
    for name, scan in (("Shipper", first), ("Consignee", last)):
        fill(add(shipment, name), City=scan.city.upper(), PostalCode=scan.postal_code, CountryCode=scan.country)
    add(add(shipment, "ShipperReference"), "ReferenceID", "EX-1")
    for scan in shown.scans:
        event = add(shipment, "ShipmentEvent")
        fill(event, Date=f"{scan.at:%Y-%m-%d}", Time=f"{scan.at:%H:%M:%S}")
        fill(add(event, "ServiceEvent"), EventCode=scan.code, Description=scan.text)
        add(event, "Signatory")
        fill(add(event, "ServiceArea"), ServiceAreaCode=scan.site, Description=f"{scan.city} - {scan.country}")


def nothing_xml(numbers: Sequence[str]) -> Reply:
    """The answer of XML-PI for a number that it does not know."""
    root = etree.Element("{http://www.dhl.com}TrackingResponse", nsmap={"req": "http://www.dhl.com"})
    fill(add(add(root, "Response"), "ServiceHeader"), MessageTime="2026-11-02T11:28:56-08:00", SiteID="Demo")
    for number in numbers:
        info = add(root, "AWBInfo")
        add(info, "AWBNumber", number)
        status = add(info, "Status")
        add(status, "ActionStatus", "No Shipments Found")
        fill(add(status, "Condition"), ConditionCode="209", ConditionData=f"No Shipments Found for AWBNumber {number}")
    return Reply(as_xml(root), 200, XML)


XML_PI = Shape("dhl-express", XML, found_xml, nothing_xml, SHAPE.limited, SHAPE.refused)
