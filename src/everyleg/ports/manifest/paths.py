"""Paths and picks: from the words of a manifest to functions on a parsed answer.

A path is keys with dots between them. Lists on the way are walked through; a number picks one entry; `*` takes all
entries of a map; `[type=A|B]` (`[a/type=A]` further down) goes on only with such a map; `^` starts from the node above
(for an event: its parcel), `$` from the root; a dot inside a key is written `\\.`. An attribute of XML is `@name`, the
text of an element that also has attributes is `#text`.
"""

import re
from collections.abc import Callable
from typing import Any

from everyleg.ports.manifest.schema import Pick, PickLike

Picker = Callable[[Any, Any, Any], str | None]
"""(node, node above, root) → the value as text, or None when there is nothing."""

Finder = Callable[[Any, Any, Any], list[Any]]
"""(node, node above, root) → every node that a path leads to."""

_COMPARISON = re.compile(r"([^=~]+?)\s*([=~])\s*(.*)", re.DOTALL)
"""A path, `=` and the value it must have, or `~` and an expression that must be found in it."""

NULLS = frozenset({"", "-", "--", "------", "null", "NULL", "None", "none", "N/A", "n/a", "undefined"})
"""Words that say nothing, in any carrier's answer."""


def split_path(path: str) -> list[str]:
    """Keys of a path; `\\.` stands for a dot inside a key."""
    return [part.replace("\x00", ".") for part in path.replace("\\.", "\x00").split(".")] if path else []


def _walk(node: Any, keys: list[str]) -> list[Any]:
    """Every node behind `keys`, walking through lists."""
    level = [node]
    for key in keys:
        below: list[Any] = []
        for one in level:
            if type(one) is dict and key in one:
                below.append(one[key])
            elif one is not None:
                below += _step(one, key)
        if not below:
            return below
        level = below
    return _flattened(level) if any(type(one) is list for one in level) else level


def _step(node: Any, key: str) -> list[Any]:
    """One step of a path that is not just a key of a map."""
    if type(node) is list:
        if key.isdigit():
            return [node[int(key)]] if int(key) < len(node) else []
        return [found for item in node for found in _step(item, key)]
    return _children(node, key) if type(node) is dict else []


def _flattened(level: list[Any]) -> list[Any]:
    return [leaf for one in level for leaf in (_flattened(one) if type(one) is list else (one,))]


def _chosen(node: dict[str, Any], choice: str) -> bool:
    """Whether a map is one that `[key=value|value]` goes on with; keys further down have `/` between them."""
    key, _, values = choice[1:-1].partition("=")
    return any(as_text(found) in values.split("|") for found in _walk(node, key.split("/")))


def _start(path: str) -> tuple[int, list[str]]:
    """Which of (node, above, root) a path starts from, and its remaining keys."""
    keys = split_path(path)
    if keys and keys[0] in ("^", "$"):
        return (1 if keys[0] == "^" else 2), keys[1:]
    return 0, keys


def find_all(path: str) -> Finder:
    """A function that gives every node behind `path`, lists flattened."""
    start, keys = _start(path)
    if len(keys) == 1 and start == 0 and keys[0] != "*":
        return _find_key(keys[0])
    return lambda node, above, root: list(_walk((node, above, root)[start], keys))


def _find_key(key: str) -> Finder:
    """The frequent case of one key below a map."""
    slow = [key]

    def find(node: Any, _above: Any, _root: Any) -> list[Any]:
        if type(node) is dict:
            value = node.get(key)
            if type(value) is list:
                return value if not value or type(value[0]) is dict else list(_walk(value, []))
        return list(_walk(node, slow))

    return find


def find_with_parents(path: str) -> Callable[[Any], list[tuple[Any, Any]]]:
    """A function that gives every (node, map above it) behind `path` from the root."""
    keys = split_path(path)

    def find(root: Any) -> list[tuple[Any, Any]]:
        level = _flat([(root, root)])
        for key in keys:
            level = _flat([(child, node) for node, _ in level if type(node) is dict for child in _children(node, key)])
        return level

    return find


