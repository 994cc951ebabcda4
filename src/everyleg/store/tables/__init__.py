"""The tables, one module a noun. `metadata` is what a migrated database must look like; a test compares them."""

from everyleg.store.tables import (
    api,
    bundles,
    checks,
    consolidations,
    durations,
    intake,
    journal,
    parcels,
    people,
    resolution,
    shipments,
    sources,
    timeline,
    workspaces,
)
from everyleg.store.tables.base import metadata

__all__ = [
    "api",
    "bundles",
    "checks",
    "consolidations",
    "durations",
    "intake",
    "journal",
    "metadata",
    "parcels",
    "people",
    "resolution",
    "shipments",
    "sources",
    "timeline",
    "workspaces",
]
