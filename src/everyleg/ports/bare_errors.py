"""Answers that are nothing but an error message, in the forms that any gateway in front of a carrier uses.

A manifest lists its carrier's own errors; these are the ones nobody documents: a token refused by the API gateway, a
SOAP fault, a problem document. They say why there is no journey; they never say that a number is unknown.
"""

import re
from collections.abc import Iterator
from typing import Any

from everyleg.core.model import FailedKind
from everyleg.ports.answer import Fault

_ERROR_KEY = re.compile(
    r"^(errors?|faults?|faultstring|faultcode|error_?description|error_?message|exception|problem|"
    r"response_?status|status_?(code|message|text)|message|messages|detail|title|reason)$",
    re.IGNORECASE,
)
_TELLS = re.compile(r"error|fault|exception|problem", re.IGNORECASE)
_KINDS: tuple[tuple[FailedKind, re.Pattern[str]], ...] = (
    ("rate_limited", re.compile(r"too many|rate.?limit|quota|throttl|limit exceeded", re.IGNORECASE)),
    (
        "refused",
        re.compile(
            r"unauthori[sz]ed|not authori[sz]ed|authori[sz]ation|authentication|forbidden|access denied|credential|"
            r"api.?key|token|log.?in|password|permission|invalid.?client|not allowed",
            re.IGNORECASE,
        ),
    ),
    (
        "unreachable",
        re.compile(r"unavailable|time.?out|internal (server )?error|server error|maintenance|try again", re.IGNORECASE),
    ),
)
_MAX_LEAVES = 60


def bare_error(tree: Any) -> Fault | None:
    """The fault that an error-only answer tells, None when the tree is more than an error or does not say why."""
    leaves = list(_leaves(tree))
    if not leaves or len(leaves) > _MAX_LEAVES:
        return None
    told = [text for path, text in leaves if any(_ERROR_KEY.match(key) for key in path)]
    if not told or not (_names_an_error(leaves) or len(leaves) <= 3):
        return None
    words = "; ".join(dict.fromkeys(told))[:300]
    for kind, pattern in _KINDS:
        if pattern.search(words):
            return Fault(kind, f"the answer is only an error: {words}")
    if _names_an_error(leaves):
        return Fault("refused", f"the answer is only an error: {words}")
    return None


def _names_an_error(leaves: list[tuple[tuple[str, ...], str]]) -> bool:
    return any(_TELLS.search(key) for path, _ in leaves for key in path)


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list):
        for item in node:
            yield from _leaves(item, path)
    elif node is not None and node != "":
        yield path, str(node)
