"""What the store knows of some numbers: what answers said of them, their statements, their links."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.core.fold import Facts
from everyleg.core.fold.rules import PERSON
from everyleg.core.model import NOWHERE, Link, Place, Ref, Statement
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.bulk import array_of, each
from everyleg.pipeline.joining import JOINS, evidence_of, link_kind
from everyleg.ports.manifest.reader import bare
from everyleg.store.sealing import Keyring, about_column

SAID = "statements.said"

Moment = tuple[datetime, str]
"""When an answer was last received, then its id (SHA-256, hex): the order of answers."""


class Telling(NamedTuple):
    """What is sealed of a statement: the words and the place."""

    text: str | None
    lang: str | None
    raw: str | None
    city: str | None
    region: str | None
    country: str | None
    postal_code: str | None
    code: str | None
    lat: float | None
    lon: float | None


class Reading(Struct):
    """What one answer said of one number, as far as the fold needs it."""

    number_id: int
    source: str
    digest: bytes | None
    observation_id: int
    moment: Moment
    outcome: str
    complete: bool
    opens_at: datetime | None
    facts: Facts


class Row(Struct):
    """A statement as it lies in the store: the latest telling of its key."""

    statement: Statement
    observation_id: int | None
    author_id: int | None


Rows = dict[tuple[str, str], Row]
"""By source and key."""


class Names(Struct):
    """Numbers and what joins them."""

    refs: dict[int, Ref] = {}
    links: list[tuple[int, int, Link]] = []
    """(id of a, id of b, link)."""
    people: set[Any] = set()
    """Of the links, those that people made."""
    moved: dict[int, int] = {}
    """Numbers that a person moved to another carrier, and the number that each is there (`corrections.pins`)."""

    def neighbours(self) -> list[tuple[int, int]]:
        """Pairs that standing links may make one parcel."""
        return [
            (a, b)
            for a, b, link in self.links
            if link.kind == "same_parcel" and link.relation in JOINS and not link.withdrawn
        ] + list(self.moved.items())

    def components(self, start: Iterable[int]) -> list[set[int]]:
        """The groups of numbers that hang together with those of `start`."""
        group: dict[int, set[int]] = {number: {number} for number in start}
        for a, b in self.neighbours():
            one, other = group.setdefault(a, {a}), group.setdefault(b, {b})
            if one is not other:
                one |= other
                group.update(dict.fromkeys(other, one))
        wanted = {id(group[number]): group[number] for number in start}
        return list(wanted.values())


_REFS = each(
    "SELECT n.number_id, n.carrier, n.tracking_number FROM numbers n"
    " WHERE n.workspace_id = a.workspace_id AND n.number_id = w.id"
)

_LINKS = """
SELECT link_id, kind, a_number_id, b_number_id, relation, evidence, withdrawn_at IS NOT NULL, source
FROM unnest(%(ids)s::bigint[]) AS w (id) CROSS JOIN LATERAL (
    SELECT * FROM links WHERE workspace_id = %(workspace)s AND a_number_id = w.id
    UNION ALL SELECT * FROM links WHERE workspace_id = %(workspace)s AND b_number_id = w.id OFFSET 0) k
"""

_MOVED = """
SELECT number_id, moved_to FROM numbers
WHERE workspace_id = %(workspace)s AND moved_to IS NOT NULL AND number_id = ANY(%(ids)s)
UNION SELECT number_id, moved_to FROM numbers WHERE workspace_id = %(workspace)s AND moved_to = ANY(%(ids)s)
"""

_MENTIONS = """
SELECT m.number_id, m.bare, m.relation
FROM unnest(%(ids)s::bigint[], %(bares)s::text[]) AS w (id, bare) CROSS JOIN LATERAL (
    SELECT number_id, bare, relation FROM mentions WHERE workspace_id = %(workspace)s AND number_id = w.id
    UNION ALL SELECT number_id, bare, relation FROM mentions
    WHERE workspace_id = %(workspace)s AND mentions.bare = w.bare OFFSET 0) m
"""

_BARE = """
SELECT upper(regexp_replace(tracking_number, '[^[:alnum:]]', '', 'g')), number_id, carrier, tracking_number FROM numbers
WHERE workspace_id = %s AND upper(regexp_replace(tracking_number, '[^[:alnum:]]', '', 'g')) = ANY(%s)
    AND moved_to IS NULL
