"""La Poste Suivi v2, JSON: newest first, ISO with offset, labels in French and no towns."""

from collections.abc import Sequence
from typing import Any

from everyleg.lab.rendering.scans import JSON, Reply, Scan, Shape, Shown, as_json, iso, newest_first


def _event(scan: Scan) -> dict[str, Any]:
    return {"code": scan.code, "label": scan.text, "date": iso(scan)} | (
        {"country": scan.country} if scan.country else {}
    )


def _tracked(shown: Shown) -> dict[str, Any]:
    if not shown.scans:
        return _unknown(shown.number)
    origin, destination = shown.ends
    shipment: dict[str, Any] = {
        "idShip": shown.number,
        "holder": 4,
        "product": "Colissimo",
        "isFinal": shown.scans[-1].code.startswith("DI"),
        "entryDate": iso(shown.scans[0]),
        "timeline": [],
        "event": [_event(scan) for scan in newest_first(shown)],
        "contextData": {"originCountry": origin, "arrivalCountry": destination},
        "url": "",
    }
    if shown.estimate:
        shipment["estimDate"] = f"{shown.estimate:%Y-%m-%d}"
    return {"lang": "fr_FR", "scope": "open", "returnCode": 200, "shipment": shipment}


def _unknown(number: str) -> dict[str, Any]:
    words = "Nous ne parvenons pas à récupérer les informations concernant votre envoi."
    return {"returnCode": 404, "returnMessage": words, "lang": "fr_FR", "scope": "open", "idShip": number}


def found(shown: Sequence[Shown]) -> bytes:
    """The answer for some numbers: of several a list."""
    tracked = [_tracked(one) for one in shown]
    return as_json(tracked if len(tracked) > 1 else tracked[0])


def nothing(numbers: Sequence[str]) -> Reply:
    """The answer for numbers that it does not know."""
    return Reply(found([Shown(number) for number in numbers]), 404 if len(numbers) == 1 else 207)


def _error(status: int, words: str) -> Reply:
    return Reply(as_json({"returnCode": status, "returnMessage": words, "lang": "fr_FR"}), status)


SHAPE = Shape("la-poste", JSON, found, nothing, _error(429, "Trop de requêtes"), _error(401, "Clé invalide"))
