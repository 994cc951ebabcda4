"""Canada Post tracking detail, XML: newest first, date, clock and zone abbreviation in three fields."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from everyleg.lab.rendering.scans import XML, Reply, Scan, Shape, Shown, add, as_xml, fill, newest_first

_ZONES = {
    "EST": "America/Toronto",
    "PST": "America/Vancouver",
    "MST": "America/Edmonton",
    "CST": "America/Winnipeg",
    "AST": "America/Halifax",
    "NST": "America/St_Johns",
}
"""What it prints, in summer too, and the zone that it means."""


def _zone(scan: Scan) -> str:
    if scan.clock != "offset":
        return ""
    offset = scan.at.utcoffset() or timedelta()
    return next(
        (short for short, name in _ZONES.items() if scan.at.astimezone(ZoneInfo(name)).utcoffset() == offset), ""
    )


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for one number; several are asked one by one."""
    one = next(one for one in shown if one.scans)
    last = one.scans[-1]
    space = "http://www.canadapost.ca/ws/track"
    root = etree.Element(f"{{{space}}}tracking-detail", nsmap={None: space})  # type: ignore[dict-item]
    expected = one.estimate or last.at + timedelta(days=2)
    fill(root, pin=one.number, active_exists="1", expected_delivery_date=f"{expected:%Y-%m-%d}")
    fill(root, archive_exists="", changed_expected_date="", destination_postal_id=last.postal_code)
    fill(root, changed_expected_delivery_reason="", mailed_by_customer_number="0000000000")
    fill(root, mailed_on_behalf_of_customer_number="0000000000", original_pin="", service_name="Expedited Parcels")
    fill(root, service_name_2="Colis accélérés", customer_ref_1="EXAMPLE1", customer_ref_2="", return_pin="")
    fill(root, signature_image_exists="false", suppress_signature="false")
    fill(add(add(root, "delivery-options"), "item"), delivery_option="", delivery_option_description="")
    events = add(root, "significant-events")
    for scan in newest_first(one):
        fill(
            add(events, "occurrence"),
            event_identifier=scan.code,
            event_date=f"{scan.at:%Y-%m-%d}",
            event_time="00:00:00" if scan.clock == "day" else f"{scan.at:%H:%M:%S}",
            event_time_zone=_zone(scan),
            event_description=scan.text,
            signatory_name="",
            event_site=scan.city.upper(),
            event_province=scan.region,
            event_retail_location_id="",
            event_retail_name="",
        )
    return as_xml(root)


def _message(code: str, words: str, status: int = 200) -> Reply:
    space = "http://www.canadapost.ca/ws/messages"
    root = etree.Element(f"{{{space}}}messages", nsmap={None: space})  # type: ignore[dict-item]
    fill(add(root, "message"), code=code, description=words)
    return Reply(as_xml(root), status, XML)


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for a number that it does not know."""
    return _message("004", "No Pin History")


SHAPE = Shape(
    "canada-post",
    XML,
    found,
    nothing,
    _message("Server", "Rejected by SLM Monitor", 429),
    _message("E002", "AAA Authentication Failure", 401),
)
