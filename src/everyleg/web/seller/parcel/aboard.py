"""What a parcel is inside of, and who told of it what happened: for the parcel's page."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.core.fold import Timeline
from everyleg.core.fold.rules import of_consolidation
from everyleg.core.model import Ref
from everyleg.pipeline.consolidations.naming import Key
from everyleg.pipeline.consolidations.witnessing import inside_of, told_aboard
from everyleg.pipeline.known import Store
from everyleg.web.page import Page
from everyleg.web.seller.parcel.queries import NumberOf, Witness
from everyleg.web.words import Words


class Part(Struct, frozen=True):
    """A consolidation that the parcel is or was inside of."""

    consolidation_id: int
    words: str


def part_of(source: str) -> str:
    """What of a statement's source names the consolidation (`mawb:784-…`); empty where it names none."""
    return source.rsplit("/", 2)[0] if of_consolidation(source) else ""


def parts(connection: Connection[Any], page: Page, numbers: Iterable[NumberOf]) -> dict[str, Part]:
    """What numbers are inside of, and what that is inside of, from the inside out; by how sources name it."""
    store = Store(connection, page.services.database.keys, page.workspace)
    found = inside_of(store, [number.number_id for number in numbers])
    return {key.told_as: Part(one, named(page.words, key)) for one, key in found.items()}


def named(t: Words, key: Key) -> str:
    """A consolidation in words: `MAWB 784-55501121`."""
    number, _, day = key.reference.partition("@")
    return t(f"consolidations.kind_{key.kind}", name=f"{number} ({day})" if day else number)


def witnesses(
    connection: Connection[Any], page: Page, numbers: Iterable[NumberOf], told: Timeline | None
) -> dict[str, list[Witness]]:
    """Who told what reached the parcel because of what it is inside of, by the key that its timeline has."""
    if told is None or not any(of_consolidation(event.source) for event in told.events):
        return {}
    store = Store(connection, page.services.database.keys, page.workspace)
    refs = {number.number_id: Ref(number.carrier, number.tracking_number) for number in numbers}
    found: dict[str, list[Witness]] = {}
    for key, _, teller, row in told_aboard(store, refs):
        s = row.statement
        # their answers speak of others' parcels too: they are not shown with this one
        witness = Witness(key, teller.ref.carrier, s.source, 0, s.observed_at, s.code, s.text, s.place.raw)
        found.setdefault(key, []).append(witness)
    return found
