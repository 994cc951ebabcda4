"""Second numbers: in a parcel's fields, or in the words of its events."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from everyleg.core.model import Alias, Relation
from everyleg.ports.manifest.paths import find_all, maybe, picker
from everyleg.ports.manifest.schema import AliasSpec

Slugs = Callable[[str], str | None]
"""Name, alias or code of a carrier → slug, None when nobody goes by it."""

_NOT_ALNUM = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")


class AliasReader:
    """One way to find another number of the parcel: in a field, or in the words of an event."""

    def __init__(self, spec: AliasSpec, nulls: frozenset[str], slugs: Slugs) -> None:
        """Compile `spec`; names of carriers are looked up by `slugs`."""
        self._relation: Relation = spec.relation
        self._find = find_all(spec.at) if isinstance(spec.at, str) else None
        self._pick = maybe(spec.at, nulls) if self._find is None else None
        named = spec.carrier if isinstance(spec.carrier, list) else [spec.carrier] if spec.carrier is not None else []
        self._carrier = [picker(part, nulls) for part in named]
        self._names = {plain(name): slug for name, slug in spec.carriers.items()}
        self._slugs = slugs
        self._pattern = re.compile(spec.match) if spec.match else None
        self._codes = frozenset(spec.codes)

    def in_fields(self, node: Any, above: Any, root: Any) -> Iterator[Alias]:
        """Aliases that stand in the parcel's fields."""
        for number in self._numbers(node, above, root):
            yield Alias(self._owner(node, above, root), number, self._relation)

    def in_event(self, code: str | None, text: str | None) -> Alias | None:
        """The alias that an event's words name."""
        if self._pattern is None or not text or (self._codes and code not in self._codes):
            return None
        found = self._pattern.search(text)
        if not found:
            return None
        groups = found.groupdict()
        # The words name no carrier where it goes without saying: a carrier's own new number.
        return Alias(self._slug(groups.get("carrier")) or self._owner({}, {}, {}), groups["number"], self._relation)

    def _numbers(self, node: Any, above: Any, root: Any) -> list[str]:
        if self._find is not None:
            return [n for n in (as_number(value) for value in self._find(node, above, root)) if n]
        said = self._pick(node, above, root) if self._pick else None
        return [said] if said else []

    def _owner(self, node: Any, above: Any, root: Any) -> str | None:
        """Slug of the carrier: of the first of the named fields that names one we know."""
        names = (pick(node, above, root) for pick in self._carrier)
        return next((slug for name in names if (slug := self._slug(name)) is not None), None)

    def _slug(self, name: str | None) -> str | None:
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
