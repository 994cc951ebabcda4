"""From a carrier's folder to its manifest and code tables; a mistake is said with its file and place."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from everyleg.ports.manifest.schema import CONTRACT, Codes, Manifest

IDENTITY = frozenset({"slug", "names", "also", "aliases", "kind", "tracking_page", "extends", "contract"})
"""Keys that a carrier never takes from its family. Tier and what was verified are those of the readings: the family's,
until a member has been held against answers of its own."""


_SLUG = re.compile(r"^slug:[ \t]*[\"']?([a-z0-9-]+)", re.MULTILINE)
_EXTENDS = re.compile(r"^extends:[ \t]*[\"']?([a-z0-9-]+)", re.MULTILINE)


class Head(NamedTuple):
    """What finding a carrier needs of its manifest, without reading it as YAML."""

    slug: str | None
    family: str | None


def read_head(path: Path) -> Head:
    """Slug and family of a `carrier.yaml`, None for what no line of it says."""
    text = path.read_text(encoding="utf-8")
    slug, family = _SLUG.search(text), _EXTENDS.search(text)
    return Head(slug[1] if slug else None, family[1] if family else None)


class ManifestError(ValueError):
    """A manifest is wrong: says the file, the place in it, and what is expected."""


def read_yaml(path: Path) -> Any:
    """A YAML file with every scalar as text, so that a code `NO` or `01` stays what it is.

    Raises:
        ManifestError: with the line where it breaks.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader) or {}  # noqa: S506 - text only
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ManifestError(f"{path}: {' '.join(str(error).split())}") from error


def load_manifest(folder: Path, family: Path | None = None) -> Manifest:
    """The manifest of a folder, over that of its family.

    Raises:
        ManifestError: file, place and what is wrong there.
    """
    path = folder / "carrier.yaml"
    raw = read_yaml(path)
    if family is not None:
        inherited = {k: v for k, v in read_yaml(family / "carrier.yaml").items() if k not in IDENTITY}
        raw = _merged(inherited, raw)
    try:
        manifest = msgspec.convert(raw, Manifest, strict=False)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{path}: {error}") from error
    if manifest.contract != CONTRACT:
        raise ManifestError(f"{path}: contract {manifest.contract} is not {CONTRACT}, the one this version reads")
    return manifest


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`; maps are merged, everything else replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def load_codes(folder: Path, family: Path | None = None) -> dict[str, Codes]:
    """Tables of `codes.yaml` by name; a file without names is the table `default`. A family's tables lie below.

    Raises:
        ManifestError: file, place and what is wrong there.
    """
    raw = _raw_tables(family) if family is not None else {}
    raw = _merged(raw, _raw_tables(folder))
    raw.setdefault("default", {})
    raw = {name: _over_its_base(raw, name) for name in raw}
    try:
        return msgspec.convert(raw, dict[str, Codes], strict=False)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{folder / 'codes.yaml'}: {error}") from error


def _over_its_base(raw: dict[str, Any], name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """A table laid over the one that it extends, that over its own, and so on."""
    table: dict[str, Any] = raw.get(name, {})
    base = table.get("extends")
    if base is None or base in (name, *above):
        return table
    return _merged(_over_its_base(raw, base, (name, *above)), table)


def _raw_tables(folder: Path) -> dict[str, Any]:
    path = folder / "codes.yaml"
    if not path.exists():
        return {}
    raw = read_yaml(path)
    return {"default": raw} if raw.keys() & {"codes", "categories", "texts", "voids"} else raw
