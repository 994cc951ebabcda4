"""From statements to a timeline: one function of sets, whatever the order in which they came.

Belongs here: what a parcel's statements and links mean together. Does not belong here: reading a payload (`carriers`),
storing, the clock (only `view` is told the time).

The steps, each in its own module: `tellings` (one source's word, standing or taken back) → `parcels` (numbers that are
one parcel, lives of a reused number) → `sides` (which side of the border) → `clusters` (events and their witnesses) →
`custody`, `delivery` (who accepted, what a *delivered* means) → `order` → `state` → `anomalies`. `document` reads the
JSON of `everyleg fold`, `view` adds what needs the clock. The rules with reasons: `docs/fold.md`.
"""

from everyleg.core.fold.document import DocumentError, FoldInput, fold_document
from everyleg.core.fold.folding import fold
from everyleg.core.fold.timeline import (
    Anomaly,
    Custody,
    Event,
    Facts,
    Handoff,
    Leg,
    Number,
    Timeline,
    View,
)
from everyleg.core.fold.view import view

__all__ = [
    "Anomaly",
    "Custody",
    "DocumentError",
    "Event",
    "Facts",
    "FoldInput",
    "Handoff",
    "Leg",
    "Number",
    "Timeline",
    "View",
    "fold",
    "fold_document",
    "view",
]
