"""Several picks compiled to one function that gathers their raw values from a node: the quick way through an answer.

Where picks are plain paths, Python is generated that walks shared beginnings of paths once. Values come as they stand
in the tree (`as_text` tidies them). A shape that is not plain on the way (a longer list, a text where a map should be)
raises `Odd`, a map or list at the end cannot be hashed: then the careful pickers of `paths` take over. The two never
differ in what they find (`tests/unit/ports/test_quick_way.py` holds them against each other).
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from everyleg.ports.manifest.paths import as_pick, as_text, maybe, picker, split_path, tidier
from everyleg.ports.manifest.schema import Pick, PickLike
from everyleg.ports.manifest.texts import glue

Raw = tuple[Any, ...]
"""Values as they stand in the tree."""

Gather = Callable[[Any, Any, Any], tuple[Raw, ...]]
"""(node, node above, root) → the raw values of each group.

Raises:
    Odd: when the node has a shape for the careful pickers.
"""

Specs = Sequence[PickLike | None]

_MAX_KEYS = 4


class Odd(Exception):  # noqa: N818 - a signal, not an error
    """The node is not plain; ask the careful pickers."""


def _inner(value: Any) -> dict[str, Any]:
    """The map on the way of a path, where there is exactly one."""
    if type(value) is dict:
        return value
    if value is None:
        return {}
    if type(value) is list and len(value) == 1 and type(value[0]) is dict:
        return value[0]
    raise Odd


def gather_carefully(groups: Sequence[Specs], nulls: frozenset[str] = frozenset()) -> Gather:
    """The texts of the groups for any shape of node, by the pickers of `paths`; it never raises `Odd`."""
    pickers = [[maybe(spec, nulls) for spec in group] for group in groups]
    return lambda node, above, root: tuple(
        tuple(pick(node, above, root) if pick else None for pick in group) for group in pickers
    )


def leaves_of(specs: Specs) -> list[str] | None:
    """The plain paths that picks look at, each once; None when one of them is not plain."""
    found: dict[str, None] = {}
    for spec in specs:
        if spec is not None and not _add_leaves(as_pick(spec), found):
            return None
    return list(found)


def leaves(specs: Specs) -> Sequence[Any]:
    """The values that picks look at, not what they make of them: enough to know that an event says the same as one
    before. Where a pick is not plain, the picks themselves.
    """
    plain = leaves_of(specs)
    return [specs] if plain is None else plain


def _add_leaves(spec: str | Pick, found: dict[str, None]) -> bool:
    if isinstance(spec, str):
        found[spec] = None
        return _plain_keys(spec) is not None
    if spec.const is not None:
        return True
    inside = spec.join if spec.join is not None else [spec.at] if isinstance(spec.at, str) else spec.at or []
    return all(_add_leaves(part, found) for part in inside)


class Writer:
    """Writes Python that gathers raw values from the map `node` (`above`, `root`), each beginning of a path once."""

    def __init__(self, nulls: frozenset[str]) -> None:
        self.lines: list[str] = []
        """What has to run before the expressions are evaluated; it may raise `Odd`."""
        text_of = partial(_said, nulls=nulls)
        self.names: dict[str, Any] = {"Odd": Odd, "inner": _inner, "first": _first, "glue": _glue, "text_of": text_of}
        self._nulls = nulls
        self._maps: dict[tuple[str, ...], str] = {(): "node"}

    def group(self, specs: Sequence[Any]) -> str:
        """The expression of a group: a tuple of its values, or where it is one nested group, the texts of that."""
        if len(specs) == 1 and isinstance(specs[0], list | tuple):
            careful = gather_carefully(specs, self._nulls)
            return f"{self._name(lambda node, above, root: careful(node, above, root)[0])}(node, above, root)"
        return f"({''.join(f'{self.value(spec)}, ' for spec in specs)})"

    def value(self, spec: PickLike | None) -> str:
        """The expression of a pick: of a plain path the raw value, of anything else its text."""
        if spec is None:
            return "None"
        if isinstance(spec, str) and (keys := _plain_keys(spec)):
            return f"{self._map(keys[:-1])}.get({keys[-1]!r})"
        return self._pick(as_pick(spec))

    def printed(self, spec: PickLike | None) -> str:
        """The same for a time: date and clock joined as they stand, which only a reader that checks every character of
        their layout may take: none of the words that mean nothing is part of such a time.
        """
        worded = all(re.search(r"[^\W\dTZ_]", word) for word in self._nulls)
        if isinstance(spec, Pick) and spec.join and spec.with_ == " " and worded and tidier(spec, frozenset()) is None:
            keys = [_plain_keys(part) if isinstance(part, str) else None for part in spec.join]
            if len(keys) == 2 and keys[0] and keys[1]:
                day, clock = (self.value(part) for part in spec.join)
                return f'f"{{{day}}} {{{clock}}}"'
        if isinstance(spec, Pick) and isinstance(spec.at, str) and spec == Pick(at=spec.at, match=spec.match):
            pattern = re.compile(spec.match or "")
            if _plain_keys(spec.at) and worded and pattern.pattern.startswith("^") and not pattern.groups:
                return f"{self._name(pattern.match)}({self.value(spec.at)}).group()"
        return self.value(spec)

    def _pick(self, spec: Pick) -> str:
        if leaves_of([spec]) is None:
            return f"{self._name(picker(spec, self._nulls))}(node, above, root)"
        if spec.const is not None:
            return repr(spec.const)
        if spec.join is not None:
            base = f"glue({spec.with_!r}, {self._all(spec.join)})"
        else:
            base = f"first({self._all([spec.at] if isinstance(spec.at, str) else spec.at or [])})"
        tidy = tidier(spec, self._nulls)
        return f"{self._name(tidy)}({base})" if tidy is not None else base

    def _all(self, specs: Sequence[str | Pick]) -> str:
        parts = (f"text_of({self.value(s)})" if self._nulls and isinstance(s, str) else self.value(s) for s in specs)
        return f"({''.join(f'{part}, ' for part in parts)})"

    def _name(self, function: Any) -> str:
        name = f"f{len(self.names)}"
        self.names[name] = function
        return name

    def _map(self, keys: tuple[str, ...]) -> str:
        if keys not in self._maps:
            around = self._map(keys[:-1])
            name = f"m{len(self._maps)}"
            self.lines.append(f"{name} = {around}.get({keys[-1]!r})")
            self.lines.append(f"if type({name}) is not dict: {name} = inner({name})")
            self._maps[keys] = name
        return self._maps[keys]


def _first(values: tuple[Any, ...]) -> str | None:
    """The first value that says something."""
    for value in values:
        text = _text(value)
        if text is not None:
            return text
    return None


def _glue(between: str, values: tuple[Any, ...]) -> str | None:
    """Values joined, empty ones left out."""
    return glue(between, [_text(value) for value in values])


def _said(value: Any, nulls: frozenset[str]) -> str | None:
    """The text of a value, None for one of the words that mean nothing here."""
    text = _text(value)
    return None if text in nulls else text


def _text(value: Any) -> str | None:
    if type(value) is dict or type(value) is list:
        raise Odd
    return as_text(value)


def _plain_keys(path: str) -> tuple[str, ...] | None:
    """Keys of a path that goes straight down from the node, else None."""
    keys = tuple(split_path(path))
    plain = 0 < len(keys) <= _MAX_KEYS and not any(k in ("*", "^", "$") or k.isdigit() or k[:1] == "[" for k in keys)
    return keys if plain else None