"""

_READINGS = each("""
SELECT r.number_id, r.source, r.digest, r.observation_id, coalesce(o.last_observed_at, o.observed_at),
    encode(o.sha256, 'hex') AS sha256, r.outcome, r.complete, r.opens_at, r.origin, r.destination, r.carrier_estimate
FROM readings r CROSS JOIN LATERAL (
    SELECT * FROM observations o
    WHERE o.workspace_id = r.workspace_id AND o.observation_id = r.observation_id OFFSET 0) o
WHERE r.workspace_id = a.workspace_id AND r.number_id = w.id
""")

_STATEMENTS = each("""
SELECT number_id, source, encode(key, 'hex') AS key, observation_id, observed_at, occurred_at, occurred_local,
    uncertainty_s, utc_offset, rank, withdrawn, time_basis, stage, sub_status, code, said, author_id
FROM statements s WHERE s.workspace_id = a.workspace_id AND s.number_id = w.id
""")


class Store:
    """The store of one workspace, in a worker's transaction."""

    def __init__(self, connection: Connection[Any], keys: Keyring, workspace: int) -> None:
        self.connection, self.keys, self.workspace = connection, keys, workspace
        self.just_read: dict[tuple[int | None, str], Statement] = {}
        """By observation and key, of answers that were read again and say what they said: need not be opened."""

    def about(self, column: str) -> str:
        """What a sealed column of this workspace is about."""
        return about_column(self.workspace, column)

    def rows(self, query: str, ids: Collection[int]) -> list[Any]:
        """Rows of a query that asks for the workspace and a list of ids."""
        if not ids:
            return []
        with self.connection.cursor(binary=True) as cursor:
            return cursor.execute(query, (self.workspace, array_of(ids))).fetchall()

    def names(self, start: Collection[int]) -> Names:
        """Numbers with everything that hangs together with them, link by link."""
        names, ids, seen = Names({}, []), set(start), set[int]()
        links: dict[Any, tuple[int, int, Link]] = {}
        told: set[tuple[int, str, str]] = set()
        while frontier := ids - seen:
            seen |= frontier
            self._add_refs(names, frontier)
            self._add_links(names, frontier, links)
            self._add_moved(names, frontier)
            told |= self._mentions(names, frontier)
            links |= self._resolved(names, told)
            names.links = list(links.values())
            ids |= {number for pair in names.neighbours() for number in pair}
        if ends := {number for link in links.values() for number in link[:2]} - seen:
            self._add_moved(names, ends)
        if names.moved:
            names.links = [_between(names, link) for key, link in links.items() if _counts(names, key, link[0])]
        return names

    def _add_refs(self, names: Names, ids: Collection[int]) -> None:
        unknown = ids - names.refs.keys() if isinstance(ids, set) else ids
        for number_id, carrier, number in self.rows(_REFS, unknown):
            names.refs[number_id] = Ref(carrier, number)

    def _add_links(self, names: Names, ids: Collection[int], links: dict[Any, tuple[int, int, Link]]) -> None:
        rows = self.connection.execute(_LINKS, {"workspace": self.workspace, "ids": array_of(ids)}).fetchall()
        self._add_refs(names, {number for row in rows for number in row[2:4]} - names.refs.keys())
        for link_id, kind, a, b, relation, evidence, withdrawn, source in rows:
            links[link_id] = (a, b, Link(kind, names.refs[a], names.refs[b], relation, evidence, withdrawn))
            if source == PERSON:
                names.people.add(link_id)

    def _add_moved(self, names: Names, ids: Collection[int]) -> None:
        names.moved |= dict(
            self.connection.execute(_MOVED, {"workspace": self.workspace, "ids": array_of(ids)}).fetchall()
        )
        self._add_refs(names, {number for pair in names.moved.items() for number in pair} - names.refs.keys())

    def _mentions(self, names: Names, ids: Collection[int]) -> set[tuple[int, str, str]]:
        bares = [bare(names.refs[number].tracking_number) for number in ids]
        asked = {"workspace": self.workspace, "ids": array_of(ids), "bares": bares}
        return set(self.connection.execute(_MENTIONS, asked))

    def _resolved(self, names: Names, told: set[tuple[int, str, str]]) -> dict[Any, tuple[int, int, Link]]:
        """Links to numbers that were named without their carrier: to the one number that is known by that name."""
        if not told:
            return {}
        known: dict[str, set[int]] = {}
        rows = self.connection.execute(_BARE, (self.workspace, list({name for _, name, _ in told})))
        for name, number_id, carrier, number in rows:
            known.setdefault(name, set()).add(number_id)
            names.refs[number_id] = Ref(carrier, number)
        self._add_refs(names, {number for number, _, _ in told} - names.refs.keys())
        found: dict[Any, tuple[int, int, Link]] = {}
        for a, name, relation in told:
            others = known.get(name, set()) - {a}
            if len(others) == 1:
                (b,) = others
                kind, ref = link_kind(relation), names.refs[a]  # type: ignore[arg-type]
                link = Link(kind, ref, names.refs[b], relation, evidence_of(ref))  # type: ignore[arg-type]
                found[kind, a, b, relation] = (a, b, link)
        return found

    def readings(self, ids: Collection[int]) -> dict[int, list[Reading]]:
        """What answers said of numbers."""
        found: dict[int, list[Reading]] = {number: [] for number in ids}
        for row in self.rows(_READINGS, ids):
            number, source, digest, observation, at, sha, outcome, complete, opens_at, *facts = row
            known = Facts(facts[0], facts[1], None, facts[2])
            found[number].append(
                Reading(number, source, digest, observation, (at, sha), outcome, complete, opens_at, known)
            )
        return found

    def statements(self, ids: Collection[int], refs: dict[int, Ref]) -> dict[int, Rows]:
        """The statements of numbers, opened."""
        found: dict[int, Rows] = {number: {} for number in ids}
        open_sealed, about, just_read = self.keys.open, self.about(SAID), self.just_read
        for row in self.rows(_STATEMENTS, ids):
            if (read := just_read.get((row[3], row[2]))) is not None:
                statement = replace(read, source=row[1], observed_at=row[4], withdrawn=row[10], rank=_rank(row[9]))
            else:
                said = _TELLING.decode(open_sealed(row[15], about)) if row[15] is not None else _NOTHING
                statement = _statement(row, said, refs[row[0]])
            found[row[0]][row[1], row[2]] = Row(statement, row[3], row[16])
        return found


