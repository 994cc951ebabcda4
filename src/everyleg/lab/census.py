"""What is in a season: counted from the file alone, so that seasons of others can be looked at too."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from everyleg.lab.season import Line, SeasonEvent, SeasonParcel, moment


class ProblemCount(Struct):
    """How often one problem was real."""

    truths: int
    parcels: float
    """Share of all parcels that had it."""
    shared: float
    """Share of the truths that name a cause."""
    causes: int
    open: int
    """Truths without an end."""


class LagCount(Struct):
    """How long statements of one carrier took to become visible, in hours."""

    statements: int
    median_h: float
    p90_h: float
    p99_h: float


class Census(Struct):
    """Counts of a season."""

    parcels: int
    events: int
    first: str | None
    last: str | None
    """The times of the first and the last line."""
    events_per_parcel: float
    delivered: float
    """Share of parcels with a delivery published by their last leg's carrier."""
    problems: dict[str, ProblemCount]
    lags: dict[str, LagCount]


class _Counts(Struct):
    """The running counts."""

    last_legs: dict[str, tuple[str, str]] = {}
    events: int = 0
    delivered: set[str] = set()
    truths: Counter[str] = field(default_factory=Counter)
    shared: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    causes: dict[str, set[str]] = {}
    had: dict[str, set[str]] = {}
    lags: dict[str, Counter[int]] = {}
    """By carrier: minutes → statements."""

    def add(self, line: Line) -> None:
        if isinstance(line, SeasonParcel):
            last = line.legs[-1] if line.legs else None
            self.last_legs[line.id] = (last.carrier, last.tracking_number) if last else ("", "")
        elif isinstance(line, SeasonEvent):
            self._event(line)
        else:
            self.truths[line.problem] += 1
            self.shared[line.problem] += line.cause is not None
            self.open[line.problem] += line.to is None
            self.had.setdefault(line.problem, set()).add(line.parcel)
            causes = self.causes.setdefault(line.problem, set())
            causes.update([line.cause] if line.cause else [])

    def _event(self, line: SeasonEvent) -> None:
        event = line.event
        self.events += 1
        minutes = int((line.published_at - event.occurred_at).total_seconds()) // 60
        self.lags.setdefault(event.carrier, Counter())[minutes] += 1
        if event.milestone == "delivered" and self.last_legs[line.parcel] == (event.carrier, event.tracking_number):
            self.delivered.add(line.parcel)


def census(lines: Iterable[Line]) -> Census:
    """Counts of the lines of a season, as `season.read` gives them."""
    counts, first, last = _Counts(), None, None
    for line in lines:
        counts.add(line)
        last = line
        first = first or line
    parcels = len(counts.last_legs)
    return Census(
        parcels=parcels,
        events=counts.events,
        first=moment(first).isoformat() if first else None,
        last=moment(last).isoformat() if last else None,
        events_per_parcel=_share(counts.events, parcels),
        delivered=_share(len(counts.delivered), parcels),
        problems={name: _problem(counts, name, parcels) for name in sorted(counts.truths)},
        lags={carrier: _lag(minutes) for carrier, minutes in sorted(counts.lags.items())},
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _problem(counts: _Counts, name: str, parcels: int) -> ProblemCount:
    truths = counts.truths[name]
    return ProblemCount(
        truths=truths,
        parcels=_share(len(counts.had[name]), parcels),
        shared=_share(counts.shared[name], truths),
        causes=len(counts.causes[name]),
        open=counts.open[name],
    )


def _lag(minutes: Counter[int]) -> LagCount:
    total = minutes.total()
    return LagCount(total, *(round(_quantile(minutes, total * share) / 60, 1) for share in (0.5, 0.9, 0.99)))


def _quantile(counts: Counter[int], rank: float) -> int:
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= rank:
            return value
    return 0
