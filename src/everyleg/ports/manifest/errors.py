"""The errors that a carrier puts into an answer."""

import re
from typing import Any

from everyleg.core.model import Reason, Result
from everyleg.ports.manifest.paths import Picker, as_text, maybe
from everyleg.ports.manifest.schema import ErrorRule, PickLike
from everyleg.ports.manifest.texts import nodes_of


class ErrorReader:
    """The error rules of an answer, tried in order."""

    def __init__(self, rules: list[ErrorRule], nulls: frozenset[str]) -> None:
        """Compile the rules. Several often look at the same values, which are gathered once."""
        whens: list[PickLike] = []
        for rule in rules:
            if rule.when not in whens:
                whens.append(rule.when)
        self._rules = [(whens.index(rule.when), _Rule(rule, nulls)) for rule in rules]
        self._found = nodes_of(whens, nulls)

    def first(self, node: Any, above: Any, root: Any) -> Result | None:
        """The result of the first rule that fires, or None."""
        found = self._found(node, above, root)
        texts: dict[int, list[str]] = {}
        for place, rule in self._rules:
            if found[place]:
                if place not in texts:
                    texts[place] = [text for value in found[place] if (text := as_text(value)) is not None]
                result = rule.result(texts[place], node, above, root)
                if result is not None:
                    return result
        return None


class _Rule:
    def __init__(self, rule: ErrorRule, nulls: frozenset[str]) -> None:
        self._rule = rule
        self._matches = re.compile(rule.matches, re.IGNORECASE) if rule.matches else None
        self._detail, self._number = maybe(rule.detail, nulls), maybe(rule.number, nulls)
        self._retry = maybe(rule.retry_after_s, nulls)

    def result(self, values: list[str], node: Any, above: Any, root: Any) -> Result | None:
        """What the rule makes of the values that it looks at; None where none of them tells."""
        for told in values:
            if self._tells(told):
                break
        else:
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
