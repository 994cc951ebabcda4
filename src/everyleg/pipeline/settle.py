"""From what was heard to states: one workspace, one transaction. Whoever calls commits all of it or nothing.

Order of locks, the same for everybody: numbers and links are added (sorted), then all numbers that hang together are
locked by id, and only then is anything read that decides. So two workers that meet in a parcel come one after the
other.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from everyleg.core.model import Ref
from everyleg.pipeline.bulk import Target, Writes, insert, inserting
from everyleg.pipeline.consolidations.fanning import fan_out
from everyleg.pipeline.folding import Whole, fold_components, load_whole
from everyleg.pipeline.heard import Said
from everyleg.pipeline.joining import evidence_of, link_kind
from everyleg.pipeline.known import SAID, Names, Reading, Row, Store, telling_of
from everyleg.pipeline.numbers import lock_numbers, named
from everyleg.pipeline.observing import Later, ahead
from everyleg.pipeline.states import bring
from everyleg.pipeline.telling import Answers, tell
from everyleg.ports.manifest.reader import bare

_READINGS = Target(
    "readings",
    (
        ("workspace_id", "integer"), ("number_id", "bigint"), ("observation_id", "bigint"), ("source", "text"),
        ("observed_at", "timestamptz"), ("outcome", "text"), ("failed_kind", "text"), ("failed_detail", "bytea"),
        ("complete", "boolean"), ("digest", "bytea"), ("opens_at", "timestamptz"), ("origin", "text"),
        ("destination", "text"), ("carrier_estimate", "timestamptz"), ("found", "bytea"),
    ),
)  # fmt: skip

STATEMENTS = Target(
    "statements",
    (
        ("workspace_id", "integer"), ("number_id", "bigint"), ("source", "text"), ("key", "bytea"),
        ("observation_id", "bigint"), ("observed_at", "timestamptz"), ("occurred_at", "timestamptz"),
        ("occurred_local", "timestamp"), ("uncertainty_s", "integer"), ("utc_offset", "smallint"),
        ("rank", "smallint"), ("withdrawn", "boolean"), ("time_basis", "text"), ("stage", "text"),
        ("sub_status", "text"), ("code", "text"), ("said", "bytea"), ("author_id", "bigint"),
    ),
    """ON CONFLICT (workspace_id, number_id, source, key) DO UPDATE SET observation_id = excluded.observation_id,
    observed_at = excluded.observed_at, occurred_at = excluded.occurred_at, occurred_local = excluded.occurred_local,
    uncertainty_s = excluded.uncertainty_s, utc_offset = excluded.utc_offset, rank = excluded.rank,
    withdrawn = excluded.withdrawn, time_basis = excluded.time_basis, stage = excluded.stage,
    sub_status = excluded.sub_status, code = excluded.code, said = excluded.said, author_id = excluded.author_id""",
)  # fmt: skip

_LINKS = Target(
    "links",
    (
        ("workspace_id", "integer"), ("kind", "text"), ("a_number_id", "bigint"), ("b_number_id", "bigint"),
        ("relation", "text"), ("source", "text"), ("evidence", "text"), ("observed_at", "timestamptz"),
    ),
    "ON CONFLICT DO NOTHING",
    "a_number_id, b_number_id",
)  # fmt: skip

_MENTIONS = Target(
    "mentions",
    (
        ("workspace_id", "integer"), ("bare", "text"), ("number_id", "bigint"),
        ("relation", "text"), ("source", "text"),
    ),
    "ON CONFLICT DO NOTHING",
    "bare",
)  # fmt: skip

DETAIL = "readings.failed_detail"
FOUND = "readings.found"


PART = 500
"""Components folded at a time."""


class News(NamedTuple):
    """What one answer says of one number."""

    number_id: int
    source: str
    observed_at: datetime
    said: Said


class Heard(NamedTuple):
    """News with the observation that it is from, once that has its row."""

    news: News
    observation_id: int
    moment: tuple[datetime, str]


class Settled(NamedTuple):
    """What came of news."""

    states: int
    """How many states changed."""
    fresh: list[Heard]
    """What said something else than the newest answer of its source."""


def add_links(store: Store, news: Iterable[News], ids: dict[Ref, int]) -> set[int]:
    """Add the links that answers tell of; gives the numbers at both ends of those that are new: each has to be folded,
    as also a link that joins nothing (a replacement) is told at both.
    """
    links: dict[tuple[str, int, int, str, str], tuple[str, datetime]] = {}
    mentions: set[tuple[str, int, str, str]] = set()
    for number, source, at, said in news:
        for alias in said.aliases:
            if alias.carrier is None:
                mentions.add((bare(alias.tracking_number), number, alias.relation, source))
            elif (other := ids[Ref(alias.carrier, alias.tracking_number)]) != number:
                links[link_kind(alias.relation), number, other, alias.relation, source] = (evidence_of(said.ref), at)
    rows = [(store.workspace, *link, *told) for link, told in sorted(links.items())]
    linked = {number for pair in insert(store.connection, _LINKS, rows) for number in pair}
    told = insert(store.connection, _MENTIONS, [(store.workspace, *mention) for mention in sorted(mentions)])
    return linked | named(store.connection, store.workspace, {name for (name,) in told})


def hold(store: Store, start: Collection[int], alone: Collection[int] = ()) -> Names:
    """Lock numbers with all that hang together with them; gives these, as they are under the lock.

    Args:
        store: in a transaction.
        start: the numbers.
        alone: numbers to be locked with them, without what hangs together with them.
    """
    names = store.names(start)
    held: set[int] = set()
    while wanted := (_together(names, start) | set(alone)) - held:
        lock_numbers(store.connection, store.workspace, wanted)
        held |= wanted
        names = store.names(start)
    return names


def _together(names: Names, start: Collection[int]) -> set[int]:
    return set().union(*names.components(start)) if start else set()


def reading_rows(store: Store, heard: Iterable[Heard]) -> list[tuple[Any, ...]]:
    """What answers said of numbers, as rows of `_READINGS`."""
    seal, about = store.keys.seal, store.about(FOUND)
    rows = []
    for (number, source, at, said), observation, _ in heard:
        result, found = said.result, said.found
        kind, detail = (result.reason.kind, result.reason.detail) if result.reason else (None, None)
        rows.append((
            store.workspace, number, observation, source, at, result.outcome, kind,
            store.keys.seal_text(detail, store.about(DETAIL)), result.complete, said.digest, said.opens_at,
            said.facts.origin, said.facts.destination, said.facts.carrier_estimate,
            None if found is None else seal(found, about),
        ))  # fmt: skip
    return rows


def settle(store: Store, names: Names, heard: Sequence[Heard], also: Collection[int] = ()) -> Settled:
    """Take news in, fold what they touch, write the states.

    Args:
        store: in a transaction that holds the numbers (`hold`).
        names: as `hold` gave them.
        heard: news, their readings not written yet.
        also: numbers to be folded whatever is new.
    """
    answers = {number: Answers(said) for number, said in store.readings({h.news.number_id for h in heard}).items()}
    touched = set(also)
    fresh: list[Heard] = []
    later: list[Later] = []
    for one in sorted(heard, key=lambda one: one.moment):
        _compare(one, answers[one.news.number_id], fresh, later)
    touched |= {one.news.number_id for one in fresh} | ahead(store, later)
    fan_out(store, names, touched)
    components = names.components(touched)
    numbers = set().union(*components) if components else set()
    whole = load_whole(store, names, numbers, {n: known for n, known in answers.items() if n in numbers})
    changed: dict[tuple[int, str, str], Row] = {}
    for one in fresh:
        number = one.news.number_id
        rows = tell(whole.rows[number], whole.answers[number], one.news.said, reading_of(one), one.news.source)
        changed |= {(number, one.news.source, row.statement.key): row for row in rows}
    writes = [(_READINGS, reading_rows(store, heard)), (STATEMENTS, statement_rows(store, changed))]
    return Settled(_fold(store, whole, components, writes), fresh)


def _fold(store: Store, whole: Whole, components: Sequence[set[int]], writes: Writes) -> int:
    """Fold components part by part, each while the server merges what is to be written of the one before; gives how
    many states changed.
    """
    states = 0
    for at in range(0, len(components), PART):
        with inserting(store.connection, writes):
            matches = fold_components(store, whole, components[at : at + PART])
        changed, writes = bring(store, whole, matches)
        states += changed
    with inserting(store.connection, writes):
        return states


def _compare(heard: Heard, answers: Answers, fresh: list[Heard], later: list[Later]) -> None:
    """Whether an answer says something else than the newest one of its source (then it is fresh), or the same later.
    Adds it, so that the next is compared with it.
    """
    number, source, _, said = heard.news
    newest = answers.newest(source)
    equal = answers.equal(source, said.digest)
    if said.result.outcome == "found":
        if newest is None or newest is not equal:
            fresh.append(heard)
        elif heard.moment > newest.moment:
            later.append((number, source, newest.moment[0], heard.moment[0]))
    answers.add(reading_of(heard))


def reading_of(heard: Heard) -> Reading:
    """What an answer said of a number, as the store will know it."""
    (number, source, _, said), observation, moment = heard
    result = said.result
    return Reading(
        number, source, said.digest, observation, moment, result.outcome, result.complete, said.opens_at, said.facts
    )


def write_statements(store: Store, rows: dict[tuple[int, str, str], Row]) -> None:
    """Write statements by number, source and key: new ones, and others in place of what was there."""
    insert(store.connection, STATEMENTS, statement_rows(store, rows))


def statement_rows(store: Store, rows: dict[tuple[int, str, str], Row]) -> list[tuple[Any, ...]]:
    """Statements as rows of `STATEMENTS`."""
    workspace = store.workspace
    said = store.keys.seal_all([telling_of(row.statement) for row in rows.values()], store.about(SAID))
    return [
        (
            workspace, number, source, bytes.fromhex(key), row.observation_id, s.observed_at, s.occurred_at,
            s.occurred_local, s.uncertainty_s, s.utc_offset, s.rank, s.withdrawn, s.time_basis, s.stage,
            s.sub_status, s.code, sealed, row.author_id,
        )
        for ((number, source, key), row), sealed in zip(rows.items(), said, strict=True)
        for s in (row.statement,)
    ]  # fmt: skip
