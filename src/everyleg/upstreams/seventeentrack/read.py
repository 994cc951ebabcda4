"""17TRACK's answers and pushes laid out flat: one parcel for each carrier that tells of it."""

from typing import Any

_OF_REGISTRATION = frozenset({-18019901, -18019904, -18019905})
"""What only says that a number is registered already, or followed already, or not again: it tells of no parcel."""


def read(tree: Any) -> Any:
    """`gettrackinfo`, a push, or an error of the whole call, as `parcels` and `error`; anything else as it is."""
    if not isinstance(tree, dict):
        return tree
    data = tree.get("data")
    if "event" in tree and isinstance(data, dict):
        return {"parcels": _providers(data) if "track_info" in data else []}  # a stopped one tells nothing
    if not isinstance(data, dict) or "code" not in tree:
        return tree
    errors = data.get("errors") or ([{"code": tree["code"]}] if tree["code"] != 0 else [])
    if errors and not data.get("accepted"):
        return {"parcels": [], "error": errors[0]}
    rejected = [_rejected(item) for item in data.get("rejected") or () if _code(item) not in _OF_REGISTRATION]
    told = [item for item in data.get("accepted") or () if "track_info" in item]  # else registered, and no more
    return {"parcels": [parcel for item in told for parcel in _providers(item)] + rejected}


def _rejected(item: Any) -> dict[str, Any]:
    return {"number": item.get("number"), **_who(item.get("carrier"), item), "error": item.get("error") or {}}


def _code(item: Any) -> Any:
    return (item.get("error") or {}).get("code")


def _who(key: Any, item: Any) -> dict[str, Any]:
    """The carrier by its key; by our own word for it, which comes back as we sent it."""
    tag = item.get("tag") or ""
    own = tag.removeprefix("everyleg:") if tag.startswith("everyleg:") else None
    return {"carrier_key": key or None, "carrier": own}


def _providers(item: Any) -> list[dict[str, Any]]:
    """The first carrier and the last-mile one tell of the same parcel, each under its own number."""
    info = item.get("track_info") or {}
    providers = (info.get("tracking") or {}).get("providers") or []
    first = {"number": item.get("number"), **_who(item.get("carrier"), item), **_about(info), "events": []}
    parcels = [first]
    for provider in providers:
        who = provider.get("provider") or {}
        key = who.get("key")
        if key == item.get("carrier") or len(providers) == 1:
            first["events"] = provider.get("events") or []
            first["carrier_name"] = who.get("name")
            first["carrier_key"] = first["carrier_key"] or key
        else:
            number = _local_number(item, info.get("misc_info") or {}, key)
            first["next"] = {"number": number, "carrier_key": key, "carrier_name": who.get("name")}
            parcels.append({**first["next"], "events": provider.get("events") or []})
    return parcels


def _local_number(item: Any, misc: Any, key: Any) -> Any:
    local = misc.get("local_number")
    return local if local and misc.get("local_key") in (None, 0, "", key) else item.get("number")


def _about(info: Any) -> dict[str, Any]:
    ways, metrics, status = info.get("shipping_info") or {}, info.get("time_metrics") or {}, info.get("latest_status")
    return {
        "origin": (ways.get("shipper_address") or {}).get("country"),
        "destination": (ways.get("recipient_address") or {}).get("country"),
        "state": _state(status or {}),
        "estimate": metrics.get("estimated_delivery_date"),
        "weight_kg": (info.get("misc_info") or {}).get("weight_kg"),
    }


def _state(status: Any) -> Any:
    """A status that came without events; that nothing was found is no status."""
    said = status.get("sub_status") or status.get("status")
    return None if str(said or "").startswith("NotFound") else said
