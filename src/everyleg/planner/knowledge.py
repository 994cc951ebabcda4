"""What a planner knows of a workspace: its hazards and how its cohorts move, learned anew now and then."""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from psycopg import Connection

from everyleg.durations.gaps import sums_of
from everyleg.durations.hazards import Hazards, learn
from everyleg.durations.prior import prior
from everyleg.durations.reading import load_gaps, load_moves
from everyleg.durations.together import Together, added, together_of

FOR_SO_LONG: Final = timedelta(hours=6)
"""How long a lesson holds."""


class Known(Struct, frozen=True):
    """Of one workspace."""

    hazards: Hazards
    together: Together
    learned_at: datetime


class Knowledge:
    """The lessons of all workspaces, in the memory of one process."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._known: dict[int, Known] = {}

    def of(self, worker: Connection[Any], workspace: int, now: datetime) -> Known:
        """What is known of a workspace, on top of what is known beforehand."""
        known = self._known.get(workspace)
        if known is None or now - known.learned_at > FOR_SO_LONG:
            hazards, together = prior()
            own = sums_of(load_gaps(worker, workspace, now))
            moves = together_of(load_moves(worker, workspace, now))
            known = Known(learn(own, hazards), added(together, moves), now)
            self._known[workspace] = known
        return known
