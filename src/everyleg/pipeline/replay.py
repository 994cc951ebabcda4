"""Reading again what is kept: with a better manifest, or with what people taught.

Number by number: all answers about a number are read anew, and what they say replaces what they said. So a statement
that the better reading no longer makes is gone, and nothing is doubled.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import structlog
from msgspec import Struct

from everyleg.core.model import Ref
from everyleg.pipeline.again import again, is_gone, uncollected
from everyleg.pipeline.bulk import each
from everyleg.pipeline.consolidations.noting import forget, note
from everyleg.pipeline.doubts import drop_known, teachings_of
from everyleg.pipeline.heard import Carriers, Heard, hear, missed_refs, named_refs
from everyleg.pipeline.known import Store
from everyleg.pipeline.numbers import ensure_numbers, known_numbers, named, stirred
from everyleg.pipeline.observing import BODY, WHY
from everyleg.pipeline.settle import Heard as Told
from everyleg.pipeline.settle import News, add_links, hold, settle
from everyleg.pipeline.work import refold_due
from everyleg.ports.manifest.reader import Asked
from everyleg.store.db import Database

BATCH = 500
"""Numbers read again in one transaction."""


_log = structlog.get_logger(__name__)


class Replayed(Struct):
    """What reading again came to."""

    numbers: int = 0
    states: int = 0
    """States that changed."""
    recovered: int = 0
    """Answers that were put aside and are understood now."""


class Kept(Struct, frozen=True):
    """An answer as it is kept, opened."""

    observation_id: int
    source: str
    carrier: str | None
    asked: tuple[str, ...]
    observed_at: datetime
    body: bytes
    aside: bool


_KEPT = """
SELECT observation_id, source, carrier, asked, observed_at, body, quarantine_kind IS NOT NULL
FROM observations WHERE workspace_id = %s AND observation_id = ANY(%s) AND body IS NOT NULL ORDER BY observation_id
"""

_MOMENTS = """
SELECT observation_id, coalesce(last_observed_at, observed_at), encode(sha256, 'hex')
FROM observations WHERE workspace_id = %s AND observation_id = ANY(%s)
"""

_OF_NUMBERS = "SELECT DISTINCT observation_id FROM readings WHERE workspace_id = %s AND number_id = ANY(%s)"

_DIGESTS = each("""
SELECT r.number_id, r.observation_id, r.digest FROM readings r
WHERE r.workspace_id = a.workspace_id AND r.number_id = w.id
""")

_BY_OBSERVATION = "SELECT number_id, observation_id FROM readings WHERE workspace_id = %s AND observation_id = ANY(%s)"

_FORGET = tuple(
    f"DELETE FROM {table} WHERE workspace_id = %s AND number_id = ANY(%s) AND observation_id = ANY(%s)"  # noqa: S608
    for table in ("readings", "statements")
)

# what an erased answer joined cannot be told again: it stays joined
_ERASED = """(SELECT r.number_id FROM readings r
    JOIN observations o ON o.workspace_id = r.workspace_id AND o.observation_id = r.observation_id
    WHERE r.workspace_id = %(workspace)s AND r.number_id = ANY(%(numbers)s) AND o.body IS NULL)"""

_FORGET_LINKS = f"""
DELETE FROM links WHERE workspace_id = %(workspace)s AND a_number_id = ANY(%(numbers)s) AND author_id IS NULL
    AND source <> 'person' AND withdrawn_at IS NULL AND a_number_id NOT IN {_ERASED} RETURNING b_number_id
"""  # noqa: S608 (fixed text)

_FORGET_MENTIONS = f"""
DELETE FROM mentions WHERE workspace_id = %(workspace)s AND number_id = ANY(%(numbers)s) AND number_id NOT IN {_ERASED}
RETURNING bare
"""  # noqa: S608 (fixed text)

_UNDERSTOOD = """
UPDATE observations SET carrier = %s, quarantine_kind = %s, quarantine_reason = %s
WHERE workspace_id = %s AND observation_id = %s
"""

_NUMBERS = """
SELECT number_id FROM numbers WHERE workspace_id = %(workspace)s AND number_id > %(after)s
    AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s) ORDER BY number_id LIMIT %(most)s
"""

_ASIDE = """
SELECT observation_id FROM observations WHERE workspace_id = %(workspace)s AND observation_id > %(after)s
    AND quarantine_kind IS NOT NULL AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s OR carrier IS NULL)
