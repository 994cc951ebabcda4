"""An aggregator's answers: read like a carrier's, but each parcel belongs to the carrier that its key names.

The statements are the real carrier's, so that they meet its own; their source is the aggregator, so that they are
witnesses beside it. A folder's `read.py` lays the answer out flat: `parcels`, each with `carrier_key` (and `carrier`, a
slug, where we said it ourselves), `number`, `events`; the manifest (`upstream.yaml`) says the rest.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from everyleg.core.fold import Facts
from everyleg.core.model import Reading, Result, Warn
from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.carrier import Answered, Carrier, Hook, Owners
from everyleg.ports.manifest.load import ManifestError, load_codes, read_yaml
from everyleg.ports.manifest.reader import Asked, ReadingReader, bare
from everyleg.ports.manifest.schema import Codes, Manifest
from everyleg.ports.manifest.tree import parse
from everyleg.ports.push import Push, form_field


class Names(Protocol):
    """The registry of carriers, as an aggregator needs it."""

    @property
    def folders(self) -> Mapping[str, Path]:
        """Slug → folder."""

    def slug_of(self, name: str) -> str | None:
        """Slug of the carrier that goes by a name."""

    def by_key(self, system: str) -> dict[str, str]:
        """What an aggregator calls a carrier → slug."""

    def manifest(self, slug: str) -> Manifest:
        """A carrier's manifest."""


class Upstream(Carrier):
    """One aggregator's readings."""

    def __init__(
        self, manifest: Manifest, codes: dict[str, Codes], folder: Path, names: Names, hook: Hook | None
    ) -> None:
        """Compile a manifest; those of the carriers in its answers are compiled when they are met.

        Raises:
            ManifestError: when something in it does not compile.
        """
        self._names = names
        super().__init__(manifest, codes, folder, self._slug, hook)
        self._member = lru_cache(maxsize=4096)(self._compile_member)
        self._slug_of_key: dict[str, str] | None = None

    def key_of(self, slug: str) -> str | None:
        """What the aggregator calls a carrier; None where we do not know."""
        words = self._names.manifest(slug).aliases.of(self.manifest.slug) if slug in self._names.folders else []
        return words[0] if words else None

    def _read(self, answer: Answer, asked: Asked, audit: bool, owners: Owners | None) -> Answered:
        field = self.manifest.push.form_field if isinstance(self.manifest.push, Push) else None
        if field is not None and answer.body[:1] not in (b"{", b"["):
            body = form_field(answer.body, field)
            answer = answer if body is None else replace(answer, body=body)
        if transport_fault(answer) is not None:
            return super()._read(answer, asked, audit, owners)
        kind, tree = parse(answer.body)
        flat = self._hook(tree) if self._hook is not None else tree
        reader = self._reader(kind, flat)
        if reader is None or not isinstance(flat, dict):
            return super()._misfit(kind, tree, answer, asked, owners)
        return self._apart(reader, flat, asked)

    def _apart(self, reader: ReadingReader, flat: dict[str, Any], asked: Asked) -> Answered:
        """Read each carrier's parcels by themselves, then say what became of numbers that nothing was said of."""
        answered = Answered(Reading(1, self.manifest.slug, reader.name, []), [])
        groups: dict[str, list[Any]] = {}
        for parcel in flat.get("parcels") or []:
            groups.setdefault(self._owner(parcel, answered.reading.warnings), []).append(parcel)
        nobody = Asked((), asked.observed_at, asked.observation, asked.source)
        for owner, parcels in groups.items():
            read = self._member(owner, reader.name).read({**flat, "parcels": parcels}, nobody)
            _add(answered, read.results, read.facts, owner)
            answered.reading.warnings += read.warnings
        self._say_asked(answered, asked)
        said = {bare(result.asked) for result in answered.reading.results if result.asked}
        left = tuple(number for number in asked.numbers if bare(number) not in said)
        if left or not groups:
            read = reader.read({**flat, "parcels": []}, replace(asked, numbers=left))
            _add(answered, read.results, read.facts, self.manifest.slug)
        return answered

    @staticmethod
    def _say_asked(answered: Answered, asked: Asked) -> None:
        wanted = {bare(number): number for number in asked.numbers}
        for result in answered.reading.results:
            result.asked = wanted.get(bare(result.tracking_number or ""))

    def _owner(self, parcel: Any, warnings: list[Warn]) -> str:
        """The carrier of a parcel: by its key, by what we called it when we asked, by its name; else nobody we know."""
        key, name = str(parcel.get("carrier_key") or ""), parcel.get("carrier_name") or ""
        own = parcel.get("carrier")
        found = self._slug(key) or (own if own in self._names.folders else None) or self._slug(name)
        if found is None:
            warnings.append(Warn("unknown_carrier", "carrier", key or name or None))
        return found or self.manifest.slug

    def _slug(self, word: str) -> str | None:
        if not word:
            return None
        if self._slug_of_key is None:
            self._slug_of_key = self._names.by_key(self.manifest.slug)
        return self._slug_of_key.get(word) or (None if word.isdigit() else self._names.slug_of(word))

    def _compile_member(self, owner: str, reading: str) -> ReadingReader:
        """The reading as that carrier's: its name in the statements, its home for times that say no zone."""
        manifest = replace(self.manifest, slug=owner)
        if owner in self._names.folders:
            home = self._names.manifest(owner).zone
            manifest = replace(manifest, zone=replace(self.manifest.zone, home=home.home or home.always))
        spec = next(one for one in manifest.readings if one.name == reading)
        return ReadingReader(manifest, spec, self.codes[spec.codes], self._slug)


def _add(answered: Answered, results: list[Result], facts: list[Facts], owner: str) -> None:
    answered.reading.results += results
    answered.facts += facts
    answered.owners += [owner] * len(results)


def load_upstream(folder: Path, hook: Hook | None, names: Names) -> Upstream:
    """The aggregator of a folder.

    Raises:
        ManifestError: file, place and what is wrong there.
    """
    path = folder / "upstream.yaml"
    try:
        manifest = msgspec.convert(read_yaml(path), Manifest, strict=False)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{path}: {error}") from error
    return Upstream(manifest, load_codes(folder), folder, names, hook)
