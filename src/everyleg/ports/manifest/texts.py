"""Several picks compiled to one function that gives their texts: what a parcel says of itself, in one call.

It finds what the pickers of `paths` find, one by one; a path whose first key a parcel does not have costs one look-up.
For a parcel of which `origin` is `from.country` and `number` is `no`, the source is

    def texts(node, above, root):
        return (
            (walk1(node, None) if node.get('from') else None),
            (text(v) if (v := node.get('no')) is not None else None),
        )
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from everyleg.ports.manifest.paths import (
    Finder,
    as_pick,
    changes,
    every,
    find_all,
    first_text,
    maybe,
    paths_in,
    picker,
    split_start,
    tidier,
    walker,
)
from everyleg.ports.manifest.schema import Pick, PickLike

Texts = tuple[str | None, ...]

TextsOf = Callable[[Any, Any, Any], Texts]
"""(node, node above, root) → the text of each pick."""

TextOf = Callable[[Any, Any, Any], str | None]
"""(map, node above, root) → the text of one pick."""

_STARTS = ("node", "above", "root")


def texts_of(specs: Sequence[PickLike | None], nulls: frozenset[str] = frozenset()) -> TextsOf:
    """Compile picks; what is None gives None."""
    writer = Expressions(nulls, [path for path, uses in Counter(paths_in(specs)).items() if uses > 1])
    pickers = [maybe(spec, nulls) for spec in specs]
    texts: TextsOf = _function(
        [writer.value(spec) for spec in specs],
        writer,
        lambda node, above, root: tuple(pick(node, above, root) if pick else None for pick in pickers),
    )
    return texts


def text_of(spec: PickLike | None, nulls: frozenset[str] = frozenset()) -> TextOf:
    """Compile one pick, for nodes that are maps."""
    writer = Expressions(nulls)
    source = f"def said(node, above, root): return {writer.value(spec)}"
    said: TextOf = compiled(source, writer.names, "said")
    return said


NodesOf = Callable[[Any, Any, Any], tuple[Sequence[Any], ...]]
"""(node, node above, root) → the nodes of each pick."""


def nodes_of(specs: Sequence[PickLike], nulls: frozenset[str]) -> NodesOf:
    """Compile to a function that gives all nodes behind paths; of what is more than paths, its one text."""
    writer = Expressions(nulls)
    finders = [_finder(spec, nulls) for spec in specs]
    nodes: NodesOf = _function(
        [writer.all_nodes(spec) for spec in specs],
        writer,
        lambda node, above, root: tuple(find(node, above, root) for find in finders),
    )
    return nodes


def _finder(spec: PickLike, nulls: frozenset[str]) -> Finder:
    if isinstance(spec, Pick):
        pick = picker(spec, nulls)
        return lambda node, above, root: [v] if (v := pick(node, above, root)) is not None else []
    finders = [find_all(path) for path in ([spec] if isinstance(spec, str) else spec)]
    return lambda node, above, root: [found for find in finders for found in find(node, above, root)]


def _function(values: Sequence[str], writer: "Expressions", carefully: Callable[[Any, Any, Any], Any]) -> Any:
    """The generated function; what is no map is left to the pickers of `paths`."""
    tuple_of = "".join(f"\n        {value}," for value in values)
    source = f"""def texts(node, above, root):
    if type(node) is not dict: return carefully(node, above, root)
{indented(writer.lines, 1)}
    return ({tuple_of})
"""
    return compiled(source, {**writer.names, "carefully": carefully}, "texts")


def compiled(source: str, names: dict[str, Any], function: str) -> Any:
    """The function of that name in Python source, which may use `names`.

    The source is our own: of a manifest it holds nothing but keys and constants, each written as a Python string.
    """
    exec(compile(source, f"<{function}>", "exec"), names)  # noqa: S102
    return names[function]


def indented(lines: Sequence[str], depth: int) -> str:
    """Lines of Python, that many blocks deep."""
    return "\n".join("    " * depth + line for line in lines)


class Expressions:
    """Writes the expressions; `v` is the value in hand."""

    def __init__(self, nulls: frozenset[str], shared: Sequence[str] = ()) -> None:
        """`shared` are paths that several picks look at: they are walked once, in lines before the expressions."""
        self.names: dict[str, Any] = {"text": first_text, "several": _several, "glue": glue, "nulls": nulls}
        self._nulls = nulls
        self._shared: dict[str, str] = {}
        self.lines = [f"s{place} = {self._path(path)}" for place, path in enumerate(shared)]
        self._shared = {path: f"s{place}" for place, path in enumerate(shared)}

    def value(self, spec: PickLike | None) -> str:
        """The expression of a pick's text."""
        if spec is None:
            return "None"
        if isinstance(spec, str):
            return f"(v if (v := {self._path(spec)}) not in nulls else None)" if self._nulls else self._path(spec)
        pick = as_pick(spec)
        base = self._base(pick)
        if pick.join is None and not changes(pick):
            return base  # one of values that are no null words already
        tidy = tidier(pick, self._nulls)
        return f"({self._name(tidy)}(v) if (v := {base}) is not None else None)" if tidy is not None else base

    def all_nodes(self, spec: PickLike) -> str:
        """The expression of all nodes behind a path or several paths, or of the one text of anything else."""
        if isinstance(spec, Pick):
            return f"((v,) if (v := {self.value(spec)}) is not None else ())"
        if isinstance(spec, str):
            return self.nodes(spec)
        return f"({''.join(f'*{self.nodes(path)}, ' for path in spec)})"

    def nodes(self, path: str) -> str:
        """The expression of all nodes behind a path."""
        start, keys = split_start(path)
        if start == 0 and len(keys) == 1 and is_name(keys[0]):
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
        if path in self._shared:
            return self._shared[path]
        start, keys = split_start(path)
        if start == 0 and len(keys) == 1 and is_name(keys[0]):
            return f"(text(v) if (v := node.get({keys[0]!r})) is not None else None)"
        walk = self._name(walker(keys, first_text))
        return _guarded(f"{walk}({_STARTS[start]}, None)", _STARTS[start], keys, "None")

    def _name(self, function: Any) -> str:
        name = f"f{len(self.names)}"
        self.names[name] = function
        return name


def _guarded(value: str, start: str, keys: Sequence[str], nothing: str) -> str:
    """An expression that is evaluated only where the first key of its path leads somewhere."""
    if not keys or not is_name(keys[0]):
        return value
    there = f"{start}.get({keys[0]!r})" if len(keys) > 1 else f"{keys[0]!r} in {start}"
    if start != "node":
        there = f"type({start}) is not dict or {there}"
    return f"({value} if {there} else {nothing})"


def anything_in(paths: Sequence[str]) -> str:
    """The expression of whether the map `node` may have something behind one of the paths."""
    starts = [split_start(path) for path in paths]
    if not all(start == 0 and keys and is_name(keys[0]) for start, keys in starts):
        return "True"
    names = dict.fromkeys(keys[0] for _, keys in starts)
    return " or ".join(f"node.get({name!r}) is not None" for name in names) or "True"


def is_name(key: str) -> bool:
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
