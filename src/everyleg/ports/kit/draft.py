"""Beginnings: the folder of a new carrier, and a proposed manifest for an answer nobody described yet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from everyleg.core.time.layouts import LayoutError, compile_layout
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.tree import parse

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What a carrier's slug looks like."""
_LAYOUTS = (
    "iso", "dotnet", "dd.MM.yyyy HH:mm", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "M/d/yyyy h:mm:ss a",
    "MMMM d, yyyy h:mm a", "MMMM d, yyyy", "yyyyMMddHHmmss", "yyyyMMdd HHmmss", "yyyyMMdd", "yyyy/MM/dd HH:mm:ss",
    "yyyy/MM/dd HH:mm", "dd MMM yyyy HH:mm", "dd-MM-yyyy HH:mm:ss", "dd.MM.yyyy", "dd/MM/yyyy",
)  # fmt: skip
_CLOCKS = {
    "HHmmss": re.compile(r"([01]\d|2[0-3])[0-5]\d[0-5]\d"),
    "HH:mm:ss": re.compile(r"([01]?\d|2[0-3]):[0-5]\d:[0-5]\d"),
    "HH:mm": re.compile(r"([01]?\d|2[0-3]):[0-5]\d"),
    "h:mm a": re.compile(r"1?\d:[0-5]\d ?[ap]\.?m\.?", re.IGNORECASE),
}
"""Clocks without a day, which stand in a field beside the date."""
_EPOCH = re.compile(r"1\d{9}(\d{3})?")
_CODE = re.compile(r"[A-Z0-9][A-Za-z0-9_.-]{0,24}")
_PLACES = {
    "country": r"country", "city": r"city|town|locality", "region": r"state|province|region",
    "postal_code": r"zip|post", "raw": r"loc|place|site|depot|office|address|area|facility",
}  # fmt: skip
_QUOTED_NO_ERROR = '"!error"'
_CODE_NAME = re.compile(r"code|status|type|event|state|node", re.IGNORECASE)
_KEPT_LATER = re.compile(r"insert|creat|updat|modif|estimat|expect|schedul", re.IGNORECASE)
"""Times that are not when it happened."""
_NUMBER = re.compile(r"track|waybill|barcode|awb|parcel_?no|number|_?id$|no$", re.IGNORECASE)


class Leaf(Struct, frozen=True):
    """A field of the events: its path and the values seen there."""

    path: str
    values: list[str]


def new_folder(slug: str, root: Path, name: str | None = None) -> Path:
    """Make the folder of a new carrier below `root`, and give its path.

    Raises:
        ManifestError: when the slug is no slug, or the folder is there already.
    """
    if not SLUG.fullmatch(slug):
        raise ManifestError(f"{slug!r} is no slug; use lower-case letters, digits and single dashes")
    folder = root / slug.replace("-", "_")
    if folder.exists():
        raise ManifestError(f"{folder} is there already; edit it, or choose another slug")
    (folder / "samples").mkdir(parents=True)
    title = name or slug.replace("-", " ").title()
    (folder / "carrier.yaml").write_text(f'slug: {slug}\nnames: {{en: "{title}", zh: "{title}"}}\n', encoding="utf-8")
    return folder


def draft_manifest(sample: Path) -> str:
    """Propose `readings` for an answer, as YAML with a remark at each guess.

    Raises:
        ValueError: when the file is no JSON or XML, or nothing in it looks like a list of events.
        OSError: when it cannot be read.
    """
    kind, tree = parse(sample.read_bytes())
    path, events = _best_list(tree)
    leaves = _leaves_of(events)
    parent, _, last = path.rpartition(".")
    return "\n".join(
        [
            "# A proposal: check every line against the carrier's documents.",
            "readings:",
            "- name: draft",
            f"  input: {kind}",
            f"  fits: [{path or _QUOTED_NO_ERROR}]",
            *([f"  results: {parent}"] if parent else []),
            *_number_line(tree, parent),
            f"  events: {last or path}",
            "  event:",
            *_event_lines(leaves),
            "",
        ]
    )


