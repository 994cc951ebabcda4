"""The console: one folder a room, each with its routes, its queries (raw SQL, parameters only) and its templates.

Belongs here: what a seller's people see and do. Does not belong here: what a buyer sees (`buyer`), what two rooms show
in the same way (`components`).
"""

from everyleg.web.seller import (
    adding,
    consolidations,
    coverage,
    entry,
    forwarders,
    keys,
    parcel,
    parcels,
    people,
    repairs,
    sources,
    traces,
)

ROUTES = [
    *entry.ROUTES,
    *parcels.ROUTES,
    *parcel.ROUTES,
    *adding.ROUTES,
    *repairs.ROUTES,
    *people.ROUTES,
    *keys.ROUTES,
    *sources.ROUTES,
    *coverage.ROUTES,
    *forwarders.ROUTES,
    *consolidations.ROUTES,
    *traces.ROUTES,
]
"""Every route of the console."""
