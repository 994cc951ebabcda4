"""Where plug-ins are found, and the one place that loads their code by name."""

import importlib
import importlib.util
import os
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

import everyleg.carriers
import everyleg.upstreams
from everyleg.ports.asking import Source
from everyleg.ports.carrier import Hook
from everyleg.ports.ledger import Ledger
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.registry import Registry

ENTRY_POINT = "everyleg.carriers"
"""Group of entry points by which an installed package offers a module whose folders are carriers."""

PACKAGED = Path(everyleg.carriers.__file__).parent
"""The carriers that ship with the product."""

UPSTREAMS = Path(everyleg.upstreams.__file__).parent
"""The aggregators that ship with the product."""


def roots() -> list[Path]:
    """Folders of carriers: the package's, those of installed packages, then `EVERYLEG_PLUGINS`; later ones win."""
    installed = [Path(str(entry.load().__file__)).parent for entry in entry_points(group=ENTRY_POINT)]
    return [PACKAGED, *installed, *([plugins] if (plugins := plugin_folder()) else [])]


def plugin_folder() -> Path | None:
    """The directory of `EVERYLEG_PLUGINS`, None when it is not set.

    Raises:
        ManifestError: when it is set and is no directory.
    """
    named = os.environ.get("EVERYLEG_PLUGINS")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise ManifestError(f"EVERYLEG_PLUGINS={named} is not a directory; point it to the folder of carrier folders")
    return folder


def load_hook(folder: Path) -> Hook | None:
    """The function `read` of a folder's `read.py`, None where there is none.

    Code in `EVERYLEG_PLUGINS` runs only with `EVERYLEG_PLUGIN_CODE=1`; manifests alone are harmless.

    Raises:
        ManifestError: when code is there and not allowed, or has no function `read`.
    """
    path = folder / "read.py"
    if not path.exists():
        return None
    outside = plugin_folder()
    if outside and outside in path.parents and os.environ.get("EVERYLEG_PLUGIN_CODE") != "1":
        raise ManifestError(f"{path}: code of plug-ins runs only with EVERYLEG_PLUGIN_CODE=1; set it if you trust it")
    spec = importlib.util.spec_from_file_location(f"everyleg_carrier_{folder.name}", path)
    if spec is None or spec.loader is None:
        raise ManifestError(f"{path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    hook: Hook | None = getattr(module, "read", None)
    if hook is None:
        raise ManifestError(f"{path}: has no function `read(tree)`")
    return hook


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Every carrier that this installation knows."""
    return Registry(roots(), load_hook, [UPSTREAMS])


def aggregators(carriers: Registry, ledger: Ledger) -> dict[str, Source]:
    """Every aggregator that can be asked, by slug.

    Args:
        carriers: the registry.
        ledger: the book of what was registered and paid.
    """
    found: dict[str, Source] = {}
    for slug, folder in carriers.upstream_folders.items():
        module = importlib.import_module(f"{everyleg.upstreams.__name__}.{folder.name}.source")
        found[slug] = module.source(carriers.upstream(slug).key_of, ledger)
    return found
