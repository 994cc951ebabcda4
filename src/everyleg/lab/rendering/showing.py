"""From the lines of a season to what a carrier shows at a moment."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from everyleg.core.model import Statement
from everyleg.lab.rendering.scans import Clock, NextCarrier, Scan, Shown
from everyleg.lab.rendering.wording import name_of, said
from everyleg.lab.season import Line, SeasonEvent, SeasonParcel

OWN_SOURCE = "carrier_api"
"""The source of what a carrier itself tells; what others tell of it is not in its answers."""


class Published(Struct, frozen=True):
    """A statement of a leg, and when it became visible."""

    at: datetime
    event: Statement


class Leg(Struct, eq=False):
    """One number of one parcel, and all that its carrier will ever publish under it."""

    parcel: SeasonParcel
    index: int
    """Which of the parcel's legs."""
    published: list[Published] = []
    """In order of publication."""

    @property
    def carrier(self) -> str:
        """Slug of the carrier."""
        return self.parcel.legs[self.index].carrier

    @property
    def number(self) -> str:
        """The number that its carrier knows."""
        return self.parcel.legs[self.index].tracking_number

    def shown(self, now: datetime) -> Shown:
        """What the carrier shows at a moment; without scans where it does not know the number yet."""
        visible = [one.event for one in self.published if one.at <= now]
        scans = [scan_of(self.carrier, event) for event in sorted(visible, key=_when)]
        parcel = self.parcel
        return Shown(
            self.number, scans, parcel.origin or "", parcel.destination or "", self._next(), parcel.carrier_estimate
        )

    def _next(self) -> NextCarrier | None:
        legs = self.parcel.legs
        if self.index + 1 >= len(legs):
            return None
        after = legs[self.index + 1]
        if after.tracking_number == self.number:
            return None
        return NextCarrier(after.carrier, name_of(after.carrier), after.tracking_number)


def _when(event: Statement) -> datetime:
    return event.occurred_at


def scan_of(slug: str, event: Statement) -> Scan:
    """A statement as the carrier's own system holds it."""
    code, category, text = said(slug, event)
    at, clock = _clock(event)
    place = event.place
    return Scan(
        at=at,
        code=code,
        text=text,
        city=place.city or "",
        region=place.region or "",
        country=place.country or "",
        postal_code=place.postal_code or "",
        site=place.code or "",
        category=category,
        clock=clock,
    )


def _clock(event: Statement) -> tuple[datetime, Clock]:
    if event.time_basis == "date":
        return (event.occurred_local or event.occurred_at).replace(tzinfo=UTC), "day"
    if event.occurred_local is not None and event.utc_offset is None:
        return event.occurred_local.replace(tzinfo=UTC), "wall"
    return event.occurred_at.astimezone(timezone(timedelta(minutes=event.utc_offset or 0))), "offset"


class Shelf:
    """A season by number: what each carrier can be asked for."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        """Take in the lines of a season, as `season.read` gives them."""
        self.parcels: dict[str, SeasonParcel] = {}
        self.left_out = 0
        """Statements that are in no carrier's answer: told by others, or under no number of the parcel."""
        self._legs: dict[tuple[str, str], list[Leg]] = {}
        self._by_parcel: dict[str, list[Leg]] = {}
        for line in lines:
            self.add(line)

    def add(self, line: Line) -> None:
        """Take in one more line."""
        if isinstance(line, SeasonParcel):
            legs = [Leg(line, index, []) for index in range(len(line.legs))]
            self.parcels[line.id], self._by_parcel[line.id] = line, legs
            for leg in legs:
                self._legs.setdefault((leg.carrier, leg.number), []).append(leg)
        elif isinstance(line, SeasonEvent):
            self._tell(line)

    def _tell(self, line: SeasonEvent) -> None:
        event = line.event
        for leg in self._by_parcel[line.parcel]:
            if (leg.carrier, leg.number) == (event.carrier, event.tracking_number) and event.source == OWN_SOURCE:
                leg.published.append(Published(line.published_at, event))
                return
        self.left_out += 1

    def legs(self) -> Iterator[Leg]:
        """Every leg of every parcel, in the season's order."""
        for legs in self._by_parcel.values():
            yield from legs

    def shown(self, carrier: str, number: str, now: datetime) -> Shown:
        """What a carrier shows under a number at a moment: of a number that was given out twice, all of it."""
        shown = [leg.shown(now) for leg in self._legs.get((carrier, number), [])]
        known = [one for one in shown if one.scans]
        if not known:
            return Shown(number)
        latest = known[-1]
        scans = [scan for one in known for scan in one.scans]
        return Shown(number, scans, latest.origin, latest.destination, latest.next, latest.estimate)
