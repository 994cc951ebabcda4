"""Parcels of one bag, MAWB or hand-over batch move together: a few are asked for all.

Those of a cohort that stand at the same event are a *group*. Its *sentinels* are asked more often, since each tells of
many; the others less, by what a sentinel would tell of them. Once one is seen to move, a *wave* is under way
(`waves`): the others are to be asked when most of them probably have moved as well.
"""

from collections.abc import Hashable, Sequence
from typing import Final

from msgspec import Struct, field

from everyleg.durations.gaps import Floats
from everyleg.durations.together import Together, Told
from everyleg.planner.policy.waves import WAVE_FOR, Wave

SENTINELS: Final = 2
"""Of a group: one may be the parcel that customs took out."""

JOINT: Final = 0.1
"""Share that leaves a state together from which on one that moves says anything of the others."""

RENEWED: Final = frozenset({1, 4, 16, 64, 256})
"""After so many movers the others are planned anew: each time four times as much is known."""

_RELIED_ON: Final = 6
"""Power of the share that moves together by which the others rely on the sentinels: in full where all move as one, next
to nothing where every third goes by itself and nobody would tell of it in time.
"""

Group = tuple[Hashable, Told]
"""A cohort and the event at which those of the group stand."""


def watchers(size: int, together: float, *, sentinel: bool) -> float:
    """What a check of a member tells, in parcels: more than one for a sentinel, less for one that is watched over.

    Args:
        size: members of its group.
        together: how likely it is to move with them.
        sentinel: whether it is one.
    """
    if size <= SENTINELS:
        return 1.0
    return 1.0 + together * (size - SENTINELS) / SENTINELS if sentinel else 1.0 - float(together) ** _RELIED_ON


class Cohorts(Struct):
    """Who stands where, as far as it was seen; members are known by number."""

    together: Together
    groups: dict[Group, dict[int, None]] = field(default_factory=dict)
    """Members in the order in which they came."""
    stands: dict[int, Group] = field(default_factory=dict)
    waves: dict[Group, Wave] = field(default_factory=dict)

    def move(self, member: int, group: Group | None) -> None:
        """A member was seen to stand there; None once it is over."""
        left = self.stands.get(member)
        if left == group:
            return
        if left is not None:
            self._leave(member, left)
        if group is not None:
            self.groups.setdefault(group, {})[member] = None
            self.stands[member] = group

    def wave(self, group: Group | None, now: float) -> Wave | None:
        """That which a group is in."""
        wave = self.waves.get(group) if group is not None else None
        return wave if wave is not None and now < wave.seen_at + WAVE_FOR else None

    def begin(self, left: Group, now: float, worth: float, stood: Floats) -> Wave | None:
        """One of a group was seen to have moved, the members last seen there at `stood`: the wave, if that is one."""
        gone = self.together.gone(left[1])
        if gone[-1] < JOINT or len(self.groups[left]) <= 1:
            return None
        self.waves[left] = Wave.begun(now, gone, worth, stood)
        return self.waves[left]

    def watchers(self, member: int, checked: float) -> float:
        """As `watchers`, of a member that was last checked at a time."""
        group = self.stands.get(member)
        if group is None:
            return 1.0
        wave = self.waves.get(group)
        together = self.together.leaving(group[1]) if wave is None else wave.to_move(checked)
        return watchers(len(self.groups[group]), together, sentinel=member in self.sentinels(group))

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
