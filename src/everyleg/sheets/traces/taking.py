"""A forwarder's file into the journal: whose numbers they are, and the bodies that are read like any answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.pipeline.intake import FILE, Received, receive
from everyleg.pipeline.traces import SHEET, Traced, encode
from everyleg.sheets.fates import Fate
from everyleg.sheets.notes import Note
from everyleg.sheets.traces.rows import Trace, read
from everyleg.store.db import Database

AT_ONCE = 5_000
"""Rows whose carriers are looked up together."""
MOST = 200
"""Numbers of one body: what is read again together when one of them is."""

_KNOWN = """
SELECT tracking_number, array_agg(carrier) FROM numbers
WHERE workspace_id = %s AND tracking_number = ANY(%s) AND moved_to IS NULL AND carrier <> '' GROUP BY 1
"""


_CALLED = ("国际物流", "国际快递", "物流", "快递", "速递", "速运", "邮政", "国际", " Express", " Logistics")
"""What carriers are called besides their name."""

Owned = dict[str, dict[str, Traced]]
"""By carrier and number, what the rows say."""


class Bearer(Struct, frozen=True):
    """What whoever brings a file knows of it."""

    workspace: int
    slug_of: Callable[[str], str | None]
    """A carrier's slug by its name, as the registry has it."""
    detector: Detector | None = None
    """Names carriers by their numbers."""
    carrier: str | None = None
    """Slug of the forwarder: whose the numbers are that nobody else has, and whose bags and batches they are."""


class Taken(Struct):
    """What became of a file."""

    fates: list[Fate]
    """Of every row, in order."""
    bodies: int = 0
    parcels: int = 0
    """Different numbers of parcels that it speaks of."""
    consolidations: int = 0
    """Flights, waybills, containers, bags and batches that have rows of their own."""

    @property
    def refused(self) -> list[Fate]:
        """The rows that were not taken, with the reasons."""
        return [fate for fate in self.fates if fate.kind == "refused"]

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return len(self.fates) - len(self.refused)


def take(database: Database, bearer: Bearer, source: bytes | Path, observed_at: datetime) -> Taken:
    """Take a file into the journal, whole or not at all; rows that are refused are in what it gives.

    The same file again is only counted. Its bodies are read by whoever drains the journal (`pipeline.work`).

    Args:
        database: the store.
        bearer: who brings it.
        source: the file.
        observed_at: when it was received.

    Raises:
        SheetError: it cannot be read as such a file; nothing was taken.
        psycopg.Error: the database did not take it.
    """
    taken, items = Taken([]), list[Received]()
    parcels, others = set[Ref](), set[str]()
    for some in _parts(read(source, bearer.detector)):
        known = _known(database, bearer.workspace, some)
        owned: Owned = {}
        for trace in some:
            fate = _place(trace, bearer, known, owned)
            taken.fates.append(fate)
            if fate.kind != "refused":
                parcels.update(fate.row.numbers)
                others.update(trace.consolidations)
        items += _bodies(bearer.workspace, owned, observed_at)
    receive(database, items)
    taken.bodies, taken.parcels, taken.consolidations = len(items), len(parcels), len(others)
    return taken


def _parts(traces: Iterable[Trace]) -> Iterator[Sequence[Trace]]:
    left = iter(traces)
    while part := list(islice(left, AT_ONCE)):
        yield part


def _known(database: Database, workspace: int, traces: Iterable[Trace]) -> dict[str, list[str]]:
    """By number, the carriers under which the workspace knows it."""
    numbers = list({ref.tracking_number for trace in traces for ref in trace.row.numbers})
    with database.transaction(workspace) as connection:
        rows: list[Any] = connection.execute(_KNOWN, (workspace, numbers)).fetchall()
    return dict(rows)


def _place(trace: Trace, bearer: Bearer, known: dict[str, list[str]], owned: Owned) -> Fate:
    """Put a row where its carrier's rows are; gives its fate."""
    row = trace.row
    if row.refusals:
        return Fate(row, "refused", row.refusals)
    said = _slug_of(bearer, trace.carrier) if trace.carrier else None
    if trace.carrier and said is None:
        return Fate(row, "refused", (Note("unknown_carrier", {"name": trace.carrier[:60]}),))
    if trace.consolidations:
        for one in trace.consolidations:
            _add(owned, bearer.carrier or SHEET, one, trace)
        return Fate(row, "added", row.repairs)
    whose = {ref: _whose(ref, said, bearer.carrier, known.get(ref.tracking_number, ())) for ref in row.numbers}
    if nobodys := [ref.tracking_number for ref, carrier in whose.items() if carrier is None]:
        return Fate(row, "refused", (Note("whose_number", {"text": ", ".join(nobodys)}),))
    inside = tuple(replace(one, of=bearer.carrier or SHEET) for one in trace.inside)
    for ref, carrier in whose.items():
        _add(owned, carrier or "", ref.tracking_number, replace(trace, inside=inside))
    numbers = tuple(Ref(carrier or "", ref.tracking_number) for ref, carrier in whose.items())
    return Fate(replace(row, numbers=numbers), "added", row.repairs)


def _slug_of(bearer: Bearer, name: str) -> str | None:
    """The carrier of a name, also where what all carriers are called is left out or added (`云途` is `云途物流`)."""
    exact = bearer.slug_of(name)
    if exact is not None:
        return exact
    bare = next((name.removesuffix(end).strip() for end in _CALLED if name.endswith(end)), name)
    found = {slug for end in ("", *_CALLED) if bare and (slug := bearer.slug_of(bare + end)) is not None}
    return found.pop() if len(found) == 1 else None


def _whose(ref: Ref, said: str | None, forwarder: str | None, known: Sequence[str]) -> str | None:
    """Whose number it is: as the row says, as the workspace knows it, the forwarder's, as the number itself tells."""
    if said is not None:
        return said
    if len(known) == 1:
        return known[0]
    if forwarder is not None:
        return forwarder
    return ref.carrier or None


def _add(owned: Owned, carrier: str, number: str, trace: Trace) -> None:
    traced = owned.setdefault(carrier, {}).setdefault(number, Traced(number))
    traced.inside = list(dict.fromkeys((*traced.inside, *trace.inside)))
    traced.events = list(dict.fromkeys((*traced.events, *trace.steps)))
    traced.estimated = trace.estimated or traced.estimated
    if trace.beside:
        traced.rows = {**traced.rows, str(trace.row.at): dict(trace.beside)}


def _bodies(workspace: int, owned: Owned, observed_at: datetime) -> Iterator[Received]:
    for carrier, traced in owned.items():
        left = iter(traced.values())
        while some := list(islice(left, MOST)):
            yield Received(workspace, FILE, carrier, encode(carrier, some), (), observed_at)
