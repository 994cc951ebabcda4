"""The tables, one module a noun. `metadata` is what a migrated database must look like; a test compares them."""

from everyleg.store.tables import checks, journal, parcels, people, shipments, timeline, workspaces
from everyleg.store.tables.base import metadata

__all__ = ["checks", "journal", "metadata", "parcels", "people", "shipments", "timeline", "workspaces"]