def _counts(names: Names, key: Any, told_of: int) -> bool:
    """What a wrong carrier tells of a number joins nothing."""
    return told_of not in names.moved or key in names.people


def _between(names: Names, link: tuple[int, int, Link]) -> tuple[int, int, Link]:
    """A link between numbers as whose they are."""
    a, b = (names.moved.get(number, number) for number in link[:2])
    return a, b, replace(link[2], a=names.refs[a], b=names.refs[b])


_TELLING = msgspec.json.Decoder(Telling)
_NOTHING = Telling(*[None] * 10)
_NO_PLACE = _NOTHING[2:]


def _statement(row: Sequence[Any], said: Telling, ref: Ref) -> Statement:
    status = STATUSES[row[13]]
    where = said[2:]
    place = NOWHERE if where == _NO_PLACE else Place(*where)
    return Statement(
        carrier=ref.carrier,
        tracking_number=ref.tracking_number,
        stage=row[12],
        milestone=status.milestone,
        sub_status=status.sub_status,
        occurred_local=row[6],
        utc_offset=row[8],
        time_basis=row[11],
        occurred_at=row[5],
        uncertainty_s=row[7],
        place=place,
        code=row[14],
        text=said.text,
        lang=said.lang,
        source=row[1],
        observed_at=row[4],
        observation=None,
        key=row[2],
        withdrawn=row[10],
        rank=_rank(row[9]),
    )


def _rank(kept: int | None) -> int | msgspec.UnsetType:
    return msgspec.UNSET if kept is None else kept


def telling_of(statement: Statement) -> bytes:
    """What is sealed of a statement, as JSON."""
    p = statement.place
    told = (p.raw, p.city, p.region, p.country, p.postal_code, p.code, p.lat, p.lon)
    return msgspec.json.encode((statement.text, statement.lang, *told))
