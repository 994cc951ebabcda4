"""DHL Parcel DE Tracking, XML of `data` elements: oldest first, German minutes without an offset."""

from collections.abc import Sequence
from typing import Any

from babel import Locale
from lxml import etree

from everyleg.lab.rendering.scans import XML, Reply, Scan, Shape, Shown, as_xml

_COUNTRIES = Locale("en").territories
_REQUEST = "00000000-0000-0000-0000-000000000001"


def _data(parent: Any, name: str, **attributes: str) -> Any:
    return etree.SubElement(parent, "data", {"name": name, **{k.replace("_", "-"): v for k, v in attributes.items()}})


def _at(scan: Scan) -> str:
    return f"{scan.at:%d.%m.%Y}" if scan.clock == "day" else f"{scan.at:%d.%m.%Y %H:%M}"


def _piece(root: Any, shown: Shown) -> None:
    if not shown.scans:
        _data(
            root, "piece-shipment", error_status="0", searched_piece_code=shown.number, piece_code=shown.number,
            international_flag="0", piece_status="100", piece_status_desc="No data found",
        )  # fmt: skip
        return
    origin, destination = shown.ends
    last = shown.scans[-1]
    piece = _data(
        root, "piece-shipment", error_status="0", piece_code=shown.number, searched_piece_code=shown.number,
        status_timestamp=_at(last), status=last.text, short_status=last.text, product_name="DHL PAKET (parcel)",
        shipment_weight="0.4", standard_event_code=last.code, ice=last.category, dest_country=destination,
        origin_country=origin, ruecksendung="false",
    )  # fmt: skip
    if shown.estimate:
        piece.set("delivery-date", f"{shown.estimate:%Y-%m-%d}")
    events = _data(piece, "piece-event-list", ruecksendung="false")
    for scan in shown.scans:
        code, _, back = scan.code.partition("-")
        _data(
            events, "piece-event", event_timestamp=_at(scan), event_status=scan.text, event_text=scan.text,
            event_short_status="", ice=scan.category, ric="", event_location=scan.city,
            event_country=_COUNTRIES.get(scan.country, ""), standard_event_code=code,
            ruecksendung="true" if back else "false",
        )  # fmt: skip


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    root = etree.Element("data", {"name": "piece-shipment-list", "code": "0", "request-id": _REQUEST})
    for one in shown:
        _piece(root, one)
    return as_xml(root)


def _error(code: str, words: str) -> Reply:
    attributes = {"name": "piece-shipment-list", "code": code, "error": words, "request-id": _REQUEST}
    return Reply(as_xml(etree.Element("data", attributes)), 200, XML)


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return _error("100", "No data found")


SHAPE = Shape("dhl-parcel-de", XML, found, nothing, _error("6", "Too many requests"), _error("5", "Login failed"))
