"""Several picks compiled to one function that gives their texts: what a parcel says of itself, in one call.

It finds what the pickers of `paths` find, one by one; a path whose first key a parcel does not have costs one look-up.
For a parcel of which `origin` is `from.country` and `number` is `no`, the source is

    def texts(node, above, root):
        return (
            (walk1(node, None) if node.get('from') else None),
            (text(v) if (v := node.get('no')) is not None else None),
        )
"""

from collections.abc import Callable, Sequence
from typing import Any

from everyleg.ports.manifest.paths import as_pick, every, first_text, split_start, tidier, walker
from everyleg.ports.manifest.schema import Pick, PickLike

Texts = tuple[str | None, ...]

TextsOf = Callable[[Any, Any, Any], Texts]
"""(node, node above, root) → the text of each pick; the node is a map."""

_STARTS = ("node", "above", "root")


def texts_of(specs: Sequence[PickLike | None], nulls: frozenset[str] = frozenset()) -> TextsOf:
    """Compile picks; what is None gives None."""
    writer = _Writer(nulls)
    values = [writer.value(spec) for spec in specs]
    texts: TextsOf = _function(values, writer)
    return texts


def numbers_of(
    specs: Sequence[PickLike], nulls: frozenset[str]
) -> Callable[[Any, Any, Any], tuple[Sequence[Any], ...]]:
    """Compile to a function that gives all nodes behind each path; of what is more than a path, its one text."""
    writer = _Writer(nulls)
    values = [
        writer.nodes(spec) if isinstance(spec, str) else f"((v,) if (v := {writer.value(spec)}) is not None else ())"
        for spec in specs
    ]
    nodes: Callable[[Any, Any, Any], tuple[Sequence[Any], ...]] = _function(values, writer)
    return nodes


def _function(values: Sequence[str], writer: "_Writer") -> Any:
    source = "def texts(node, above, root):\n    return (" + "".join(f"\n        {value}," for value in values) + ")\n"
    return compiled(source, writer.names, "texts")


def compiled(source: str, names: dict[str, Any], function: str) -> Any:
    """The function of that name in Python source, which may use `names`.

    The source is our own: of a manifest it holds nothing but keys and constants, each written as a Python string.
    """
    exec(compile(source, f"<{function}>", "exec"), names)  # noqa: S102
    return names[function]


class _Writer:
    """Writes the expressions; `v` is the value in hand."""

    def __init__(self, nulls: frozenset[str]) -> None:
        self.names: dict[str, Any] = {"text": first_text, "several": _several, "glue": glue, "nulls": nulls}
        self._nulls = nulls

    def value(self, spec: PickLike | None) -> str:
        """The expression of a pick's text."""
        if spec is None:
            return "None"
        if isinstance(spec, str):
            return f"(v if (v := {self._path(spec)}) not in nulls else None)" if self._nulls else self._path(spec)
        pick = as_pick(spec)
        base, tidy = self._base(pick), tidier(pick, self._nulls)
        return f"({self._name(tidy)}(v) if (v := {base}) is not None else None)" if tidy is not None else base

    def nodes(self, path: str) -> str:
        """The expression of all nodes behind a path."""
        start, keys = split_start(path)
        if start == 0 and len(keys) == 1 and _is_name(keys[0]):
            return f"(several(v) if (v := node.get({keys[0]!r})) is not None else ())"
        walk = self._name(_all_behind(walker(keys, every)))
        return _guarded(f"{walk}({_STARTS[start]})", _STARTS[start], keys, "()")

    def _base(self, spec: Pick) -> str:
        if spec.const is not None:
            return repr(spec.const)
        if spec.join is not None:
            return f"glue({spec.with_!r}, ({''.join(f'{self.value(part)}, ' for part in spec.join)}))"
        if not spec.at:
            return "None"
        first, *others = [spec.at] if isinstance(spec.at, str) else spec.at
        if not others:
            return self.value(first) if isinstance(first, Pick) else self._path(first)
        base = self.value(others[-1])
        for part in reversed([first, *others[:-1]]):
            base = f"(v if (v := {self.value(part)}) is not None else {base})"
        return base

    def _path(self, path: str) -> str:
        start, keys = split_start(path)
        if start == 0 and len(keys) == 1 and _is_name(keys[0]):
            return f"(text(v) if (v := node.get({keys[0]!r})) is not None else None)"
        walk = self._name(walker(keys, first_text))
        return _guarded(f"{walk}({_STARTS[start]}, None)", _STARTS[start], keys, "None")

    def _name(self, function: Any) -> str:
        name = f"f{len(self.names)}"
        self.names[name] = function
        return name


def _guarded(value: str, start: str, keys: Sequence[str], nothing: str) -> str:
    """An expression that is evaluated only where the first key of its path leads somewhere."""
    if not keys or not _is_name(keys[0]):
        return value
    there = f"{start}.get({keys[0]!r})" if len(keys) > 1 else f"{keys[0]!r} in {start}"
    if start != "node":
        there = f"type({start}) is not dict or {there}"
    return f"({value} if {there} else {nothing})"


def _is_name(key: str) -> bool:
    """Whether a key only names a field: a map that lacks it has nothing there."""
    return key != "*" and key[:1] != "["


def glue(between: str, texts: Sequence[str | None]) -> str | None:
    """Texts joined, empty ones left out."""
    said = [text for text in texts if text is not None]
    return between.join(said) if said else None


def _several(value: Any) -> Sequence[Any]:
    if type(value) is not list:
        return (value,)
    found: list[Any] = []
    every(value, found)
    return found


def _all_behind(walk: Callable[[Any, list[Any]], Any]) -> Callable[[Any], list[Any]]:
    def find(node: Any) -> list[Any]:
        found: list[Any] = []
        walk(node, found)
        return found

    return find