def _flat(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Pairs with lists walked through."""
    for node, _ in pairs:
        if type(node) is list:
            return _flat([(item, above) for node, above in pairs for item in (node if type(node) is list else (node,))])
    return pairs


def _children(node: dict[str, Any], key: str) -> list[Any]:
    if key == "*":
        return [{"$key": name, "$value": value} for name, value in node.items()]
    if key[:1] == "[" and key not in node:
        return [node] if _chosen(node, key) else []
    return [node[key]] if key in node else []


def as_text(value: Any) -> str | None:
    """A scalar as the text that the source printed; None for maps, lists and null-like words."""
    if type(value) is str:
        value = value.strip()
        return None if value in NULLS else value
    if value is None or isinstance(value, dict):
        return as_text(value.get("#text")) if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if isinstance(value, list) else str(value)


def _path_picker(path: str) -> Picker:
    start, keys = _start(path)
    plain = start == 0 and not any(k == "*" or k.isdigit() or k[:1] == "[" for k in keys)
    if plain and len(keys) == 1:
        return _key_picker(keys[0])
    if plain and len(keys) == 2:
        return _two_key_picker(*keys)

    def pick(node: Any, above: Any, root: Any) -> str | None:
        for found in _walk((node, above, root)[start], keys):
            text = as_text(found)
            if text is not None:
                return text
        return None

    return pick


def _key_picker(key: str) -> Picker:
    slow = [key]

    def pick(node: Any, _above: Any, _root: Any) -> str | None:
        if type(node) is dict:
            value = node.get(key)
            if type(value) is not list:
                return as_text(value)
        return next((text for found in _walk(node, slow) if (text := as_text(found)) is not None), None)

    return pick


def _two_key_picker(first: str, second: str) -> Picker:
    slow = [first, second]

    def pick(node: Any, _above: Any, _root: Any) -> str | None:
        if type(node) is dict:
            inner = node.get(first)
            if inner is None:
                return None
            if type(inner) is dict:
                value = inner.get(second)
                if type(value) is not list:
                    return as_text(value)
        return next((text for found in _walk(node, slow) if (text := as_text(found)) is not None), None)

    return pick


def _first_of(pickers: list[Picker]) -> Picker:
    if len(pickers) == 1:
        return pickers[0]

    def pick(node: Any, above: Any, root: Any) -> str | None:
        for picker in pickers:
            value = picker(node, above, root)
            if value is not None:
                return value
        return None

    return pick


def _joined(pickers: list[Picker], glue: str) -> Picker:
    def pick(node: Any, above: Any, root: Any) -> str | None:
        parts = [v for p in pickers if (v := p(node, above, root)) is not None]
        return glue.join(parts) if parts else None

    return pick


def _base(spec: Pick, nulls: frozenset[str]) -> Picker:
    if spec.const is not None:
        constant = spec.const
        return lambda _node, _above, _root: constant
    if spec.join is not None:
        return _joined([picker(part, nulls) for part in spec.join], spec.with_)
    if isinstance(spec.at, str):
        return _path_picker(spec.at)
    return _first_of([picker(part, nulls) for part in spec.at or []])


Tidy = Callable[[str | None], str | None]
"""What a pick does to the value that it found."""


def tidier(spec: Pick, nulls: frozenset[str]) -> Tidy | None:
    """A pick's own tidying: null words, match, strip, case, map; None when it has none."""
    if spec.const is not None or not (spec.match or spec.map is not None or spec.case or spec.strip or nulls):
        return None
    pattern = re.compile(spec.match) if spec.match else None

    def tidy(value: str | None) -> str | None:
        if value is None or value in nulls:
            return None
        if pattern is not None:
            found = pattern.search(value)
            if not found:
                return None
            value = found.group(1) if pattern.groups else found.group()
        if spec.strip:
            value = value.lstrip(spec.strip) or value[-1:]
        if spec.case:
            value = value.upper() if spec.case == "upper" else value.lower()
        return spec.map.get(value, spec.map.get("*")) if spec.map is not None else value

    return tidy


def as_pick(spec: PickLike) -> Pick:
    """A path, or alternatives, as the pick that they are short for."""
    return spec if isinstance(spec, Pick) else Pick(at=spec if isinstance(spec, str) else [*spec])


def picker(spec: PickLike, nulls: frozenset[str] = frozenset()) -> Picker:
    """Compile a pick of a manifest."""
    spec = as_pick(spec)
    base, tidy = _base(spec, nulls), tidier(spec, nulls)
    return base if tidy is None else lambda node, above, root: tidy(base(node, above, root))


def maybe(spec: PickLike | None, nulls: frozenset[str] = frozenset()) -> Picker | None:
    """Like `picker`, None for None."""
    return None if spec is None else picker(spec, nulls)


def condition(text: str) -> Callable[[Any, Any, Any], bool]:
    """Compile a condition: `a.b` exists, `!a.b` does not, `a=x` has that value, `a~x` fits x, joined by `&`."""
    parts = [_condition(part.strip()) for part in text.split("&")]
    if len(parts) == 1:
        return parts[0]
    return lambda node, above, root: all(part(node, above, root) for part in parts)


def _condition(text: str) -> Callable[[Any, Any, Any], bool]:
    if text.startswith("!"):
        inner = _condition(text[1:])
        return lambda node, above, root: not inner(node, above, root)
    compared = _COMPARISON.fullmatch(text)
    if compared:
        value, wanted = _path_picker(compared[1]), compared[3]
        fits = wanted.__eq__ if compared[2] == "=" else re.compile(wanted, re.IGNORECASE).search
        return lambda node, above, root: (said := value(node, above, root)) is not None and bool(fits(said))
    start, keys = _start(text)
    return lambda node, above, root: _exists((node, above, root)[start], keys)


def _exists(node: Any, keys: list[str]) -> bool:
    """Whether a path is there, even if what it leads to is empty."""
    for i, key in enumerate(keys):
        if type(node) is list:
            return any(_exists(item, keys[i:]) for item in node)
        if type(node) is not dict:
            return False
        if key == "*":
            return any(_exists(child, keys[i + 1 :]) for child in _children(node, key))
        if key not in node:
            return False
        node = node[key]
    return True
