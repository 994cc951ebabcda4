"""Which side of the border: rows that do not know it get it from their country, else from what lies around them."""

from collections.abc import Iterable
from functools import lru_cache
from math import inf
from typing import Literal

from msgspec import Struct

from everyleg.core.fold.rules import EXPORT_OF, FACILITY, IMPORT_OF, NEUTRAL, TERRITORIES
from everyleg.core.fold.tellings import Telling
from everyleg.core.fold.timeline import Facts
from everyleg.core.model import Ref
from everyleg.core.vocabulary import STATUSES, Status

Side = Literal["origin", "transit", "destination"]

_BY_ROW: dict[str, Side] = {
    **dict.fromkeys((s.sub_status for s in STATUSES.values() if s.stage == "export_customs"), "origin"),
    **dict.fromkeys(("departed_origin", "transit_hub_arrived", "transit_hub_departed"), "transit"),
    **dict.fromkeys(("arrived_destination", "discharged"), "destination"),
    **dict.fromkeys((s.sub_status for s in STATUSES.values() if s.stage == "import_customs"), "destination"),
}
"""Rows that name their side themselves, wherever they were told."""

_RETURNS = frozenset({"returning", "returned"})
_REJECTIONS = frozenset(name for name in STATUSES if name.endswith("customs_rejected"))

_BY_STAGE: dict[str, Side] = {"first_mile": "origin", "last_mile": "destination"}


@lru_cache(maxsize=1024)
def home(country: str | None) -> str | None:
    """A country as its domestic post sees it, upper case; None when not known."""
    return TERRITORIES.get(country.upper(), country.upper()) if country else None


class Border(Struct):
    """When a parcel was seen on which side. Times are seconds; infinite where nothing was seen."""

    origin: str | None
    destination: str | None
    first_origin: float = inf
    last_origin: float = -inf
    """The last time it was seen at the origin or leaving it."""
    first_departure: float = inf
    first_destination: float = inf
    seen_abroad: float = inf
    """As `first_destination`, but by country or border rows alone: a domestic first mile has a last mile too."""
    cleared: float = inf
    """First word of the last mile, or of the release by import customs."""
    first_import: float = inf
    last_import: float = -inf
    first_rejection: float = inf
    first_return: float = inf

    def by_country(self, country: str | None) -> Side | None:
        """The side that a country is on; None for an unknown one, and on a domestic way."""
        return _side_of_country(self.origin, self.destination, country)

    def of(self, status: Status, country: str | None) -> Side | None:
        """The side that a scan shows; None for labels, which say nothing of the parcel, and when nothing tells."""
        return _side_of_scan(self.origin, self.destination, status.sub_status, country)


@lru_cache(maxsize=16_384)
def _side_of_country(origin: str | None, destination: str | None, country: str | None) -> Side | None:
    here = home(country)
    if here is None or origin == destination:
        return None
    if here == destination:
        return "destination"
    if here == origin:
        return "origin"
    return "transit" if origin and destination else None


@lru_cache(maxsize=65_536)
def _side_of_scan(origin: str | None, destination: str | None, sub_status: str, country: str | None) -> Side | None:
    status = STATUSES[sub_status]
    if status.milestone in ("info_received", "pending"):
        return None
    if sub_status in _BY_ROW:
        return _BY_ROW[sub_status]
    side = _side_of_country(origin, destination, country)
    return side if side in ("origin", "destination") else _BY_STAGE.get(status.stage)


def resolve(facts: Facts, told: Iterable[Telling], last_legs: frozenset[Ref]) -> Border:
    """Give neutral rows their side, in place, and tell where the border was crossed.

    Customs rows lean on rows that know their side, facility rows on those and on customs rows: nothing leans on its own
    kind, so no order of resolving can matter. `last_legs`: the legs at the end of a chain.
    """
    told = [telling for telling in told if not telling.withdrawn]
    border = _border(facts, told)
    neutral = [x for x in told if x.status.sub_status in NEUTRAL and x.t <= border.first_return]
    for telling in neutral:
        if telling.status.sub_status in EXPORT_OF:
            _resolve_customs(telling, border)
    for telling in neutral:
        if telling.status.sub_status in FACILITY:
            side = _facility_side(telling, border, at_last_leg=telling.ref in last_legs)
            telling.status = STATUSES[FACILITY[telling.status.sub_status][side]] if side else telling.status
    return border


def _resolve_customs(telling: Telling, border: Border) -> None:
    side = _customs_side(telling, border)
    if side is None:
        return
    rows = EXPORT_OF if side == "origin" else IMPORT_OF
    telling.status = STATUSES[rows[telling.status.sub_status]]
    if side == "destination":
        border.last_import = max(border.last_import, telling.t)


def _border(facts: Facts, told: list[Telling]) -> Border:
    border = Border(origin=home(facts.origin), destination=home(facts.destination))
    border.first_return = min([x.t for x in told if x.status.milestone in _RETURNS], default=inf)
    border.first_rejection = min([x.t for x in told if x.status.sub_status in _REJECTIONS], default=inf)
    weak: list[float] = []
    for telling in told:
        if telling.t > border.first_return:
            continue
        country = telling.statement.place.country
        side = border.of(telling.status, country)
        if side == "destination" and telling.status.stage == "last_mile" and not border.by_country(country):
            weak.append(telling.t)
        elif side is not None:
            _mark(border, telling, side)
    for t in weak:
        if t > border.last_origin:
            border.first_destination = min(border.first_destination, t)
            border.cleared = min(border.cleared, t)
    return border


def _mark(border: Border, telling: Telling, side: Side) -> None:
    # `told` is in order of time: what is seen first stays, what is seen last wins
    t, status = telling.t, telling.status
    if side == "destination":
        if border.first_destination == inf:
            border.first_destination = t
        if border.seen_abroad == inf:
            border.seen_abroad = t
        if border.cleared == inf and (status.stage == "last_mile" or status.sub_status == "import_customs_released"):
            border.cleared = t
        if status.stage == "import_customs":
            if border.first_import == inf:
                border.first_import = t
            border.last_import = t
        return
    border.last_origin = t
    if side == "transit":
        if border.first_departure == inf:
            border.first_departure = t
    elif border.first_origin == inf:
        border.first_origin = t


def _customs_side(telling: Telling, border: Border) -> Literal["origin", "destination"] | None:
    t = telling.t
    side = border.by_country(telling.statement.place.country)
    if side != "transit" and side is not None:
        return side
    if border.first_destination <= t:
        return "destination"
    if border.last_origin >= t:
        return "origin"
    if border.first_departure < t:
        return "destination"
    if border.first_origin <= t:
        return "origin"
    # Nothing before it: import customs or the last mile as the very next word tells.
    nearest = border.first_destination
    return "destination" if nearest < inf and nearest in (border.first_import, border.cleared) else None


def _facility_side(telling: Telling, border: Border, *, at_last_leg: bool) -> Side | None:
    t = telling.t
    side = border.by_country(telling.statement.place.country)
    if side is None:
        side = _facility_around(t, border, at_last_leg=at_last_leg)
    if side == "destination" and border.last_import > t:
        return None  # in the country but not through customs: no stage of ours is sure
    return side


def _facility_around(t: float, border: Border, *, at_last_leg: bool) -> Side | None:
    if border.cleared <= t:
        return "destination"
    if border.last_origin >= t:
        return "origin"
    if at_last_leg:
        return "destination"
    in_between = border.first_departure < t or border.first_destination <= t
    return "origin" if border.first_origin <= t and not in_between else None
