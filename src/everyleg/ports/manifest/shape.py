"""What an answer of this shape is known to hold, learned from the samples: anything else is a warning.

So drift is seen the day it happens, and nobody keeps a list of fields by hand.
"""

from collections.abc import Iterable
from typing import Any

from everyleg.core.model import Warn

Shape = dict[str, "Shape"]
"""Known keys of a map and what lies below them; lists are walked through; `*` stands for any key."""

MAX_WARNINGS = 20
"""Extra fields listed for one answer; a different document would name hundreds."""


def learn(trees: Iterable[Any]) -> Shape:
    """The shape that holds every one of `trees`."""
    shape: Shape = {}
    for tree in trees:
        _add(shape, tree)
    return shape


def _add(shape: Shape, node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _add(shape, item)
    elif isinstance(node, dict):
        names = ["*"] if _keyed_by_number(node) else list(node)
        for name in names:
            below = shape.setdefault(name, {})
            for child in node.values() if name == "*" else (node[name],):
                _add(below, child)


def _keyed_by_number(node: dict[str, Any]) -> bool:
    """A map keyed by numbers has no names of its own."""
    return bool(node) and all(any(c.isdigit() for c in key) and len(key) >= 8 for key in node)


def extra_fields(shape: Shape, tree: Any) -> list[Warn]:
    """A warning for each field that the shape does not know, each path once."""
    found: dict[str, None] = {}
    _compare(shape, tree, "", found)
    return [Warn("extra_field", path, None) for path in list(found)[:MAX_WARNINGS]]


def _compare(shape: Shape, node: Any, path: str, found: dict[str, None]) -> None:
    if type(node) is list:
        for item in node:
            _compare(shape, item, path, found)
    elif type(node) is dict and shape:
        for key, value in node.items():
            below = shape.get(key) if key in shape else shape.get("*")
            if below is None:
                found[f"{path}.{key}".lstrip(".")] = None
            elif type(value) is dict or type(value) is list:
                _compare(below, value, f"{path}.{key}", found)
