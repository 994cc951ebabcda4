"""Chance that repeats: a stream of its own for each purpose, so that one draw more here moves nothing elsewhere."""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from math import exp
from random import Random
from statistics import NormalDist

from everyleg.lab.world.figures import Span

_normal = NormalDist().inv_cdf
_HOUR = 3600.0


def seed_of(*names: object) -> int:
    """A seed of 64 bits for the stream of that name; equal names give equal seeds on every machine."""
    name = "/".join(map(str, names))
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())


class Dice:
    """Draws of one stream. Only `Random.random` is used, whose values Python guarantees for a seed."""

    __slots__ = ("u",)

    def __init__(self, *names: object) -> None:
        self.u = Random(seed_of(*names)).random  # noqa: S311 - repeatable, not secret
        """The next uniform number, 0 ≤ u < 1."""

    def normal(self) -> float:
        """A standard normal number."""
        return _normal(self.u() or 0.5)

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.u() < share

    def seconds(self, span: Span, times: float = 1.0) -> float:
        """A duration of that span in seconds, `times` as long."""
        u, stretch = self.u(), times
        if span.tail:
            if u < span.tail:
                u, stretch = u / span.tail, stretch * span.times
            else:
                u = (u - span.tail) / (1 - span.tail)
        return span.median_h * _HOUR * stretch * exp(span.sigma * _normal(u or 0.5))

    def pick(self, edges: Sequence[float]) -> int:
        """An index, by cumulative weights as `cumulative` makes them."""
        return bisect_right(edges, self.u() * edges[-1], 0, len(edges) - 1)


def cumulative(weights: Sequence[float]) -> list[float]:
    """Running sums of weights, for `Dice.pick`."""
    edges, total = list[float](), 0.0
    for weight in weights:
        total += weight
        edges.append(total)
    return edges
