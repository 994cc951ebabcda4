"""Paths and picks: from the words of a manifest to functions on a parsed answer.

A path is keys with dots between them. Lists on the way are walked through; a number picks one entry; `*` takes all
entries of a map; `[type=A|B]` (`[a/type=A]` further down) goes on only with such a map; `^` starts from the node above
(for an event: its parcel), `$` from the root; a dot inside a key is written `\\.`. An attribute of XML is `@name`, the
text of an element that also has attributes is `#text`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from everyleg.ports.manifest.schema import Pick, PickLike

Picker = Callable[[Any, Any, Any], str | None]
"""(node, node above, root) → the value as text, or None when there is nothing."""

Finder = Callable[[Any, Any, Any], list[Any]]
"""(node, node above, root) → every node that a path leads to."""

Found = list[Any] | None
"""Where a walk puts what it finds, if it gathers."""

Walk = Callable[[Any, Found], Any]
"""(node, where to put what it finds) → what the walk's end gave, None for nothing."""

_COMPARISON = re.compile(r"([^=~]+?)\s*([=~])\s*(.*)", re.DOTALL)
"""A path, `=` and the value it must have, or `~` and an expression that must be found in it."""

NULLS = frozenset({"", "-", "--", "------", "null", "NULL", "None", "none", "N/A", "n/a", "undefined"})
"""Words that say nothing, in any carrier's answer."""


def split_path(path: str) -> list[str]:
    """Keys of a path; `\\.` stands for a dot inside a key."""
    return [part.replace("\x00", ".") for part in path.replace("\\.", "\x00").split(".")] if path else []


def walker(keys: Sequence[str], end: Walk) -> Walk:
    """A walk from a node along `keys`, through lists; it calls `end` with all that it finds there, until that gives
    something.
    """
    walk = end
    for key in reversed(keys):
        walk = _step(key, walk)
    return walk


def _step(key: str, go_on: Walk) -> Walk:
    """The walk that takes one key and goes on."""
    if key == "*":
        return _entries(go_on)
    if key[:1] == "[":
        return _choice(key, go_on)
    place = int(key) if key.isdigit() else None

    def walk(node: Any, found: Found) -> Any:
        if type(node) is dict:
            below = node.get(key)
            return go_on(below, found) if below is not None else None
        if type(node) is not list:
            return None
        if place is not None:
            return go_on(node[place], found) if place < len(node) else None
        for one in node:  # what `_through` does, without a call for each map
            below = one.get(key) if type(one) is dict else None
            told = go_on(below, found) if below is not None else walk(one, found) if type(one) is list else None
            if told is not None:
                return told
        return None

    return walk


def _through(nodes: Iterable[Any], walk: Walk, found: Found) -> Any:
    """What a walk first gives for several nodes."""
    for node in nodes:
        told = walk(node, found)
        if told is not None:
            return told
    return None


def _entries(go_on: Walk) -> Walk:
    def walk(node: Any, found: Found) -> Any:
        if type(node) is list:
            return _through(node, walk, found)
        return _through(_children(node, "*"), go_on, found) if type(node) is dict else None

    return walk


def _choice(choice: str, go_on: Walk) -> Walk:
    """Goes on with a map where a field of it has one of the values; a field further down has `/` between its keys."""
    path, _, said = choice[1:-1].partition("=")
    values = frozenset(said.split("|")) - NULLS
    chosen = walker(path.split("/"), lambda value, _found: _is_one(value, values))

    def walk(node: Any, found: Found) -> Any:
        if type(node) is not list:
            node = (node,)
        for one in node:
            told = None
            if type(one) is dict:
                value = one.get(path)
                if (value in values or value.strip() in values) if type(value) is str else chosen(one, None):
                    told = go_on(one, found)
            elif type(one) is list:
                told = walk(one, found)
            if told is not None:
                return told
        return None

    return walk


def _is_one(value: Any, values: frozenset[str]) -> bool | None:
    """True for a value, or a list with a value, that is one of `values`, else None."""
    if type(value) is list:
        return any(_is_one(one, values) for one in value) or None
    return as_text(value) in values or None


def first_text(value: Any, _found: Found = None) -> str | None:
    """The end of a walk for one value: a scalar as text, of a list the first that says something."""
    if type(value) is str:
        value = value.strip()
        return None if value in NULLS else value
    if type(value) is list:
        text: str | None = _through(value, first_text, None)
        return text
    return as_text(value)


def every(value: Any, found: Found) -> None:
    """The end of a walk for all nodes: lists flattened."""
    if found is None:
        return
    if type(value) is list:
        for one in value:
            if type(one) is list:
                every(one, found)
            elif one is not None:
                found.append(one)
    elif value is not None:
        found.append(value)


def split_start(path: str) -> tuple[int, list[str]]:
    """Which of (node, above, root) a path starts from, and its remaining keys."""
    keys = split_path(path)
    if keys and keys[0] in ("^", "$"):
        return (1 if keys[0] == "^" else 2), keys[1:]
    return 0, keys


def find_all(path: str) -> Finder:
    """A function that gives every node behind `path`, lists flattened, nulls left out."""
    start, keys = split_start(path)
    walk = walker(keys, every)
    if start:
        return lambda _node, above, root: _every(walk, above if start == 1 else root)
    return lambda node, _above, _root: _every(walk, node)


