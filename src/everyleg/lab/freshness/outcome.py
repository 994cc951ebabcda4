"""What a policy missed for how long, and how two policies compare."""

from typing import Final, NamedTuple

import numpy as np

from everyleg.durations.gaps import Floats, Ints
from everyleg.durations.kinds import DELIVERED, OUT_FOR_DELIVERY

SCORED: Final = np.array([1.0, 0.5, 2.0, 3.0, 3.0])
"""What an hour counts in `weighted`, by kind: facility a half, customs released twice, the last two thrice."""


class Outcome(NamedTuple):
    """A season followed by one policy."""

    staleness_h: Floats
    """[events] hours from being published to the first check that shows it; to the end, where none does."""
    kinds: Ints
    """[events]"""
    calls: float
    """Mean of the parcels."""

    def figures(self) -> dict[str, float]:
        """`mean`, `weighted`, `out_for_delivery`, `delivered`, `p95`: hours."""
        weights = SCORED[self.kinds]
        return {
            "mean": float(self.staleness_h.mean()),
            "weighted": float((self.staleness_h * weights).sum() / weights.sum()),
            "out_for_delivery": _mean(self.staleness_h[self.kinds == OUT_FOR_DELIVERY]),
            "delivered": _mean(self.staleness_h[self.kinds == DELIVERED]),
            "p95": float(np.quantile(self.staleness_h, 0.95)),
        }

    def over(self, other: "Outcome") -> dict[str, float]:
        """Each figure ÷ that of another policy; less than 1 is fresher."""
        theirs = other.figures()
        return {name: round(value / theirs[name], 4) for name, value in self.figures().items() if theirs[name] > 0}


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0