def _lists(node: Any, path: str = "") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every list of maps, and every lone map, with its path."""
    if isinstance(node, list):
        maps = [item for item in node if isinstance(item, dict)]
        if maps:
            yield path, maps
            merged: dict[str, Any] = {}
            for item in maps:
                for key, value in item.items():
                    merged[key] = value if value or key not in merged else merged[key]
            yield from _lists_below(merged, path)
    elif isinstance(node, dict):
        yield path, [node]
        yield from _lists_below(node, path)


def _lists_below(node: dict[str, Any], path: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for key, value in node.items():
        name = key.replace(".", "\\.")
        yield from _lists(value, f"{path}.{name}" if path else name)


def _best_list(tree: Any) -> tuple[str, list[dict[str, Any]]]:
    """The list that looks most like events: a time and some words in each entry, many entries, deep down."""

    def score(found: tuple[str, list[dict[str, Any]]]) -> tuple[int, int, int]:
        path, maps = found
        leaves = _leaves_of(maps)
        timed = any(_layout_of(leaf) for leaf in leaves)
        worded = any(_wordiness(leaf) > 8 for leaf in leaves)
        return (timed + worded if timed else 0, len(maps), path.count("."))

    best = max(_lists(tree), key=score, default=None)
    if best is None or score(best)[0] == 0:
        raise ValueError("nothing in it looks like a list of events with times; is it a tracking answer with events?")
    return best


def _leaves_of(events: list[dict[str, Any]]) -> list[Leaf]:
    found: dict[str, list[str]] = {}
    for event in events:
        for path, value in _scalars(event):
            found.setdefault(path, []).append(value)
    return [Leaf(path, values) for path, values in found.items()]


def _scalars(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            name = key.replace(".", "\\.")
            if not isinstance(value, list):
                yield from _scalars(value, f"{path}.{name}" if path else name)
    elif node not in (None, "") and not isinstance(node, bool):
        yield path, str(node)


def _layout_of(leaf: Leaf) -> str | None:
    if all(_EPOCH.fullmatch(value) for value in leaf.values):
        return "epoch"
    clock = next((name for name, form in _CLOCKS.items() if all(form.fullmatch(v) for v in leaf.values)), None)
    if clock is not None:
        return clock
    for layout in _LAYOUTS:
        try:
            for value in leaf.values:
                compile_layout(layout)(value)
        except LayoutError:
            continue
        return layout
    return None


def _wordiness(leaf: Leaf) -> float:
    """How much a field looks like a sentence: mean length of values with blanks or CJK characters."""
    spoken = [v for v in leaf.values if " " in v.strip() or any(ord(c) > 0x2E80 for c in v)]
    return sum(map(len, spoken)) / len(leaf.values)


def _event_lines(leaves: list[Leaf]) -> list[str]:
    timed = {leaf.path: layout for leaf in leaves if (layout := _layout_of(leaf))}
    rest = [leaf for leaf in leaves if leaf.path not in timed]
    text = max(rest, key=_wordiness, default=None)
    lines = [_time_line(timed)]
    codes = [leaf for leaf in rest if leaf is not text and all(_CODE.fullmatch(v) for v in leaf.values)]
    code = next((leaf for leaf in codes if _CODE_NAME.search(leaf.path) and "@" not in leaf.path), None)
    if code is not None:
        lines.append(f"    code: {code.path}   # seen: {', '.join(dict.fromkeys(code.values))}"[:110])
    if text is not None and _wordiness(text) > 0:
        lines.append(f"    text: {text.path}")
    places = _place_parts([leaf for leaf in rest if leaf is not text and leaf is not code])
    return [*lines, f"    place: {{{', '.join(f'{k}: {v}' for k, v in places.items())}}}"] if places else lines


def _time_line(timed: dict[str, str]) -> str:
    whole = {path: layout for path, layout in timed.items() if layout not in _CLOCKS}
    clocks = [path for path, layout in timed.items() if layout in _CLOCKS]
    if not whole:
        return "    time: {at: }   # no date found beside the clock"
    path, layout = min(whole.items(), key=lambda found: bool(_KEPT_LATER.search(found[0])))
    if clocks and layout in ("iso", "yyyyMMdd", "dd.MM.yyyy", "dd/MM/yyyy"):
        clock = timed[clocks[0]]
        joined = "iso" if layout == "iso" and clock != "HHmmss" else f"{layout.replace('iso', 'yyyy-MM-dd')} {clock}"
        return f'    time: {{at: {{join: [{path}, {clocks[0]}]}}, layouts: ["{joined}"]}}'
    return f'    time: {{at: {path}, layouts: ["{layout}"]}}'


def _place_parts(leaves: list[Leaf]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part, pattern in _PLACES.items():
        taken = set(parts.values())
        fitting = (x for x in leaves if re.search(pattern, x.path, re.IGNORECASE) and x.path not in taken)
        found = next((x for x in fitting if "@" not in x.path and not x.path.lower().endswith("id")), None)
        if found is not None:
            parts[part] = found.path
    return parts


def _number_line(tree: Any, parent: str) -> list[str]:
    for path, maps in _lists(tree):
        if path == parent:
            for key, value in maps[0].items():
                if _NUMBER.search(key) and isinstance(value, str | int) and any(c.isdigit() for c in str(value)):
                    return [f"  number: {key}"]
    return ["  # number: where the tracking number stands"]
