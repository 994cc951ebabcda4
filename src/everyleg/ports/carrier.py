"""A carrier, compiled: from an answer to a reading, whatever the answer is."""

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from everyleg.core.fold import Facts
from everyleg.core.model import Reading, Reason, Result
from everyleg.ports.answer import Answer, Fault, transport_fault
from everyleg.ports.bare_errors import bare_error
from everyleg.ports.manifest.aliases import Slugs
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.paths import split_path
from everyleg.ports.manifest.reader import Asked, ReadingReader
from everyleg.ports.manifest.schema import Codes, Manifest
from everyleg.ports.manifest.shape import Shape, extra_fields, learn
from everyleg.ports.manifest.tree import Unreadable, parse, unwrap
from everyleg.ports.manifest.wanted import wanted_of

Hook = Callable[[Any], Any]
"""The one function of a carrier's `read.py`: from the parsed tree to the tree that its manifest describes."""

Owners = Callable[[str, Any], list[str]]
"""(kind, tree) → slugs of carriers whose answers look like this."""

SAMPLE_SUFFIXES = (".json", ".xml")


_NOTHING_ASKED = Asked()


class Answered(Struct):
    """A reading, and for each of its results where the parcel comes from and goes to."""

    reading: Reading
    facts: list[Facts]
    owners: list[str] = []
    """Slug of the carrier of each result, where an aggregator speaks of several carriers; empty: all the reading's."""

    @property
    def understood(self) -> bool:
        """Whether the bytes were this carrier's answer (its own errors are)."""
        return self.reading.reading is not None