ORDER BY observation_id LIMIT %(most)s
"""

Still = set[tuple[str, str, str]]
"""(carrier, kind, value) of what is unknown even now."""


def replay(
    database: Database,
    carriers: Carriers,
    carrier: str | None = None,
    progress: Callable[[int], None] | None = None,
    workspace: int | None = None,
) -> Replayed:
    """Read everything again, batch by batch; what was put aside comes first.

    Safe at any time and as often as one likes: each batch is one transaction, and workers go on beside it.

    Args:
        database: the store.
        carriers: the registry, with the manifests as they are now.
        carrier: only this carrier's numbers, and what was put aside as its answers or as nobody's.
        progress: told how many numbers were read again, after each batch.
        workspace: only this one; None: all.
    """
    total = Replayed()
    with database.transaction(None, "worker") as worker:
        workspaces = [w for (w,) in worker.execute("SELECT workspace_id FROM workspaces ORDER BY workspace_id")]
        started = worker.execute("SELECT now()").fetchall()[0][0]
    for one in workspaces if workspace is None else [workspace]:
        asked = {"workspace": one, "carrier": carrier, "most": BATCH}
        still: Still = set()
        for observations in _pages(database, _ASIDE, asked):
            total.recovered += retry_batch(database, carriers, one, observations)
        for numbers in _pages(database, _NUMBERS, asked):
            total.states += _in_transaction(database, carriers, one, numbers, still=still)[1]
            total.numbers += len(numbers)
            if progress is not None:
                progress(len(numbers))
        with database.transaction(one, "worker") as connection:
            drop_known(Store(connection, database.keys, one), carrier, still, started)
    while refold_due(database):
        pass
    return total


def _pages(database: Database, query: str, asked: dict[str, Any]) -> Iterator[list[int]]:
    after = 0
    while True:
        with database.transaction(asked["workspace"], "worker") as connection:
            page = [found for (found,) in connection.execute(query, asked | {"after": after})]
        if not page:
            return
        after = page[-1]
        yield page


def reread_all(database: Database, carriers: Carriers, workspace: int, numbers: Sequence[int]) -> int:
    """Read again all answers about some numbers, in batches; gives how many states changed."""
    batches = (numbers[at : at + BATCH] for at in range(0, len(numbers), BATCH))
    return sum(_in_transaction(database, carriers, workspace, batch)[1] for batch in batches)


def retry_batch(database: Database, carriers: Carriers, workspace: int, observations: Collection[int]) -> int:
    """Read again what was put aside; gives how many answers are understood now. One that fails stays where it is."""
    try:
        return _in_transaction(database, carriers, workspace, (), also=observations)[0]
    except Exception as error:
        if is_gone(error):
            raise
        if len(observations) == 1:
            _log.warning("retry_failed", observation=next(iter(observations)), error=type(error).__name__)
            return 0
    return sum(retry_batch(database, carriers, workspace, [one]) for one in observations)


def _in_transaction(
    database: Database,
    carriers: Carriers,
    workspace: int,
    numbers: Iterable[int],
    *,
    also: Collection[int] = (),
    still: Still | None = None,
) -> tuple[int, int]:
    listed = set(numbers)

    def once() -> tuple[int, int]:
        with database.transaction(workspace, "worker") as connection, uncollected():
            return reread(Store(connection, database.keys, workspace), carriers, listed, also=also, still=still)

    return again(once)


def reread(
    store: Store,
    carriers: Carriers,
    numbers: set[int],
    *,
    also: Collection[int] = (),
    still: Still | None = None,
) -> tuple[int, int]:
    """Read again all answers about some numbers, in the caller's transaction.

    Gives how many answers that were put aside are understood now, and how many states changed. An erased answer cannot
    be read again; what it told stays.

    Args:
        store: in a worker's transaction.
        carriers: the registry.
        numbers: whose.
        also: ids of more answers, with all numbers that they speak of.
        still: told what nobody knows even now.
    """
    numbers = numbers | {number for number, _ in store.rows(_BY_OBSERVATION, also)}
    listed = {found for (found,) in store.rows(_OF_NUMBERS, numbers)} | set(also)
    teachings = teachings_of(store)
    heard = {one: _hear(store, carriers, one, teachings) for one in _kept(store, listed)}
    recovered = _mark(store, heard)
    if still is not None:
        still |= {(said.carrier or "", *unknown) for said in heard.values() for unknown in said.unknown}
    new: set[int] = set()
    ids = ensure_numbers(store.connection, store.workspace, named_refs(heard.values()), new)
    ids |= known_numbers(store.connection, store.workspace, missed_refs(heard.values()) - ids.keys())
    news = [
        (News(ids[said.ref], one.source, one.observed_at, said), one.observation_id)
        for one, what in heard.items()
        for said in what.said
        if said.ref in ids
    ]
    same = _as_before(store, numbers, news)
    store.just_read = {
        (observation, statement.key): statement
        for one, observation in news
        if one.number_id in same
        for statement in one.said.result.events
    }
    news = [(one, observation) for one, observation in news if one.number_id not in same]
    freed = _replace(store, numbers - same, [one for one, _ in news], ids)
    freed |= stirred(store.connection, store.workspace, new)
    names = hold(store, numbers | freed | {one.number_id for one, _ in news})
    _forget(store, numbers - same, [one.observation_id for one in heard])
    return recovered, settle(store, names, _told(store, news), numbers | freed).states


def _as_before(store: Store, numbers: Collection[int], news: Sequence[tuple[News, int]]) -> set[int]:
    """Numbers of which every answer says what it said: of these nothing has to be written anew."""
    says: dict[int, dict[int, bytes | None]] = {number: {} for number in numbers}
    for one, observation in news:
        if one.number_id in says:
            says[one.number_id][observation] = None if one.said.inside else one.said.digest
    said: dict[int, dict[int, bytes | None]] = {number: {} for number in numbers}
    for number, observation, digest in store.rows(_DIGESTS, numbers):
        said[number][observation] = digest
    return {number for number in numbers if says[number] == said[number] and None not in said[number].values()}


def _replace(store: Store, numbers: Collection[int], news: Sequence[News], ids: dict[Ref, int]) -> set[int]:
    """Put the joins that answers tell of now in place of those that they told of; gives the numbers that may move."""
    mine = {"workspace": store.workspace, "numbers": list(numbers)}
    freed = {number for (number,) in store.connection.execute(_FORGET_LINKS, mine)}
    told = {name for (name,) in store.connection.execute(_FORGET_MENTIONS, mine)}
    freed |= named(store.connection, store.workspace, told)
    freed |= add_links(store, news, ids)
    forget(store, numbers)
    return freed | note(store, news)


def _forget(store: Store, numbers: Collection[int], read: Sequence[int]) -> None:
    """Forget what these answers said of these numbers."""
    for query in _FORGET:
        store.connection.execute(query, (store.workspace, list(numbers), read))


def _told(store: Store, news: Sequence[tuple[News, int]]) -> list[Told]:
    """What the answers say now: all of it where it is forgotten what they said, elsewhere what they had not said."""
    read = {observation for _, observation in news}
    moments = {row[0]: (row[1], row[2]) for row in store.rows(_MOMENTS, read)}
    known = set(store.rows(_BY_OBSERVATION, read))
    return [Told(one, o, moments[o]) for one, o in news if (one.number_id, o) not in known]


def _kept(store: Store, observations: Collection[int]) -> list[Kept]:
    about, keys = store.about(BODY), store.keys
    return [
        Kept(row[0], row[1], row[2], tuple(row[3]), row[4], keys.open(row[5], about), row[6])
        for row in store.rows(_KEPT, observations)
    ]


def _hear(store: Store, carriers: Carriers, one: Kept, teachings: Any) -> Heard:
    return hear(carriers, one.body, one.carrier, Asked(one.asked, source=one.source), teachings)


def _mark(store: Store, heard: dict[Kept, Heard]) -> int:
    """Note which answers are understood now and which are not; gives how many of those put aside are."""
    changed = [
        (
            said.carrier,
            reason.kind if reason else None,
            store.keys.seal_text(reason.detail, store.about(WHY)) if reason else None,
            store.workspace,
            one.observation_id,
        )
        for one, said in heard.items()
        for reason in (said.quarantine,)
        if one.aside or reason is not None or said.carrier != one.carrier
    ]
    if changed:
        with store.connection.cursor() as cursor:
            cursor.executemany(_UNDERSTOOD, changed)
    return sum(one.aside and said.quarantine is None for one, said in heard.items())
