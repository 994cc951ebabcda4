"""Chronopost trackSkybillV2, SOAP: oldest first, ISO with offset."""

from collections.abc import Sequence
from typing import Any

from lxml import etree

from everyleg.lab.rendering.scans import SOAP, Reply, Shape, Shown, add, as_xml, fill, iso

_SOAP, _SPACE = "http://schemas.xmlsoap.org/soap/envelope/", "http://cxf.tracking.soap.chronopost.fr/"


def _envelope() -> tuple[Any, Any]:
    root = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    return root, add(add(add(root, f"{{{_SOAP}}}Body"), f"{{{_SPACE}}}trackSkybillV2Response"), "return")


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    one = next(one for one in shown if one.scans)
    root, answer = _envelope()
    add(answer, "errorCode", "0")
    listed = add(answer, "listEventInfoComp")
    for scan in one.scans:
        event = add(listed, "events")
        fill(event, code=scan.code, eventDate=iso(scan), eventLabel=scan.text, highPriority="false", NPC="")
        fill(event, officeLabel=scan.city.upper(), zipCode=scan.postal_code)
        fill(add(event, "infoCompList"), name="Partner number", value="GEO/XT0000000000000")
    add(listed, "skybillNumber", one.number)
    return as_xml(root)


def _error(code: str, words: str) -> Reply:
    root, answer = _envelope()
    fill(answer, errorCode=code, errorMessage=words)
    return Reply(as_xml(root), 200, SOAP)


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know."""
    return _error("3", "No parcel for this number")


SHAPE = Shape(
    "chronopost",
    SOAP,
    found,
    nothing,
    Reply(b"<html><body>429 Too Many Requests</body></html>", 429, "text/html"),
    _error("2", "The account is not allowed to use this service"),
)
