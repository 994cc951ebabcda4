"""The reading expected of a sample: a short form that a person can review line by line."""

from typing import Any

import msgspec
import yaml

from everyleg.core.model import Reading, Statement

_APART = frozenset({"events", "asked"})
"""Parts of a result that are written otherwise, or not at all."""


def short_form(reading: Reading) -> dict[str, Any]:
    """A reading without what is empty, constant or derived: what `NAME.reading.yaml` holds."""
    body: dict[str, Any] = msgspec.to_builtins(reading)
    results = []
    for result, full in zip(body["results"], reading.results, strict=True):
        kept = {k: v for k, v in result.items() if k not in _APART and v is not None and v is not True and v != []}
        if full.events:
            kept["events"] = [_short_event(event) for event in full.events]
        if not full.complete:
            kept["complete"] = False
        results.append(kept)
    return {"reading": reading.reading, "results": results, **_warnings(reading)}


def _warnings(reading: Reading) -> dict[str, Any]:
    lines = sorted({f"{w.kind} {w.where} {w.value or ''}".strip() for w in reading.warnings})
    return {"warnings": lines} if lines else {}


def _short_event(event: Statement) -> dict[str, Any]:
    at = msgspec.to_builtins(event.occurred_at)
    kept: dict[str, Any] = {"at": at, "basis": event.time_basis}
    if event.uncertainty_s:
        kept["uncertainty_s"] = event.uncertainty_s
    if event.utc_offset is not None:
        kept["utc_offset"] = event.utc_offset
    kept["is"] = event.sub_status
    for name in ("code", "text", "lang"):
        if getattr(event, name) is not None:
            kept[name] = getattr(event, name)
    place = {k: v for k, v in msgspec.to_builtins(event.place).items() if v is not None and k not in ("lat", "lon")}
    if place:
        kept["place"] = place
    if event.withdrawn:
        kept["withdrawn"] = True
    return kept


def dump(short: dict[str, Any]) -> str:
    """The short form as YAML, events on one line each."""
    events_free = {**short, "results": [{k: v for k, v in r.items() if k != "events"} for r in short["results"]]}
    if not any("events" in r for r in short["results"]):
        return _yaml(events_free)
    lines = [f"reading: {short['reading']}", "results:"]
    for result, bare in zip(short["results"], events_free["results"], strict=True):
        body = _yaml(bare).splitlines()
        lines += [f"- {body[0]}", *(f"  {line}" for line in body[1:])]
        lines += ["  events:"] * ("events" in result)
        lines += [f"  - {_flow(event)}" for event in result.get("events", [])]
    if "warnings" in short:
        lines += _yaml({"warnings": short["warnings"]}).splitlines()
    return "\n".join(lines) + "\n"


def load(text: str) -> Any:
    """The short form from YAML."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1_000)


def _flow(value: Any) -> str:
    text = yaml.dump(
        value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=100_000, default_flow_style=True
    )
    return text.strip()
