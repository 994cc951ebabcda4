"""From a carrier's codes and phrases to sub-statuses, by its `codes.yaml`."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import classify
from everyleg.ports.manifest.schema import Codes

WORDS = "words"
"""The value of a code whose meaning stands only in its text; `words:SUB_STATUS` says what it is when that is unsure."""


class Meaning(NamedTuple):
    """What a code and its text mean, and what was not known about them."""

    sub_status: str
    unknown: Literal["unknown_code", "unknown_text"] | None


class StatusTable:
    """One table of codes, ready to be asked.

    A listed code decides; `words` hands over to the text; an unlisted code is `other`, or its words where the
    manifest says that the code list is open. Texts without a code go to the carrier's phrases, then to the common ones.
    """

    def __init__(self, table: Codes, unknown_code: Literal["other", "words"] = "other") -> None:
        """Compile `table`.

        Raises:
            ValueError: when it names a sub-status that the vocabulary does not have, or a broken expression.
        """
        self._exact = {code: value for code, value in table.codes.items() if "*" not in code}
        wild = sorted((c for c in table.codes if "*" in c), key=lambda code: (-len(code), code))
        self._wild = [(re.compile(_glob(code), re.DOTALL), table.codes[code]) for code in wild]
        self._texts = [(re.compile(p, re.IGNORECASE), status) for p, status in table.texts.items()]
        self._words_for_unknown = unknown_code == "words"
        self.voids = {code: re.compile(_glob(earlier), re.DOTALL) for code, earlier in table.voids.items()}
        _check_statuses(table)
        self._categories = table.categories
        self.of: Callable[[str | None, str | None, str | None], Meaning] = lru_cache(maxsize=32_768)(self._of)
        """(code, tidied text, category) → meaning, remembered: answers repeat few of them."""

    def takes_back(self, code: str | None, earlier: str | None) -> bool:
        """Whether `code` takes back a fact of the code `earlier`, which may be a pattern in the table."""
        target = self.voids.get(code) if code is not None else None
        return target is not None and earlier is not None and bool(target.fullmatch(earlier))

    def _of(self, code: str | None, text: str | None, category: str | None) -> Meaning:
        listed = self._listed(code) if code is not None else None
        known = self._categories.get(category) if category is not None else None
        if listed is not None:
            return Meaning(self._meant(listed, text, known), None)
        if known is not None:
            return Meaning(self._meant(known, text), "unknown_code" if code is not None else None)
        if code is not None:
            return Meaning(self._said(text) if self._words_for_unknown else self._phrase(text), "unknown_code")
        said = self._said(text)
        return Meaning(said, "unknown_text" if said == "other" else None)

    def _meant(self, value: str, text: str | None, coarse: str | None = None) -> str:
        """What a value of the table says: `words` asks the text, then its own fallback, then the category."""
        if not value.startswith(WORDS):
            return value
        said = self._said(text)
        if said != "other":
            return said
        return value.partition(":")[2] or (self._meant(coarse, None) if coarse else "other")

    def _listed(self, code: str | None) -> str | None:
        if code is None:
            return None
        found = self._exact.get(code)
        if found is None:
            found = next((value for pattern, value in self._wild if pattern.fullmatch(code)), None)
        return found

    def _phrase(self, text: str | None) -> str:
        return next((status for pattern, status in self._texts if text and pattern.search(text)), "other")

    def _said(self, text: str | None) -> str:
        if not text:
            return "other"
        status = next((status for pattern, status in self._texts if pattern.search(text)), None)
        return status if status is not None else classify(text).sub_status


def _glob(code: str) -> str:
    return ".*".join(re.escape(part) for part in code.split("*"))


def _check_statuses(table: Codes) -> None:
    values = [*table.codes.values(), *table.categories.values()]
    meant = {v.partition(":")[2] or "other" if v.startswith(WORDS) else v for v in values}
    wrong = sorted((meant | set(table.texts.values())) - set(STATUSES))
    if wrong:
        raise ValueError(f"codes.yaml: no such sub-status: {', '.join(wrong)}; see data/statuses.csv")
