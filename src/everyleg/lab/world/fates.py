"""What will go wrong with one parcel, drawn before it leaves. Each trouble takes its draws whether it strikes or not,
so that a share that is changed moves no other trouble.
"""

from msgspec import Struct

from everyleg.lab.world.dice import Dice, cumulative
from everyleg.lab.world.surroundings import Surroundings
from everyleg.lab.world.trip import Order


class Fate(Struct):
    """Seconds that each trouble of a parcel's own lasts, 0 where it is spared; and where and how."""

    lasts: dict[str, float]
    """By the names in `problems.yaml`; only those that strike."""
    hold: float
    """Seconds of customs' working time that import customs holds it."""
    hold_step: str
    """What is told of that hold."""
    seized: bool
    lost_at: str | None
    declared: float | None
    """After how many seconds its carrier declares it lost; None for never."""
    stands_at: str | None
    damage_returns: bool
    address_returns: bool


def fate(around: Surroundings, order: Order) -> Fate:
    """The fate of a parcel."""
    dice, problems = Dice(around.seed, order.index, "fate"), around.tables.problems
    often = {"lost": problems.lost_more_in.get(around.month(order.created), 1.0)}
    lasts: dict[str, float] = {}
    for name, trouble in problems.own.items():
        strikes, seconds = dice.chance(trouble.share.value * often.get(name, 1.0)), dice.seconds(trouble.lasts)
        if strikes:
            lasts[name] = seconds
    choices = {name: dice.chance(share.value) for name, share in problems.choices.items()}
    hold = order.lane.hold
    held, hold_work = dice.chance(hold.share), dice.seconds(hold.work)
    return Fate(
        lasts=lasts,
        hold=hold_work if held else 0.0,
        hold_step=_one(dice, hold.steps),
        seized=choices["hold_ends_in_seizure"],
        lost_at=_one(dice, problems.lost_at) if "lost" in lasts else None,
        declared=lasts.get("lost") if choices["loss_is_declared"] else None,
        stands_at=_one(dice, problems.stands_at) if "standstill" in lasts else None,
        damage_returns=choices["damage_ends_in_return"],
        address_returns=choices["address_ends_in_return"],
    )


def _one(dice: Dice, weights: dict[str, float]) -> str:
    return list(weights)[dice.pick(cumulative(list(weights.values())))]
