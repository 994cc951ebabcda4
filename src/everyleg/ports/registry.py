"""Finds carrier folders by scanning, and loads the ones that are asked for."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from everyleg.ports.carrier import Carrier, Hook
from everyleg.ports.manifest.aliases import plain
from everyleg.ports.manifest.load import ManifestError, load_codes, load_manifest, read_head
from everyleg.ports.manifest.schema import Manifest
from everyleg.ports.push import Push
from everyleg.ports.upstream import Upstream, load_upstream

HookLoader = Callable[[Path], Hook | None]
"""Gives the function of a folder's `read.py`, None where there is none or code is not allowed."""


class UnknownCarrier(KeyError):  # noqa: N818 - it names what is wrong
    """No folder has this slug; `near` are slugs that look like it."""

    def __init__(self, slug: str, near: list[str]) -> None:
        super().__init__(slug)
        self.slug, self.near = slug, near


class Registry:
    """Every carrier folder below some roots. A later root overrides an earlier one, slug by slug."""

    def __init__(self, roots: Iterable[Path], load_hook: HookLoader, upstreams: Iterable[Path] = ()) -> None:
        """Look at no file yet; folders are found at the first question. `upstreams` are roots of aggregators."""
        self._roots, self._load_hook, self._upstream_roots = list(roots), load_hook, list(upstreams)
        self._upstreams: dict[str, Upstream] = {}
        self._loaded: dict[str, Carrier] = {}
        self._manifests: dict[str, Manifest] = {}
        self._family_of: dict[Path, str] = {}
        self._looked_at: tuple[int, ...] = ()

    @cached_property
    def folders(self) -> dict[str, Path]:
        """Slug → folder, in order of slug."""
        found: dict[str, Path] = {}
        self._looked_at = self._stamps()
        for root in self._roots:
            for path in sorted(root.glob("*/carrier.yaml")):
                head = read_head(path)
                if head.slug is None:
                    raise ManifestError(f"{path}: no line `slug: …`")
                found[head.slug] = path.parent
                if head.family is not None:
                    self._family_of[path.parent] = head.family
        return dict(sorted(found.items()))

    def _stamps(self) -> tuple[int, ...]:
        """When something was last made or removed in each root."""
        return tuple(root.stat().st_mtime_ns if root.is_dir() else 0 for root in self._roots)

    def look_again(self) -> None:
        """Forget what was found, so that the next question sees the folders as they are now."""
        for found in ("folders", "_names"):
            self.__dict__.pop(found, None)
        self._loaded.clear()
        self._manifests.clear()

    def carrier(self, slug: str) -> Carrier:
        """The carrier of a slug, compiled.

        Raises:
            UnknownCarrier: when no folder has it.
            ManifestError: when its folder is wrong.
        """
        if slug in self.upstream_folders:
            return self.upstream(slug)
        if slug not in self._loaded:
            folder = self.folder(slug)
            family = self._family(folder)
            codes, hook = load_codes(folder, family), self._hook(folder, family)
            self._loaded[slug] = Carrier(self.manifest(slug), codes, folder, self.slug_of, hook, family)
        return self._loaded[slug]

    @cached_property
    def upstream_folders(self) -> dict[str, Path]:
        """Slug → folder of every aggregator, in order of slug."""
        paths = (path for root in self._upstream_roots for path in root.glob("*/upstream.yaml"))
        found = {slug: path.parent for path in paths if (slug := read_head(path).slug) is not None}
        return dict(sorted(found.items()))

    def upstream(self, slug: str) -> Upstream:
        """The aggregator of a slug, compiled.

        Raises:
            UnknownCarrier: when no folder has it.
            ManifestError: when its folder is wrong.
        """
        if slug not in self.upstream_folders:
            raise UnknownCarrier(slug, list(self.upstream_folders))
        if slug not in self._upstreams:
            folder = self.upstream_folders[slug]
            self._upstreams[slug] = load_upstream(folder, self._load_hook(folder), self)
        return self._upstreams[slug]

    def by_key(self, system: str) -> dict[str, str]:
        """What an aggregator calls a carrier → slug; a word that two of ours share belongs to neither.

        Args:
            system: `17track` or `kuaidi100`.
        """
        owners: dict[str, set[str]] = {}
        for slug in self.folders:
            with suppress(ManifestError):  # a broken folder keeps nobody else's parcels from being read
                for word in self.manifest(slug).aliases.of(system):
                    owners.setdefault(word, set()).add(slug)
        return {word: next(iter(slugs)) for word, slugs in owners.items() if len(slugs) == 1}

    def push(self, slug: str) -> Push | None:
        """How a source's pushes are signed, as its manifest says; None where it says nothing."""
        if slug not in self.upstream_folders and slug not in self.folders:
            return None
        manifest = self.manifest(slug)
        return manifest.push if isinstance(manifest.push, Push) else None

    def _hook(self, folder: Path, family: Path | None) -> Hook | None:
        return self._load_hook(folder) or (self._load_hook(family) if family else None)

    def manifest(self, slug: str) -> Manifest:
        """The manifest of a slug, not compiled.

        Raises:
            UnknownCarrier: when no folder has it.
            ManifestError: when its folder is wrong.
        """
        if slug in self.upstream_folders:
            return self.upstream(slug).manifest
        if slug not in self._manifests:
            folder = self.folder(slug)
            self._manifests[slug] = load_manifest(folder, self._family(folder))
        return self._manifests[slug]

    def folder(self, slug: str) -> Path:
        """The folder of a slug.

        Raises:
            UnknownCarrier: when there is none; its `near` helps.
        """
        if slug not in self.folders and self._stamps() != self._looked_at:
            self.look_again()  # another process made a folder since
        if slug not in self.folders:
            known = self.slug_of(slug)
            if known is None:
                raise UnknownCarrier(slug, self.near(slug))
            return self.folders[known]
        return self.folders[slug]

    def near(self, slug: str) -> list[str]:
        """Slugs that a person may have meant."""
        wanted = plain(slug)
        return [s for s in self.folders if wanted and (wanted in plain(s) or plain(s) in wanted)][:5]

    def _family(self, folder: Path) -> Path | None:
        slug = self._family_of.get(folder)
        return self.folder(slug) if slug is not None else None

    def manifests(self) -> Iterator[Manifest]:
        """Every manifest, in order of slug."""
        return (self.manifest(slug) for slug in self.folders)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Every name, alias and slug → slug; what two carriers share belongs to neither."""
        owners: dict[str, set[str]] = {}
        for manifest in self.manifests():
            aliases = manifest.aliases
            words = (
                manifest.slug,
                *manifest.also,
                *manifest.names.en.split(" / "),
                *manifest.names.zh.split(" / "),
                *aliases.aftership,
                *aliases.kuaidi100,
            )
            for word in words:
                owners.setdefault(plain(word), set()).add(manifest.slug)
        return {word: next(iter(slugs)) for word, slugs in owners.items() if len(slugs) == 1}

    def slug_of(self, name: str) -> str | None:
        """Slug of the carrier that goes by `name` (slug, name in English or Chinese, AfterShip or Kuaidi100 word)."""
        if name in self.folders:
            return name
        return self._names.get(plain(name))

    def owners(self, kind: str, tree: Any) -> list[str]:
        """Slugs of the carriers whose answers look like this; a family stands for its members."""
        readers = (m.slug for m in self.manifests() if m.readings and m.extends is None)
        return [slug for slug in readers if self.carrier(slug).fits(kind, tree)]
