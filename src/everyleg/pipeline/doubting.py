"""What nobody signed, and what it may not decide: a parcel's end is believed when a second source tells it too.

Who knows an address can push anything there. Such statements are kept like any others; those that end a parcel are left
out of the fold until another source, a person included, tells of the same end, and a check is made at once to find out.
It is a function of the statements alone, so that their order does not matter.
"""

from collections.abc import Sequence

from everyleg.core.model import Statement
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.intake import UNSIGNED

_ENDS = frozenset({"delivered", "returned"})
_LOSSES = frozenset({"lost", "destroyed", "cancelled"})


def end_of(statement: Statement) -> str | None:
    """Which end of a parcel a statement tells of; None where it goes on."""
    row = STATUSES.get(statement.sub_status)
    if row is not None and row.milestone in _ENDS:
        return row.milestone
    return statement.sub_status if statement.sub_status in _LOSSES else None


def doubted(statements: Sequence[Statement]) -> set[str]:
    """Keys of the statements that are not believed yet, among all that hang together."""
    unsigned = [one for one in statements if one.source == UNSIGNED]
    ends = {one.key: end for one in unsigned if (end := end_of(one)) is not None}
    if not ends:
        return set()
    confirmed = {end_of(one) for one in statements if one.source != UNSIGNED and not one.withdrawn}
    return {key for key, end in ends.items() if end not in confirmed}
