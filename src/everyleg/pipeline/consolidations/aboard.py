"""What numbers tell because of the consolidations that they are inside, loaded for the fold."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from everyleg.core.fold.tellings import Telling, tellings
from everyleg.core.model import Ref, Statement
from everyleg.pipeline.bulk import each
from everyleg.pipeline.consolidations.moved import memberships_of
from everyleg.pipeline.consolidations.naming import Key
from everyleg.pipeline.consolidations.spreading import Stay, reaching, spread, told_inside
from everyleg.pipeline.known import Rows, Store
from everyleg.pipeline.telling import Answers, fold_input

DEEPEST = 3
"""How many consolidations may lie in each other: a bag, its container or air waybill, the flight."""

_FIRST = datetime.min.replace(tzinfo=UTC)

# a workspace without consolidations is asked one thing, and no number of it
_ANY = "SELECT EXISTS (SELECT FROM memberships WHERE workspace_id = %s)"

_TELLING = each("""
SELECT c.consolidation_id, n.number_id, n.carrier, n.tracking_number FROM consolidation_numbers c
JOIN numbers n ON n.workspace_id = c.workspace_id AND n.number_id = c.number_id
WHERE c.workspace_id = a.workspace_id AND c.consolidation_id = w.id
""")


class Teller(Struct, frozen=True):
    """A number under which a consolidation is told of."""

    consolidation_id: int
    key: Key
    number_id: int
    ref: Ref


class Aboard(Struct):
    """Who is inside what, and what is told of it."""

    stays: dict[int, list[Stay]] = {}
    """By number, without what was withdrawn."""
    told: dict[int, list[Statement]] = {}
    """By consolidation, as everybody inside tells it."""

    def statements(self, number: int, ref: Ref, rows: Rows) -> list[Statement]:
        """What a number tells because of what it is inside; `rows` are its own statements."""
        stays = self.stays.get(number)
        return spread(ref, (row.statement for row in rows.values()), stays, self.told) if stays else []


def load_aboard(store: Store, numbers: Collection[int], deep: int = DEEPEST) -> Aboard:
    """What the fold of some numbers has to know of consolidations, and of those that these are inside."""
    stays = stays_of(store, numbers)
    if not stays or not deep:
        return Aboard()
    tellers = tellers_of(store, {stay.consolidation_id: stay.key for some in stays.values() for stay in some})
    outer = load_aboard(store, {teller.number_id for teller in tellers}, deep - 1)
    told: dict[int, list[Statement]] = {}
    for teller, own in told_by(store, tellers):
        number = teller.number_id
        facts = (told_inside(teller.key, teller.ref, one.statement, withdrawn=one.withdrawn) for one in own)
        into = told.setdefault(teller.consolidation_id, [])
        into += [fact for fact in facts if fact is not None]
        into += reaching([one.statement for one in own], outer.stays.get(number, ()), outer.told)
    return Aboard(stays, told)


def told_by(store: Store, tellers: Collection[Teller]) -> Iterator[tuple[Teller, list[Telling]]]:
    """What is told under each number of a consolidation, in order of time, what was taken back marked so."""
    ids = {teller.number_id for teller in tellers}
    answers, rows = store.readings(ids), store.statements(ids, {t.number_id: t.ref for t in tellers})
    for teller in tellers:
        number = teller.number_id
        yield teller, tellings(*fold_input(teller.ref, rows[number], Answers(answers[number])))


def told_of(store: Store, keys: dict[int, Key]) -> list[Telling]:
    """All that is told of some consolidations (by id), in order of time; each under the number of who tells it."""
    told = [one for _, own in told_by(store, tellers_of(store, keys)) for one in own]
    return sorted(told, key=lambda one: (one.t, one.ref, one.statement.key))


def stays_of(store: Store, numbers: Collection[int]) -> dict[int, list[Stay]]:
    """By number, the tellings that it is inside a consolidation."""
    if not numbers or store.connection.execute(_ANY, (store.workspace,)).fetchone() != (True,):
        return {}
    told = list(memberships_of(store.connection, store.workspace, numbers))
    never = {(one.number_id, one.consolidation_id) for one in told if one.never}
    found: dict[int, set[Stay]] = {}
    for one in told:
        if (one.number_id, one.consolidation_id) not in never:
            stay = Stay(one.consolidation_id, one.key, one.joined_at, one.left_at)
            found.setdefault(one.number_id, set()).add(stay)
    return {number: sorted(stays, key=_place) for number, stays in found.items()}


def _place(stay: Stay) -> tuple[int, datetime, datetime]:
    return stay.consolidation_id, stay.joined_at or _FIRST, stay.left_at or _FIRST


def tellers_of(store: Store, keys: dict[int, Key]) -> list[Teller]:
    """The numbers under which consolidations (by id) are told of."""
    found = (Teller(row[0], keys[row[0]], row[1], Ref(row[2], row[3])) for row in store.rows(_TELLING, keys))
    return sorted(found, key=lambda teller: teller.number_id)
