"""The worker: takes what came in (`intake`) all the way to states, one batch and one transaction after the other.

Whatever dies in the middle happens again wholly: the rows of the journal go with the same commit that brings their
effect. A body that fails alone is put aside with the reason, and nothing else waits for it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import structlog
from msgspec import Struct
from psycopg import Connection
from structlog.contextvars import bind_contextvars, unbind_contextvars

from everyleg.pipeline.again import again, is_gone, uncollected
from everyleg.pipeline.asking_again import find_out
from everyleg.pipeline.consolidations.noting import note
from everyleg.pipeline.doubts import count_unknowns, teachings_of
from everyleg.pipeline.heard import Carriers, Heard, hear, missed_refs, named_refs
from everyleg.pipeline.intake import INBOX_BODY, split, unbundle
from everyleg.pipeline.known import Store
from everyleg.pipeline.numbers import ensure_numbers, known_numbers, stirred
from everyleg.pipeline.observing import (
    Fresh,
    Item,
    counted_numbers,
    plan,
    put_aside,
    told_already,
    write_counts,
    write_observations,
)
from everyleg.pipeline.outcomes import Check, Outcome, count_outcomes, write_outcomes
from everyleg.pipeline.parcels import FOLD
from everyleg.pipeline.settle import Heard as Told
from everyleg.pipeline.settle import News, add_links, hold, settle
from everyleg.ports.manifest.reader import Asked
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column, unpack

BATCH = 1000
"""Bodies read in one transaction."""

FOLD_EVERY = 8
"""Before every so many batches of bodies, one batch of what is due to be folded has its turn."""

_log = structlog.get_logger(__name__)


class Drained(Struct):
    """What became of the bodies."""

    read: int = 0
    """Bodies that were read, those put aside included."""
    unchanged: int = 0
    """Equal to the last answer to the same question: only counted."""
    quarantined: Counter[str] = Counter()
    """Put aside, by reason."""
    states: int = 0
    """States that changed."""

    @property
    def bodies(self) -> int:
        """All bodies taken in."""
        return self.read + self.unchanged


_NO_WAIT = "SET LOCAL synchronous_commit TO off"
"""A batch need not wait for the disk: if a crash takes it, its rows are still in the journal, which did wait. What
hangs on its changes commits later, and the log keeps their order.
"""

# bundles or single bodies, as the first one is: of bundles as many as are about as many bodies
_CLAIM = """
WITH first AS MATERIALIZED (
    SELECT workspace_id, bodies FROM inbox WHERE attempts < 3 ORDER BY inbox_id LIMIT 1 FOR UPDATE SKIP LOCKED)
SELECT inbox_id, workspace_id, source, carrier, asked, observed_at, received_at, body, bodies FROM inbox
WHERE attempts < 3 AND workspace_id = (SELECT workspace_id FROM first)
    AND (bodies > 1) = (SELECT bodies > 1 FROM first)
