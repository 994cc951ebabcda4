"""Several conditions compiled to one function: whether one of them holds.

It says what `paths.condition` says of each; a condition whose first key a node does not have costs one look-up. For
`parcels.requested` and `errors.code=404 & errors.text` the source is

    def holds(node, above, root):
        if type(node) is not dict: return carefully(node, above, root)
        return (
            ('parcels' in node and test1(node, above, root))
            or (('errors' in node and test2(node, above, root)) and ('errors' in node and test3(node, above, root)))
        )
"""

from collections.abc import Callable, Sequence
from typing import Any

from everyleg.ports.manifest.paths import condition, conditional_paths, split_start
from everyleg.ports.manifest.texts import compiled, is_name

Test = Callable[[Any, Any, Any], bool]
"""(node, node above, root) → whether it holds."""


def any_of(texts: Sequence[str]) -> Test:
    """Compile conditions; without any, none holds."""
    tests = [condition(text) for text in texts]
    names: dict[str, Any] = {"carefully": lambda node, above, root: any(test(node, above, root) for test in tests)}
    each = [" and ".join(_part(part, names) for part in text.split("&")) for text in texts]
    source = f"""def holds(node, above, root):
    if type(node) is not dict: return carefully(node, above, root)
    return ({" or ".join(each) or "False"})
"""
    holds: Test = compiled(source, names, "holds")
    return holds


def _part(text: str, names: dict[str, Any]) -> str:
    """The expression of one condition without `&`."""
    text = text.strip()
    if text.startswith("!"):
        return f"(not {_part(text[1:], names)})"
    ((path, compares),) = conditional_paths(text)
    start, keys = split_start(path)
    there = f"{keys[0]!r} in node" if start == 0 and keys and is_name(keys[0]) else "True"
    if len(keys) == 1 and there != "True" and not compares:
        return f"({there})"
    name = f"test{len(names)}"
    names[name] = condition(text)
    return f"({there} and {name}(node, above, root))"
