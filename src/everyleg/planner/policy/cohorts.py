"""Parcels of one bag, MAWB or hand-over batch move together: a few are asked for all.

Those of a cohort that stand at the same event are a *group*. Its *sentinels* are asked more often, since each tells of
many; the others less, by what a sentinel would tell of them. Once one is seen to move, a *wave* is under way: the
others are to be asked when most of them probably have moved as well, which the curve of `durations.together` tells.
"""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct, field

from everyleg.durations.gaps import Floats
from everyleg.durations.together import LAG_EDGES, Together, Told

SENTINELS: Final = 2
"""Of a group: one may be the parcel that customs took out."""

Group = tuple[Hashable, Told]
"""A cohort and the event at which those of the group stand."""


class Wave(Struct, frozen=True):
    """A group on the move."""

    began: float
    """When the one that was seen to move had its news, seconds since the epoch, as well as it is known."""
    curve: Floats
    """By `LAG_EDGES`: share of the others that have theirs by then."""
    worth: float
    """What that news weighs."""

    def unseen(self, checked: float, moments: Floats) -> Floats:
        """Weighted news of a member by each moment that was not there when it was last checked."""
        reached = np.interp(np.append(moments, checked) - self.began, LAG_EDGES, self.curve)
        before = reached[-1]
        unseen: Floats = self.worth * (reached[:-1] - before) / max(1.0 - before, 0.05)
        return unseen


class Cohorts(Struct):
    """Who stands where, as far as it was seen; members are known by number."""

    together: Together
    groups: dict[Group, dict[int, None]] = field(default_factory=dict)
    """Members in the order in which they came."""
    stands: dict[int, Group] = field(default_factory=dict)
    waves: dict[Group, Wave] = field(default_factory=dict)

    def move(self, member: int, group: Group | None) -> Group | None:
        """A member was seen to stand there, None once it is over; gives the group it left, if others are left in it."""
        left = self.stands.get(member)
        if left == group:
            return None
        if left is not None:
            self._leave(member, left)
        if group is not None:
            self.groups.setdefault(group, {})[member] = None
            self.stands[member] = group
        return left if left in self.groups else None

    def wave(self, left: Group, event: Told, began: float, worth: float) -> bool:
        """One of a group was seen to move to an event; whether it is the first: then the others are planned anew."""
        running = self.waves.get(left)
        if running is not None and began < running.began + LAG_EDGES[-1]:
            return False
        self.waves[left] = Wave(began, self.together.coming(event), worth)
        return True

    def watchers(self, member: int) -> float:
        """What a check of it tells, in parcels: more than one for a sentinel, less for one that is watched over."""
        there = self.stands.get(member)
        group = self.groups.get(there, {}) if there is not None else {}
        if there is None or len(group) <= SENTINELS:
            return 1.0
        share = self.together.leaving(there[1])
        if member in self.sentinels(there):
            return 1.0 + share * (len(group) - SENTINELS) / SENTINELS
        return 1.0 - share

    def sentinels(self, group: Group) -> Sequence[int]:
        """Those who watch over a group: who came first."""
        return [one for one, _ in zip(self.groups.get(group, {}), range(SENTINELS), strict=False)]

    def _leave(self, member: int, left: Group) -> None:
        del self.stands[member]
        group = self.groups[left]
        del group[member]
        if not group:
            del self.groups[left]
            self.waves.pop(left, None)
