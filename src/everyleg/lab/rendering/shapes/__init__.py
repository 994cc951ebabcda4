"""The shapes, one module a carrier: what its server prints. A carrier belongs here when the product reads it.

Every module of this folder with a `SHAPE` is found by itself.
"""

from importlib import import_module
from pkgutil import iter_modules

from everyleg.lab.rendering.scans import Shape

_MODULES = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]

SHAPES: dict[str, Shape] = {module.SHAPE.slug: module.SHAPE for module in _MODULES if hasattr(module, "SHAPE")}
"""Slug → shape of a carrier's main interface, the one that its manifest asks."""
