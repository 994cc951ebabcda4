"""Cainiao's tracking page, JSON: newest first, the instant in milliseconds with the place's zone beside it."""

from collections.abc import Sequence
from typing import Any

from babel import Locale

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, newest_first, offset_of

_COUNTRIES = Locale("en").territories


def _point(scan: Scan) -> dict[str, Any]:
    known = scan.clock == "offset"
    place = scan.city or _COUNTRIES.get(scan.country, "")
    return {
        "time": int(scan.at.timestamp() * 1000) if known else None,
        "timeStr": f"{scan.at:%Y-%m-%d %H:%M:%S}",
        "desc": f"[{place}]{scan.text}" if place else scan.text,
        "standerdDesc": scan.text,
        "descTitle": "Carrier note:",
        "timeZone": f"GMT{offset_of(scan.at)}" if known else None,
        "actionCode": scan.code,
        "group": {"nodeCode": "TRANSIT", "nodeDesc": "In transit", "currentIconUrl": "", "historyIconUrl": ""},
    }


def _parcel(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return {"mailNo": shown.number, "mailNoSource": "EXTERNAL", "detailList": []}
    origin, destination = shown.ends
    after = shown.next
    said: dict[str, Any] = {
        "mailNo": shown.number,
        "mailNoSource": "EXTERNAL",
        "originCountry": "Mainland China" if origin == "CN" else _COUNTRIES.get(origin, origin),
        "destCountry": _COUNTRIES.get(destination, destination),
        "status": "DELIVERING",
        "statusDesc": "Delivering",
        "daysNumber": "9\tday(s)",
        "copyRealMailNo": after.number if after else "",
        "realMailNo": f"{after.name} {after.number}" if after else "",
        "destCpInfo": {"cpName": after.name if after else "", "cpCode": "", "url": "", "phone": "", "email": ""},
        "latestTrace": _point(shown.scans[-1]),
        "detailList": [_point(scan) for scan in newest_first(shown)],
    }
    if shown.estimate:
        at = int(shown.estimate.timestamp() * 1000)
        said["globalEtaInfo"] = {"etaDesc": "Estimated delivery by", "deliveryMinTime": at, "deliveryMaxTime": at}
    return said


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers."""
    return as_json({"success": True, "module": [_parcel(one) for one in shown]})


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]))


SHAPE = Shape(
    "cainiao",
    JSON,
    found,
    nothing,
    Reply(as_json({"success": False, "errorCode": "FLOW_LIMIT", "errorMsg": "requests are limited", "module": None})),
    Reply(as_json({"rgv587_flag": "sm", "url": "https://captcha.example.com/punish"})),
)
