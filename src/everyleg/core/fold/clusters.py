"""Events from statements: tellings of different sources that tell one fact become its witnesses."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import combinations
from math import cos, hypot, radians
from typing import Literal

from msgspec import Struct

from everyleg.core.fold.rules import of_consolidation
from everyleg.core.fold.tellings import Telling, near
from everyleg.core.model import Place
from everyleg.core.vocabulary import Status

_SURE = {"offset": 0, "zone": 1, "place": 2, "assumed": 3, "date": 4}
_SAME_PLACE_KM = 100


class Cluster(Struct):
    """An event while the fold works on it."""

    witnesses: list[Telling]
    """Best first; never two of one source, unless all that it said is the same."""
    status: Status
    """What it means here: a *delivered* may turn out to be a hand-off, a pick-up point or a return."""
    legs: frozenset[int]
    """The legs whose numbers it was told under."""
    t: float
    u: float
    by_person: bool
    country: str | None
    placed: float = 0.0
    """Where it stands in the order of events, seconds."""
    final: bool = False
    """Whether it ends the way: a delivery or a return that counts."""
    echo: bool = False
    """Told by a leg that had handed over by then."""
    muted: Literal["", "overruled", "echo"] = ""
    """Why a delivery has no say in the state: a person says otherwise, or it is not for this leg to say."""
    after_delivery: bool = False

    @property
    def at(self) -> datetime:
        """The instant, as its best witness has it."""
        return self.witnesses[0].statement.occurred_at

    @property
    def of_consolidation(self) -> bool:
        """Whether nobody tells it but of what the parcel was inside."""
        first, *others = self.witnesses
        return of_consolidation(first.statement.source) and all(of_consolidation(x.statement.source) for x in others)

    def key_by(self, leg: int) -> str:
        """Key of the best witness that tells it under this leg's number, else of the best of all."""
        own = (w for w in self.witnesses if w.leg == leg)
        return next(own, self.witnesses[0]).statement.key


def clusters(told: Iterable[Telling]) -> list[Cluster]:
    """Partition tellings (in canonical order, sides resolved) into events.

    Nearest pairs join first, and two groups join only if every pair across them tells the same fact. Both the pairs'
    order and the test depend on what was said alone, so any order of arrival gives the same events.
    """
    rows: dict[str, list[Telling]] = {}
    for telling in told:
        rows.setdefault(telling.status.sub_status, []).append(telling)
    return [_cluster(group) for row in rows.values() for group in _grow(row)]


def _cluster(witnesses: list[Telling]) -> Cluster:
    if len(witnesses) == 1:
        (one,) = witnesses
        country = one.statement.place.country or None
        return Cluster(witnesses, one.status, frozenset((one.leg,)), one.t, one.u, one.by_person, country)
    witnesses.sort(key=_worth)
    best = witnesses[0]
    legs = frozenset(w.leg for w in witnesses)
    country = next((w.statement.place.country for w in witnesses if w.statement.place.country), None)
    return Cluster(witnesses, best.status, legs, best.t, best.u, best.by_person, country)


def _worth(telling: Telling) -> tuple[object, ...]:
    """Least is best: a person, the surest time, the carrier's own word, the later leg (an earlier one repeats it)."""
    s = telling.statement
    sure = (not telling.by_person, telling.u, _SURE[s.time_basis], s.source != "carrier_api")
    return (*sure, -telling.leg, s.place.city is None, telling.t, s.source, s.key)


def _grow(row: list[Telling]) -> list[list[Telling]]:
    if len(row) == 1 or len({(x.statement.source, x.ref) for x in row}) == 1:
        return [[telling] for telling in row]
    group_of = [[telling] for telling in row]
    pairs = [(abs(a.t - b.t), i, j) for (i, a), (j, b) in combinations(enumerate(row), 2) if _same_fact(a, b)]
    for _, i, j in sorted(pairs):
        one, other = group_of[i], group_of[j]
        if one is other or not all(_same_fact(a, b) for a in one for b in other):
            continue
        one.extend(other)
        for k, group in enumerate(group_of):
            if group is other:
                group_of[k] = one
    return list({id(group): group for group in group_of}.values())


def _same_fact(a: Telling, b: Telling) -> bool:
    one, other = a.statement, b.statement
    if one.source == other.source and one.carrier == other.carrier:
        return a.ref != b.ref and _said(a) == _said(b)
    return near(a, b) and not contradict(one.place, other.place)


def _said(telling: Telling) -> tuple[object, ...]:
    s = telling.statement
    return (s.occurred_at, s.uncertainty_s, s.code, s.text, s.place)


def contradict(one: Place, other: Place) -> bool:
    """Whether two places cannot be the same: another country, too far apart, or other names for the city.

    Names in two scripts do not contradict each other, nor does a name that holds the other (Jamaica, Jamaica NY).
    """
    if one.country and other.country and one.country.upper() != other.country.upper():
        return True
    if None not in (one.lat, one.lon, other.lat, other.lon):
        return _kilometres(one, other) > _SAME_PLACE_KM
    a, b = _plain(one.city), _plain(other.city)
    return bool(a and b) and a not in b and b not in a


def _kilometres(one: Place, other: Place) -> float:
    north = (one.lat or 0) - (other.lat or 0)
    east = abs((one.lon or 0) - (other.lon or 0))
    return 111.2 * hypot(north, min(east, 360 - east) * cos(radians(one.lat or 0)))


@lru_cache(maxsize=65_536)
def _plain(city: str | None) -> str:
    decomposed = unicodedata.normalize("NFKD", city or "").casefold()
    return re.sub(r"[^a-z0-9]", "", decomposed)
