"""Kuaidi100's answers and pushes laid out flat: the result of the country of origin, and of that of the destination."""

from typing import Any

CHINA = "Asia/Shanghai"
"""The zone of what is told of the way in China, which the times do not say."""


def read(tree: Any) -> Any:
    """A query's answer or the `param` of a push as `parcels` and `error`; anything else as it is."""
    if not isinstance(tree, dict):
        return tree
    if isinstance(tree.get("lastResult"), dict):
        return {"parcels": _joined(tree["lastResult"], tree.get("destResult"))}
    if isinstance(tree.get("data"), list) and "nu" in tree:
        return {"parcels": [_parcel(tree, CHINA)]}
    if tree.get("result") is False:
        return {"parcels": [], "error": {"code": tree.get("returnCode"), "message": tree.get("message")}}
    return tree


def _joined(last: dict[str, Any], destination: Any) -> list[dict[str, Any]]:
    parcels = [_parcel(last, CHINA)]
    if isinstance(destination, dict) and destination.get("data"):
        there = _parcel({"nu": last.get("nu"), **destination}, None)
        parcels[0]["next"] = {"number": there["number"], "carrier_key": there["carrier_key"]}
        parcels.append(there)
    return parcels


def _parcel(result: dict[str, Any], zone: str | None) -> dict[str, Any]:
    events = [{**event, "zone": zone} for event in result.get("data") or () if isinstance(event, dict)]
    state = result.get("state") if events else None
    return {"number": result.get("nu"), "carrier_key": result.get("com"), "events": events, "state": state}
