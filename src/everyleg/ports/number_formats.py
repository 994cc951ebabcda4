"""Reading the number formats that stand in the carriers' folders (`numbers.yaml`)."""

from collections.abc import Iterable
from pathlib import Path

import yaml
from msgspec import ValidationError, convert

from everyleg.numbers.formats import CarrierNumbers, Format
from everyleg.numbers.s10 import formats_of
from everyleg.ports.manifest.load import read_head


def load_formats(roots: Iterable[Path]) -> dict[str, list[Format]]:
    """Number formats by carrier slug, from every `numbers.yaml` in the folders of `roots`.

    A carrier's slug is that of its manifest, `carrier.yaml`, where there is one. A later root
    overrides an earlier one, carrier by carrier.

    Raises:
        ValueError: when a file is not YAML or an entry is not a format; the message names the file.
    """
    found: dict[str, list[Format]] = {}
    for root in roots:
        for path in sorted(root.glob("*/numbers.yaml")):
            slug, formats = _read(path)
            found[_manifest_slug(path.with_name("carrier.yaml")) or slug] = formats
    return found


def _read(path: Path) -> tuple[str, list[Format]]:
    try:
        numbers = convert(yaml.load(path.read_bytes(), yaml.CSafeLoader), CarrierNumbers)
        return numbers.carrier, formats_of(numbers)
    except (yaml.YAMLError, ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error


def _manifest_slug(manifest: Path) -> str | None:
    return read_head(manifest).slug if manifest.exists() else None