def find_listed(path: str) -> Finder:
    """Like `find_all`, but where one key leads to a list, that list as it stands, with lists and nulls in it."""
    start, keys = split_start(path)
    carefully = find_all(path)
    if start or len(keys) != 1 or keys[0] == "*" or keys[0][:1] == "[":
        return carefully
    key = keys[0]

    def find(node: Any, above: Any, root: Any) -> list[Any]:
        listed = node.get(key) if type(node) is dict else None
        return listed if type(listed) is list else carefully(node, above, root)

    return find


def _every(walk: Walk, node: Any) -> list[Any]:
    found: list[Any] = []
    walk(node, found)
    return found


def find_with_parents(path: str) -> Callable[[Any], list[tuple[Any, Any]]]:
    """A function that gives every map behind `path` from the root, with the map above it."""
    keys = split_path(path)
    names = keys if not any(key == "*" or key[:1] == "[" for key in keys) else None
    only = names[0] if names is not None and len(names) == 1 else None

    def find(root: Any) -> list[tuple[Any, Any]]:
        if only is not None and type(root) is dict:  # the most frequent way, with the most frequent end: one parcel
            below = root.get(only)
            if type(below) is list and len(below) == 1:
                below = below[0]
            if type(below) is dict:
                return [(below, root)]
        found = _only_way(root, names) if names is not None else None
        if found is not None:
            return found
        level = _flat([(root, root)])
        for key in keys:
            level = _flat([(child, node) for node, _ in level if type(node) is dict for child in _children(node, key)])
        return [pair for pair in level if type(pair[0]) is dict]

    return find


def _only_way(root: Any, keys: Sequence[str]) -> list[tuple[Any, Any]] | None:
    """The nodes behind keys where there is but one way to them; None where there may be more."""
    node = above = root
    for key in keys:
        if type(node) is list and len(node) == 1:
            node = node[0]
        if type(node) is not dict:
            return None if type(node) is list else []
        above, node = node, node.get(key)
    if type(node) is list:
        pairs = [(one, above) for one in node if type(one) is dict]
        return pairs if len(pairs) == len(node) else None
    return [(node, above)] if type(node) is dict else []


def _flat(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Pairs with lists walked through."""
    for node, _ in pairs:
        if type(node) is list:
            return _flat([(item, above) for node, above in pairs for item in (node if type(node) is list else (node,))])
    return pairs


def _children(node: dict[str, Any], key: str) -> list[Any]:
    if key == "*":
        return [{"$key": name, "$value": value} for name, value in node.items()]
    if key[:1] == "[":
        return _every(_choice(key, every), node)
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
    start, keys = split_start(path)
    walk = walker(keys, first_text)
    if start == 0:
        return lambda node, _above, _root: walk(node, None)
    return lambda node, above, root: walk((node, above, root)[start], None)


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
    if spec.const is not None or not (changes(spec) or nulls):
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


def changes(spec: Pick) -> bool:
    """Whether a pick makes something else of the value that it finds."""
    return bool(spec.match or spec.map is not None or spec.case or spec.strip)


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


def paths_in(picks: Iterable[PickLike | list[Any] | None]) -> list[str]:
    """The paths that picks look at."""
    found: list[str] = []
    for pick in picks:
        if isinstance(pick, str):
            found.append(pick)
        elif isinstance(pick, Pick):
            found += paths_in([pick.at, *(pick.join or [])])
        elif pick is not None:
            found += paths_in(pick)
    return found


def conditional_paths(text: str) -> list[tuple[str, bool]]:
    """The paths that a condition looks at, and whether it looks at their value or only whether they are there."""
    parts = [part.strip().removeprefix("!") for part in text.split("&")]
    return [(compared[1], True) if (compared := _COMPARISON.fullmatch(part)) else (part, False) for part in parts]


def _condition(text: str) -> Callable[[Any, Any, Any], bool]:
    if text.startswith("!"):
        inner = _condition(text[1:])
        return lambda node, above, root: not inner(node, above, root)
    compared = _COMPARISON.fullmatch(text)
    if compared:
        value, wanted = _path_picker(compared[1]), compared[3]
        fits = wanted.__eq__ if compared[2] == "=" else re.compile(wanted, re.IGNORECASE).search
        return lambda node, above, root: (said := value(node, above, root)) is not None and bool(fits(said))
    start, keys = split_start(text)
    if start == 0 and len(keys) == 2 and not {"*"}.intersection(keys):
        return _two_keys_exist(*keys)
    return lambda node, above, root: _exists((node, above, root)[start], keys)


def _two_keys_exist(first: str, second: str) -> Callable[[Any, Any, Any], bool]:
    """The frequent case, at a glance where it can be."""
    both = [first, second]

    def test(node: Any, _above: Any, _root: Any) -> bool:
        if type(node) is dict:
            below = node.get(first)
            if below is None:
                return False
            if type(below) is dict:
                return second in below
            if type(below) is list and below and type(below[0]) is dict and second in below[0]:
                return True
        return _exists(node, both)

    return test


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
