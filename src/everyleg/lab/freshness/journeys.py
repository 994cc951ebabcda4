"""A season as somebody who asks could see it: what was published of each parcel when, and in which state it left it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np

from everyleg.durations.gaps import Floats, Gap, Ints, State
from everyleg.durations.kinds import DELIVERED, OTHER, clock_offset_s, is_abroad, kind_of
from everyleg.lab.season import Line, SeasonEvent, SeasonParcel, SeasonTruth, moment

POLLED: Final = timedelta(days=60).total_seconds()
"""How long a parcel is followed at most."""

REGISTERED: Final = "registered"


class Standing(NamedTuple):
    """What is known once so many events were seen."""

    state: State
    event_at: float
    offset_s: int


class Journey(NamedTuple):
    """One parcel, in seconds since the epoch. It ends with the first delivery published, or when nobody follows it."""

    begun: float
    limit: float
    """60 days on, or the season's end."""
    published: Floats
    """[events], in order."""
    kinds: Ints
    """[events], indices in `KINDS`."""
    standings: list[Standing]
    """[events + 1]: after none, one, … were seen."""
    delivered: bool
    """Whether the last event is its delivery."""
    cohort: str | None

    @property
    def ended(self) -> float:
        """When the last thing to see was there to see."""
        return float(self.published[-1]) if self.delivered else self.limit


def journeys(lines: Iterable[Line]) -> list[Journey]:
    """Those of a season, in the order in which they were made."""
    parcels: dict[str, SeasonParcel] = {}
    events: dict[str, list[SeasonEvent]] = {}
    end = 0.0
    for line in lines:
        end = max(end, moment(line).timestamp())
        if isinstance(line, SeasonParcel):
            parcels[line.id] = line
            events[line.id] = []
        elif not isinstance(line, SeasonTruth) and not line.event.withdrawn:
            events[line.parcel].append(line)
    return [_journey(parcel, events[name], end) for name, parcel in parcels.items()]


def _journey(parcel: SeasonParcel, events: list[SeasonEvent], end: float) -> Journey:
    begun = parcel.created_at.timestamp()
    limit = min(begun + POLLED, max(end, begun))
    way = (parcel.destination or "", parcel.channel or "-".join(leg.carrier for leg in parcel.legs))
    standings = [Standing(State(REGISTERED, "", *way), begun, 0)]
    published, kinds, abroad = [], [], False
    for line in events:
        at, told = line.published_at.timestamp(), line.event
        if at > limit:
            break
        published.append(at)
        kinds.append(_kind(line, parcel))
        happened = told.occurred_at.timestamp()
        abroad = abroad or is_abroad(told)
        offset_s = clock_offset_s(told, parcel.destination if abroad else parcel.origin)
        if len(standings) == 1 or happened > standings[-1].event_at:
            standings.append(Standing(State(told.sub_status, told.carrier, *way), happened, offset_s))
        else:
            standings.append(standings[-1])
        if kinds[-1] == DELIVERED:
            break
    delivered = bool(kinds) and kinds[-1] == DELIVERED
    return Journey(begun, limit, np.array(published), np.array(kinds, np.int64), standings, delivered, parcel.cohort)


def _kind(line: SeasonEvent, parcel: SeasonParcel) -> int:
    """As `kind_of`; but a first mile's delivery, or one in another country than the buyer's, is a hand-over."""
    told = line.event
    kind = kind_of(told.milestone, told.sub_status)
    country = told.place.country
    elsewhere = country is not None and parcel.destination is not None and country != parcel.destination
    return OTHER if kind == DELIVERED and (elsewhere or told.stage == "first_mile") else kind


def gaps(some: Iterable[Journey], until: float = float("inf")) -> Iterator[Gap]:
    """The gaps between what was published, as known at a moment: what came later is open."""
    for journey in some:
        begun = journey.begun
        for i, at in enumerate(journey.published):
            if at > until:
                break
            yield Gap(*_of(journey, i, begun, float(at)), int(journey.kinds[i]))
            begun = float(at)
        else:
            i = len(journey.published)
        last = min(journey.limit, until)
        if last > begun and not (journey.delivered and i == len(journey.published)):
            yield Gap(*_of(journey, i, begun, last), -1)


def _of(journey: Journey, seen: int, begun: float, ended: float) -> tuple[State, float, float, float, int]:
    state, event_at, offset_s = journey.standings[seen]
    return state, begun, max(begun, ended), event_at, offset_s