class Carrier:
    """One carrier's readings and tables."""

    def __init__(
        self,
        manifest: Manifest,
        codes: dict[str, Codes],
        folder: Path,
        slugs: Slugs,
        hook: Hook | None = None,
        family: Path | None = None,
    ) -> None:
        """Compile a manifest; `family` is the folder that it extends, whose samples hold for it too.

        Raises:
            ManifestError: when something in it does not compile.
        """
        self.manifest, self.folder, self._hook = manifest, folder, hook
        self._folders = [folder] if family is None else [folder, family]
        self.codes = codes
        try:
            self.readers = [ReadingReader(manifest, r, codes[r.codes], slugs) for r in manifest.readings]
        except (ValueError, re.error) as error:
            raise ManifestError(f"{folder / 'carrier.yaml'}: {error}") from error
        except KeyError as error:
            raise ManifestError(f"{folder / 'codes.yaml'}: no table {error}") from error
        whole = hook is not None or any(r.unwrap or r.group_by is not None for r in manifest.readings)
        self._wanted = None if whole else wanted_of(r for r in manifest.readings if r.input == "xml")
        self._unwraps = {r.name: [split_path(path) for path in r.unwrap] for r in manifest.readings}

    def read(
        self, answer: Answer, asked: Asked | None = None, *, audit: bool = True, owners: Owners | None = None
    ) -> Answered:
        """Read an answer; whatever it is, it never raises.

        `audit` also compares the fields with those of the samples; leave it out where only the journey matters.
        """
        asked = asked if asked is not None else _NOTHING_ASKED
        try:
            return self._read(answer, asked, audit, owners)
        except Unreadable as error:
            return self._failed(asked, Fault(error.kind, str(error)))  # type: ignore[arg-type]
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError, OverflowError) as error:
            # A shape nobody foresaw: quarantined with the reason, a better manifest replays it.
            detail = f"the reader stumbled over an unforeseen shape ({type(error).__name__}: {error})"
            return self._failed(asked, Fault("unreadable", detail))

    def _read(self, answer: Answer, asked: Asked, audit: bool, owners: Owners | None) -> Answered:
        if (answer.error is not None or answer.status >= 400) and (fault := transport_fault(answer)) is not None:
            return self._failed(asked, fault)
        if answer.status in self.manifest.statuses and not answer.body.strip():
            return self._by_status(answer.status, asked)
        wanted = None if audit else self._wanted
        try:
            kind, tree = parse(answer.body, wanted)
        except Unreadable:
            if answer.status in self.manifest.statuses:
                return self._by_status(answer.status, asked)
            raise
        if self._hook is not None:
            tree = self._hook(tree)
        reader = self._reader(kind, tree)
        if reader is None:
            if wanted is not None and kind == "xml":
                kind, tree = parse(answer.body)
            return self._misfit(kind, tree, answer, asked, owners)
        if paths := self._unwraps[reader.name]:
            tree = unwrap(tree, paths)
        read = reader.read(tree, asked)
        if audit and (shape := self._shapes.get(reader.name)):
            read.warnings.extend(extra_fields(shape, tree))
        return Answered(Reading(1, self.manifest.slug, reader.name, read.results, read.warnings), read.facts)

    def _reader(self, kind: str, tree: Any) -> ReadingReader | None:
        for reader in self.readers:
            if reader.input == kind and reader.fits(tree, tree, tree):
                return reader
        return None

    def fits(self, kind: str, tree: Any) -> bool:
        """Whether a parsed answer looks like one of this carrier's."""
        try:
            return self._reader(kind, self._hook(tree) if self._hook else tree) is not None
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):
            return False

    def _misfit(self, kind: str, tree: Any, answer: Answer, asked: Asked, owners: Owners | None) -> Answered:
        """What is none of this carrier's shapes: a status that the manifest knows, a bare error, another's answer."""
        if answer.status in self.manifest.statuses:
            return self._by_status(answer.status, asked)
        fault = bare_error(tree)
        if fault is not None:
            return self._failed(asked, fault, reading="error")
        others = [slug for slug in owners(kind, tree) if slug != self.manifest.slug] if owners else []
        if others:
            detail = f"this looks like an answer of {' or '.join(others[:3])}; name that carrier"
            return self._failed(asked, Fault("wrong_carrier", detail))
        known = ", ".join(r.name for r in self.readers if r.input == kind) or "none in this format"
        return self._failed(asked, Fault("unreadable", f"{_head(tree)} fits no reading of this carrier ({known})"))

    def _by_status(self, status: int, asked: Asked) -> Answered:
        meaning = self.manifest.statuses[status]
        if meaning != "unknown":
            return self._failed(asked, Fault(meaning, f"HTTP {status}"))
        results = [Result(number, "unknown", tracking_number=number) for number in asked.numbers or (None,)]
        return Answered(Reading(1, self.manifest.slug, f"http-{status}", results), [Facts() for _ in results])

    def _failed(self, asked: Asked, fault: Fault, reading: str | None = None) -> Answered:
        results = [
            Result(number, "failed", Reason(fault.kind, fault.detail), fault.retry_after_s)
            for number in asked.numbers or (None,)
        ]
        return Answered(Reading(1, self.manifest.slug, reading, results), [Facts() for _ in results])

    @property
    def samples(self) -> list[Path]:
        """The sample answers of the folder and of its family's, in order of name."""
        files = (path for folder in self._folders for path in (folder / "samples").glob("*"))
        return sorted(path for path in files if path.suffix in SAMPLE_SUFFIXES)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        """Known shape of each reading, learned from the samples that it reads."""
        trees: dict[str, list[Any]] = {}
        for path in self.samples:
            kind, tree = parse(path.read_bytes())
            tree = self._hook(tree) if self._hook else tree
            reader = self._reader(kind, tree)
            if reader is not None:
                trees.setdefault(reader.name, []).append(unwrap(tree, self._unwraps[reader.name]))
        return {name: learn(found) for name, found in trees.items()}


def _head(tree: Any) -> str:
    """The first words of a tree, for an error message."""
    if isinstance(tree, dict):
        keys = ", ".join(list(tree)[:5]) or "nothing"
        return f"an answer with {keys} at its top"
    return f"an answer that is a {type(tree).__name__}"
