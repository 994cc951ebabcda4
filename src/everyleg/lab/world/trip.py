"""One parcel's way through the world as it really was: what happened, what stood still, and how it ended."""

from typing import Literal, NamedTuple

from msgspec import Struct

from everyleg.core.vocabulary import STAGES
from everyleg.lab.world.dice import Dice
from everyleg.lab.world.tables import Channel, Lane

Problem = Literal[
    "customs_hold",
    "lost_handoff",
    "silence",
    "returning",
    "address_problem",
    "late",
    "not_dispatched",
    "damaged",
    "lost",
]
"""The problems that a season file's truths speak of."""

End = Literal["delivered", "returned", "lost", "cancelled", "seized"]
"""How a way can end."""


class Order(Struct, frozen=True):
    """What was sold, and by which channel it goes."""

    index: int
    lane: Lane
    channel: Channel
    shop: str
    sku: str
    value: float
    city: str
    """Key of the recipient's place."""
    from_: str
    """Key of the seller's place."""
    created: int
    ship_by: int
    promised_by: int
    estimate: int


class Scan(NamedTuple):
    """Something that happened and that somebody scanned."""

    t: float
    step: str
    """A row of the vocabulary."""
    place: str | None
    """Key of the place."""
    leg: int
    """Whose scan it is."""


class Stall(NamedTuple):
    """A time in which a parcel stood where it should have moved."""

    since: float
    """When the next step was due."""
    until: float | None
    """When it came; None for never."""
    cause: str | None
    """What it shares with others; None for a trouble of its own."""
    shown_by: tuple[str, ...]
    """Steps that tell people of it, if the carrier publishes them."""


class Spell(NamedTuple):
    """A problem that is real between two instants."""

    problem: Problem
    since: float
    until: float | None
    cause: str | None


class Trip:
    """The way of one parcel, written as it goes."""

    __slots__ = ("cohort", "dice", "end", "ended", "leg", "order", "scans", "spells", "stalls", "t")

    def __init__(self, order: Order, dice: Dice) -> None:
        self.order = order
        self.dice = dice
        self.t = float(order.created)
        self.leg = 0
        self.cohort: str | None = None
        self.scans: list[Scan] = []
        self.stalls: list[Stall] = []
        self.spells: list[Spell] = []
        self.end: End | None = None
        self.ended: float | None = None
        """When it was over; None also for what nobody ever declared lost."""

    def enter(self, stage: str) -> None:
        """Go on under the number of the leg that has this stage; the first of them, if two have."""
        rank = STAGES.index(stage)
        legs = self.order.channel.legs
        while self.leg + 1 < len(legs) and STAGES.index(legs[self.leg][2]) < rank:
            self.leg += 1

    @property
    def at_last_leg(self) -> bool:
        """Whether no other carrier follows."""
        return self.leg == len(self.order.channel.legs) - 1

    @property
    def carrier(self) -> str:
        """Who has it."""
        return self.order.channel.legs[self.leg][0]

    def scan(self, step: str, place: str | None, t: float | None = None) -> None:
        """It was scanned, now or at `t`."""
        self.scans.append(Scan(self.t if t is None else t, step, place, self.leg))

    def stall(self, until: float, cause: str | None = None, shown_by: tuple[str, ...] = ()) -> None:
        """The next step was due now and comes at `until`."""
        self.stalls.append(Stall(self.t, until, cause, shown_by))
        self.t = until

    def suffer(self, problem: Problem, since: float, until: float | None, cause: str | None = None) -> None:
        """A problem was real between two instants."""
        self.spells.append(Spell(problem, since, until, cause))

    def finish(self, end: End) -> None:
        """The way is over now."""
        self.end, self.ended = end, self.t

    def vanish(self, declared: float | None, shown_by: tuple[str, ...] = ()) -> None:
        """Nobody will see it again. Its carrier says so at `declared`, or never."""
        self.suffer("lost", self.t, None)
        self.stalls.append(Stall(self.t, declared, None, shown_by))
        self.end, self.ended = "lost", declared
        if declared is not None:
            self.scan("lost", None, declared)
