"""How long something takes: histograms of what ended and of what still runs, and the curves that come out of them.

A histogram is a plain sum over cases, so it can be added to, taken back from, and learned in any order. What still
runs is censored, not dropped: dropping it would make everything look quicker than it is. What ended otherwise
(returned, lost) is a competing risk: it can no longer end well, and is not taken for something that would have.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from everyleg.durations.gaps import Floats, Ints

EDGES: Final = 900.0 * 2.0 ** (np.arange(57) / 4)
"""Seconds; upper edges of all bins but the last, which is open: 15 minutes to half a year, each 19 % longer."""

BINS: Final = len(EDGES) + 1
OUTCOMES: Final = ("done", "returned", "lost")
"""How something can end: as it should, or by one of the others for good."""


class Histogram(NamedTuple):
    """Counts of cases by how long they took, or have taken so far."""

    finished: Floats
    """[outcomes, bins]"""
    running: Floats
    """[bins] by age"""

    def __add__(self, other: "Histogram") -> "Histogram":  # type: ignore[override]
        """Both together."""
        return Histogram(self.finished + other.finished, self.running + other.running)

    def scaled(self, factor: float) -> "Histogram":
        """The same, counting `factor` times as much; -1 takes back."""
        return Histogram(self.finished * factor, self.running * factor)

    @property
    def cases(self) -> float:
        """How many there are in all."""
        return float(self.finished.sum() + self.running.sum())


def empty() -> Histogram:
    """No case at all."""
    return Histogram(np.zeros((len(OUTCOMES), BINS)), np.zeros(BINS))


def bin_of(seconds: Floats | float) -> Ints:
    """The bin that each length falls into."""
    return np.searchsorted(EDGES, np.asarray(seconds, dtype=float), "left").astype(np.int64)


def histogram_of(finished: Sequence[tuple[float, int]], running: Sequence[float] = ()) -> Histogram:
    """Of lengths in seconds with the index of their outcome, and of the ages of what still runs."""
    made = empty()
    for seconds, outcome in finished:
        made.finished[outcome, bin_of(seconds)] += 1
    np.add.at(made.running, bin_of(np.array(running, dtype=float)), 1.0)
    return made


def hazard(histogram: Histogram) -> Floats:
    """[outcomes, bins] Of those still running at a bin's beginning, the share that ends so within it.

    Who is only known to run up to somewhere in a bin was at risk for half of it (the actuaries' life table).
    """
    ended = np.maximum(histogram.finished, 0)
    running = np.maximum(histogram.running, 0)
    leaving = ended.sum(axis=0) + running
    at_risk = np.cumsum(leaving[::-1])[::-1] - running / 2
    return np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0)


def kaplan_meier(histogram: Histogram) -> Floats:
    """[bins] Share that still runs at each bin's end, whatever may end it; one where nothing is known."""
    survival: Floats = np.cumprod(1 - np.minimum(hazard(histogram).sum(axis=0), 1.0))
    return survival


def aalen_johansen(histogram: Histogram) -> Floats:
    """[outcomes, bins] Share that has ended so by each bin's end, in a world where the other ends exist as well."""
    before = np.concatenate([[1.0], kaplan_meier(histogram)[:-1]])
    incidence: Floats = np.cumsum(hazard(histogram) * before, axis=1)
    return incidence


def quantile(histogram: Histogram, share: float) -> float | None:
    """Seconds by which a share has ended, whatever ended it; None where the curve does not get there."""
    survival = kaplan_meier(histogram)
    reached = np.flatnonzero(survival <= 1 - share + 1e-12)
    if not len(reached) or reached[0] >= len(EDGES):
        return None
    at = int(reached[0])
    high, low = EDGES[at], EDGES[at - 1] if at else 0.0
    above = survival[at - 1] if at else 1.0
    part = (above - (1 - share)) / (above - survival[at])
    return float(low + (high - low) * part)


def pooled(general_first: Sequence[Histogram], pseudo: float = 20.0) -> Histogram:
    """The most specific of these, filled up with `pseudo` cases in the shape of the one above, and so on.

    Args:
        general_first: each contains the cases of the ones behind it.
        pseudo: with so many cases of its own a level counts half.
    """
    result = empty()
    for one in general_first:
        above = result.scaled(pseudo / result.cases) if result.cases > 0 else result
        result = one + above
    return result
