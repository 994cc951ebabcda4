"""Purolator TrackPackagesByPin, SOAP: newest first, local clock of the depot."""

from collections.abc import Sequence

from lxml import etree

from everyleg.lab.rendering.scans import SOAP, Reply, Shape, Shown, add, as_xml, fill, newest_first

_SOAP, _SPACE = "http://schemas.xmlsoap.org/soap/envelope/", "http://purolator.com/pws/datatypes/v1"


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    root = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"s": _SOAP})
    response = add(add(root, f"{{{_SOAP}}}Body"), f"{{{_SPACE}}}TrackPackagesByPinResponse")
    add(add(response, "ResponseInformation"), "Errors")
    listed = add(response, "TrackingInformationList")
    for one in shown:
        info = add(listed, "TrackingInformation")
        add(add(info, "PIN"), "Value", one.number)
        scans = add(info, "Scans")
        for scan in newest_first(one):
            row = add(scans, "Scan")
            add(row, "ScanType", scan.code)
            add(add(row, "PIN"), "Value", one.number)
            add(add(row, "Depot"), "Name", f"{scan.city.upper()}, {scan.region}")
            fill(row, ScanDate=f"{scan.at:%Y-%m-%d}", ScanTime=f"{scan.at:%H%M%S}", Description=scan.text, Comment="")
            add(row, "SummaryScanIndicator", "false")
    return as_xml(root)


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know: they stand in it without a scan."""
    return Reply(found([Shown(number) for number in numbers]), 200, SOAP)


SHAPE = Shape(
    "purolator",
    SOAP,
    found,
    nothing,
    Reply(b"<h1>Too many requests</h1>", 429, "text/html"),
    Reply(b"", 401, SOAP),
)