ORDER BY inbox_id
LIMIT (SELECT CASE WHEN bodies = 1 THEN %(most)s ELSE greatest(1, %(most)s / greatest(bodies, 32)) END FROM first)
FOR UPDATE SKIP LOCKED
"""

_CLAIM_ONE = """
SELECT inbox_id, workspace_id, source, carrier, asked, observed_at, received_at, body, bodies FROM inbox
WHERE inbox_id = %s FOR UPDATE SKIP LOCKED
"""

_TRIED = "UPDATE inbox SET attempts = attempts + 1 WHERE inbox_id = %s"

_TAKE_OFF = "DELETE FROM inbox WHERE workspace_id = %s AND inbox_id = ANY(%s)"

_DUE = """
DELETE FROM due WHERE (workspace_id, kind, subject_id) IN (
    SELECT workspace_id, kind, subject_id FROM due
    WHERE kind = %(kind)s AND due_at <= now() AND workspace_id = (
        SELECT workspace_id FROM due WHERE kind = %(kind)s AND due_at <= now() LIMIT 1)
    ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING workspace_id, subject_id
"""


def drain(
    database: Database,
    carriers: Carriers,
    progress: Callable[[int], None] | None = None,
    most: int = BATCH,
) -> Drained:
    """Take in everything that waits in the journal, and fold what is due to be folded anew.

    Any number of processes may drain at the same time. Returns when nothing is left that another is not at.

    Args:
        database: the store.
        carriers: the registry.
        progress: told how many bodies were taken in, after each batch.
        most: bodies in one transaction.

    Raises:
        psycopg.Error: the database went away; what was not committed is still in the journal.
    """
    total = Drained(quarantined=Counter())
    for turn in count():
        if turn % FOLD_EVERY == 0:  # whatever comes in, what is due gets its turn
            refold_due(database, most)
        if (done := _batch(database, carriers, most)) is None:
            break
        _add(total, done)
        if progress is not None:
            progress(done.bodies)
    while refold_due(database, most):
        pass
    return total


def _add(total: Drained, done: Drained) -> None:
    total.read += done.read
    total.unchanged += done.unchanged
    total.states += done.states
    total.quarantined += done.quarantined


def _batch(database: Database, carriers: Carriers, most: int) -> Drained | None:
    claimed: list[int] = []

    def once() -> Drained | None:
        with database.transaction(None, "worker") as connection:
            connection.execute(_NO_WAIT)
            rows = connection.execute(_CLAIM, {"most": most}, binary=True).fetchall()
            claimed[:] = [row[0] for row in rows]
            with uncollected():
                return take_in(connection, database.keys, carriers, rows) if rows else None

    try:
        return again(once)
    except Exception as error:
        if is_gone(error):
            raise
        _log.warning("batch_failed", bodies=len(claimed), error=type(error).__name__)
    return _one_by_one(database, carriers, claimed)


def _one_by_one(database: Database, carriers: Carriers, claimed: Iterable[int]) -> Drained:
    """Each body of a batch that failed, in a transaction of its own; what fails alone is put aside."""
    total = Drained(quarantined=Counter())
    for inbox_id in claimed:
        bind_contextvars(inbox_id=inbox_id)
        try:
            if split(database, inbox_id):
                continue  # each of its bodies has a row of its own now, and waits for its turn
            if (done := again(partial(_alone, database, carriers, inbox_id))) is not None:
                _add(total, done)
        except Exception as error:
            if is_gone(error):
                raise
            _put_aside(database, inbox_id, _where(error))
            total.read += 1
            total.quarantined["defect"] += 1
        finally:
            unbind_contextvars("inbox_id")
    return total


def _alone(database: Database, carriers: Carriers, inbox_id: int) -> Drained | None:
    with database.transaction(None, "worker") as connection:
        rows = connection.execute(_CLAIM_ONE, (inbox_id,), binary=True).fetchall()
        return take_in(connection, database.keys, carriers, rows) if rows else None


def _where(error: Exception) -> str:
    """What went wrong and where in our code; not the message, which may quote the body."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("everyleg."):
            place = f" in {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"taking it in failed ({type(error).__name__}{place}); it is retried when that is mended"


def _put_aside(database: Database, inbox_id: int, reason: str) -> None:
    """Make an observation of a body that fails; one that not even that can be done with (its key is gone) stays in the
    journal, and after three tries nobody tries again.
    """
    try:
        _make_aside(database, inbox_id, reason)
    except Exception as error:
        if is_gone(error):
            raise
        _log.warning("not_put_aside", error=type(error).__name__)
        with database.transaction(None, "worker") as connection:
            connection.execute(_TRIED, (inbox_id,))


def _make_aside(database: Database, inbox_id: int, reason: str) -> None:
    with database.transaction(None, "worker") as connection:
        rows = connection.execute(_CLAIM_ONE, (inbox_id,), binary=True).fetchall()
        for row in rows:
            store = Store(connection, database.keys, row[1])
            for item in _items(database.keys, row):
                put_aside(store, item, "defect", reason)
            connection.execute(_TAKE_OFF, (row[1], [inbox_id]))


def _items(keys: Keyring, row: Sequence[Any]) -> list[Item]:
    """The bodies of a row: one, or those of a bundle."""
    _, workspace, source, carrier, asked, observed_at, received_at, body, bodies = row
    packed = keys.open_packed(body, about_column(workspace, INBOX_BODY))
    opened = unpack(packed)
    if bodies == 1:
        return [Item(source, carrier, tuple(asked), observed_at, received_at, opened, packed)]
    return [Item(one.source, one.carrier, (), one.observed_at, received_at, one.body) for one in unbundle(opened)]


def take_in(connection: Connection[Any], keys: Keyring, carriers: Carriers, rows: Sequence[Any]) -> Drained:
    """Take rows of the journal, all of one workspace, to states, and off the journal."""
    workspace = rows[0][1]
    store = Store(connection, keys, workspace)
    items = [item for row in rows for item in _items(keys, row)]
    fresh, counts = plan(store, items)
    heard = listen(store, carriers, fresh)
    states = absorb(store, heard, counts)
    connection.execute(_TAKE_OFF, (workspace, [row[0] for row in rows]))
    aside: Counter[str] = Counter(one.quarantine.kind for _, one in heard if one.quarantine is not None)
    return Drained(len(fresh), len(items) - len(fresh), aside, states)


def listen(store: Store, carriers: Carriers, fresh: Sequence[Fresh]) -> list[tuple[Fresh, Heard]]:
    """What each answer says."""
    if not fresh:
        return []
    teachings = teachings_of(store)
    return [
        (one, hear(carriers, one.item.body, one.item.carrier, Asked(one.item.asked, source=one.item.source), teachings))
        for one in fresh
    ]


def absorb(store: Store, heard: Sequence[tuple[Fresh, Heard]], counts: Sequence[Any] = ()) -> int:
    """Write what answers say, and what follows from it; gives how many states changed."""
    new: set[int] = set()
    said_by = [one for _, one in heard]
    ids = ensure_numbers(store.connection, store.workspace, named_refs(said_by), new)
    ids |= known_numbers(store.connection, store.workspace, missed_refs(said_by) - ids.keys())
    news = [
        (fresh, News(ids[said.ref], fresh.item.source, fresh.observed_at, said))
        for fresh, one in heard
        for said in one.said
        if said.ref in ids
    ]
    flat = [one for _, one in news]
    moved = add_links(store, flat, ids) | stirred(store.connection, store.workspace, new) | note(store, flat)
    start = moved | {one.number_id for one in flat}
    names = hold(store, start, alone=counted_numbers(store, counts))
    # a log and a spool may hand over one reception, each by itself, to two workers at once: one has kept it by now
    twice = told_already(store, [fresh for fresh, _ in heard])
    heard = [one for one in heard if one[0].identity not in twice]
    observations = write_observations(store, heard)
    told = [Told(one, observations[fresh.identity], fresh.moment) for fresh, one in news if fresh.identity not in twice]
    if ahead := write_counts(store, counts):
        names = hold(store, start | ahead)
    count_unknowns(store, [(one, observations[fresh.identity]) for fresh, one in heard if one.unknown])
    settled = settle(store, names, told, ahead | moved)
    find_out(store, flat)
    write_outcomes(store, _checks(told, settled.fresh))
    count_outcomes(store, counts)
    return settled.states


def _checks(told: Sequence[Told], fresh: Sequence[Told]) -> Iterator[Check]:
    """What each answer gave as a check of its number."""
    news = {id(one) for one in fresh}
    for one in told:
        number, source, at, said = one.news
        again: Outcome = "nothing_new" if said.result.outcome == "found" else said.result.outcome
        yield Check(number, source, at, "news" if id(one) in news else again, said.result.reason)
        if one.moment[0] > at:
            yield Check(number, source, one.moment[0], again, said.result.reason)


def refold_due(database: Database, most: int = BATCH) -> int:
    """Fold numbers that are due for it, in one transaction; gives how many there were."""

    def once() -> int:
        with database.transaction(None, "worker") as connection:
            due = connection.execute(_DUE, {"kind": FOLD, "most": most}).fetchall()
            if due:
                refold(Store(connection, database.keys, due[0][0]), {number for _, number in due})
            return len(due)

    return again(once)


def refold(store: Store, number_ids: set[int]) -> int:
    """Fold everything that hangs together with some numbers, in the caller's transaction of a worker; gives how many
    states changed. For whoever changed statements, links or shipments by hand.
    """
    names = hold(store, number_ids)
    return settle(store, names, [], number_ids).states
