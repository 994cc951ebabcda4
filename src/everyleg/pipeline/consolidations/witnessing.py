"""Who told what reached a parcel because of what it was inside: for its page."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from everyleg.core.model import Ref
from everyleg.pipeline.consolidations.aboard import DEEPEST, Teller, stays_of, tellers_of
from everyleg.pipeline.consolidations.naming import Key
from everyleg.pipeline.consolidations.spreading import own_key, source_of
from everyleg.pipeline.known import Row, Store


class ToldAboard(NamedTuple):
    """A statement about a consolidation, and what it is called on the parcel."""

    key: str
    """As the parcel's timeline names it."""
    source: str
    teller: Teller
    row: Row


def told_aboard(store: Store, refs: dict[int, Ref]) -> Iterator[ToldAboard]:
    """What is told of the consolidations that some numbers were ever inside of, each as each number tells it."""
    tellers = tellers_of(store, inside_of(store, refs))
    rows = store.statements([t.number_id for t in tellers], {t.number_id: t.ref for t in tellers})
    for teller in tellers:
        for (source, key), row in rows[teller.number_id].items():
            named = source_of(teller.key, teller.ref.carrier, source)
            for ref in refs.values():
                yield ToldAboard(own_key(key, ref), named, teller, row)


def inside_of(store: Store, numbers: Collection[int]) -> dict[int, Key]:
    """The consolidations (by id) that numbers are or were inside of, from the inside out."""
    found: dict[int, Key] = {}
    inner = set(numbers)
    for _ in range(DEEPEST):
        new = {s.consolidation_id: s.key for some in stays_of(store, inner).values() for s in some}
        new = {one: key for one, key in new.items() if one not in found}
        if not new:
            break
        found |= new
        inner = {teller.number_id for teller in tellers_of(store, new)}
    return found
