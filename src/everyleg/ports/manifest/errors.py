"""The errors that a carrier puts into an answer."""

import re
from collections.abc import Callable
from typing import Any

from everyleg.core.model import Reason, Result
from everyleg.ports.manifest.paths import Picker, as_text, find_all, maybe, picker
from everyleg.ports.manifest.schema import ErrorRule, PickLike

_Values = Callable[[Any, Any, Any], list[str]]


class ErrorReader:
    """The error rules of an answer, tried in order."""

    def __init__(self, rules: list[ErrorRule], nulls: frozenset[str]) -> None:
        """Compile the rules."""
        self._rules = [_Rule(rule, nulls) for rule in rules]

    def first(self, node: Any, above: Any, root: Any) -> Result | None:
        """The result of the first rule that fires, or None."""
        for rule in self._rules:
            result = rule.result(node, above, root)
            if result is not None:
                return result
        return None


class _Rule:
    def __init__(self, rule: ErrorRule, nulls: frozenset[str]) -> None:
        self._rule = rule
        self._values = _all_values(rule.when, nulls)
        self._matches = re.compile(rule.matches, re.IGNORECASE) if rule.matches else None
        self._detail, self._number = maybe(rule.detail, nulls), maybe(rule.number, nulls)
        self._retry = maybe(rule.retry_after_s, nulls)

    def result(self, node: Any, above: Any, root: Any) -> Result | None:
        values = self._values(node, above, root)
        told = next((value for value in values if self._tells(value)), None)
        if told is None:
            return None
        number = self._number(node, above, root) if self._number else None
        if self._rule.outcome == "unknown":
            return Result(None, "unknown", tracking_number=number)
        detail = (self._detail(node, above, root) if self._detail else None) or told
        reason, wait = Reason(self._rule.kind, detail), _seconds(self._retry, node, above, root)
        return Result(None, "failed", reason, wait, tracking_number=number)

    def _tells(self, value: str) -> bool:
        if self._rule.is_ is not None:
            return value in self._rule.is_
        return self._matches is None or bool(self._matches.search(value))


def _seconds(pick: Picker | None, node: Any, above: Any, root: Any) -> int | None:
    said = pick(node, above, root) if pick else None
    return int(said) if said and said.isdigit() else None


def _all_values(spec: PickLike, nulls: frozenset[str]) -> _Values:
    """Every value that a path leads to, since an error may be the second of a list; a richer pick gives its one."""
    if isinstance(spec, str | list):
        finders = [find_all(path) for path in ([spec] if isinstance(spec, str) else spec)]
        return lambda node, above, root: [
            text for find in finders for value in find(node, above, root) if (text := as_text(value)) is not None
        ]
    pick = picker(spec, nulls)
    return lambda node, above, root: [value] if (value := pick(node, above, root)) is not None else []
