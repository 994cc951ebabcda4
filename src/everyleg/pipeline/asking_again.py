"""Checks that what was heard asks for."""

from collections.abc import Iterable

from everyleg.pipeline.ages import CHECK
from everyleg.pipeline.doubting import end_of
from everyleg.pipeline.intake import UNSIGNED
from everyleg.pipeline.known import Store
from everyleg.pipeline.settle import News
from everyleg.store.due import arm


def find_out(store: Store, news: Iterable[News]) -> None:
    """Make the numbers due whose end was told by nobody that signed."""
    wanted = {
        one.number_id: one.observed_at
        for one in news
        if one.source == UNSIGNED and any(end_of(event) is not None for event in one.said.result.events)
    }
    for number, at in sorted(wanted.items()):
        arm(store.connection, (store.workspace, CHECK, number), at)
