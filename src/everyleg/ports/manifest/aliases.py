"""Second numbers: in a parcel's fields, or in the words of its events."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from everyleg.core.model import Alias, Relation
from everyleg.ports.manifest.paths import picker
from everyleg.ports.manifest.schema import AliasSpec

Slugs = Callable[[str], str | None]
"""Name, alias or code of a carrier → slug, None when nobody goes by it."""

_NOT_ALNUM = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")


class AliasReader:
    """One way to find another number of the parcel: in a field, or in the words of an event."""

    def __init__(self, spec: AliasSpec, nulls: frozenset[str], slugs: Slugs) -> None:
        """Compile `spec`; names of carriers are looked up by `slugs`."""
        self._relation: Relation = spec.relation
        named = spec.carrier if isinstance(spec.carrier, list) else [spec.carrier] if spec.carrier is not None else []
        self._carrier = [picker(part, nulls) for part in named]
        self._names = {plain(name): slug for name, slug in spec.carriers.items()}
        self._slugs = slugs
        self._slug = lru_cache(maxsize=4096)(self._look_up)
        self._pattern = re.compile(spec.match) if spec.match else None
        self.codes = frozenset(spec.codes)
        self.in_event = lru_cache(maxsize=4096)(self._in_event)
        """(code, text) of an event → the alias that its words name, or None; words repeat."""

    def in_fields(self, said: Sequence[Any], node: Any, above: Any, root: Any) -> list[Alias]:
        """Aliases of the numbers that stand in the parcel's fields."""
        numbers = [text for number in said if (text := as_number(number)) is not None]
        if not numbers:
            return []
        owner = self._owner(node, above, root) if self._carrier else None
        return [Alias(owner, number, self._relation) for number in numbers]

    def _in_event(self, code: str | None, text: str | None) -> Alias | None:
        if self._pattern is None or not text or (self.codes and code not in self.codes):
            return None
        found = self._pattern.search(text)
        if not found:
            return None
        groups = found.groupdict()
        # The words name no carrier where it goes without saying: a carrier's own new number.
        return Alias(self._slug(groups.get("carrier")) or self._owner({}, {}, {}), groups["number"], self._relation)

    def _owner(self, node: Any, above: Any, root: Any) -> str | None:
        """Slug of the carrier: of the first of the named fields that names one we know."""
        for pick in self._carrier:
            slug = self._slug(pick(node, above, root))
            if slug is not None:
                return slug
        return None

    def _look_up(self, name: str | None) -> str | None:
        """Slug of a name; behind the carrier often stands its service ("USPS Ground Advantage")."""
        words = name.split() if name else []
        for count in range(len(words), 0, -1):
            said = " ".join(words[:count])
            key = plain(said)
            slug = self._names[key] if key in self._names else self._slugs(said)
            if slug is not None:
                return slug or None
        return None


def plain(name: str) -> str:
    """A carrier's name without what people write differently: case, blanks, signs."""
    return _NOT_ALNUM.sub("", name.lower())


def as_number(value: Any) -> str | None:
    """A number as text, None for what is none."""
    if isinstance(value, str):
        value = value.strip()
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value else None
