"""Which consolidations numbers are inside at a moment, and in what these are."""

from collections.abc import Collection
from datetime import datetime

from everyleg.pipeline.consolidations.aboard import DEEPEST, stays_of, tellers_of
from everyleg.pipeline.consolidations.spreading import is_inside
from everyleg.pipeline.known import Store


def around_at(store: Store, numbers: Collection[int], at: datetime, deep: int = DEEPEST) -> dict[int, set[int]]:
    """By number, the ids of all consolidations around it at a moment; numbers that are in none are left out.

    Where nobody said when a number was put in, it is.
    """
    stays = stays_of(store, numbers)
    if not stays or not deep:
        return {}
    direct = {
        number: {c for c in {stay.consolidation_id for stay in some} if is_inside(c, some, at, None)}
        for number, some in stays.items()
    }
    keys = {stay.consolidation_id: stay.key for some in stays.values() for stay in some}
    tellers = tellers_of(store, keys)
    outer = around_at(store, {teller.number_id for teller in tellers}, at, deep - 1)
    beyond: dict[int, set[int]] = {}
    for teller in tellers:
        beyond.setdefault(teller.consolidation_id, set()).update(outer.get(teller.number_id, ()))
    return {number: found.union(*(beyond.get(c, ()) for c in found)) for number, found in direct.items() if found}
