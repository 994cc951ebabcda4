"""From what a carrier tells to the event document: clocks as it prints them, places as it names them, the key.

A reader with the carrier's manifest would make the same document of the carrier's answer: where a statement has no
zone or no clock, its time is resolved by the product's own rules (`core.time.resolve`).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import cast

from everyleg.core.model import NOWHERE, Place, Statement, TimeBasis, statement_key
from everyleg.core.time.clock import Clock
from everyleg.core.time.resolve import Moment, ZoneRule, resolve
from everyleg.core.vocabulary import STATUSES
from everyleg.lab.world.feeds import Told, Word
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.trip import Order

_ORIGIN = "CN"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clocks


class Printer:
    """Makes statements of what is told."""

    def __init__(self, nature: Nature) -> None:
        self._around = nature.around
        self._feeds = nature.tables.telling.carriers
        self._spots = nature.tables.places
        self._place: Callable[[str, str | None], Place] = cache(self._named)
        self._text: Callable[[Word, str | None], str] = cache(self._said)
        self._rule: Callable[[str], ZoneRule] = cache(lambda slug: ZoneRule(home=self._feeds[slug].home))

    def statement(self, order: Order, numbers: Sequence[str], told: Told) -> Statement:
        """The event document of a statement; nobody has observed it yet."""
        moment, raw_time = self._moment(order, told)
        number, status = numbers[told.leg], STATUSES[told.word.sub_status]
        place = NOWHERE if moment.time_basis == "assumed" else self._place(told.feed, told.place)
        text = self._text(told.word, told.place)
        return Statement(
            carrier=told.feed,
            tracking_number=number,
            stage=status.stage,
            milestone=status.milestone,
            sub_status=status.sub_status,
            occurred_local=moment.occurred_local,
            utc_offset=moment.utc_offset,
            time_basis=moment.time_basis,
            occurred_at=moment.occurred_at,
            uncertainty_s=moment.uncertainty_s,
            place=place,
            code=None,
            text=text,
            lang=self._feeds[told.feed].lang,
            source=told.source,
            observed_at=None,
            observation=None,
            key=statement_key(told.feed, number, raw_time, None, text, place.raw),
        )

    def _moment(self, order: Order, told: Told) -> tuple[Moment, str]:
        """The time fields, and the time as the carrier prints it."""
        t, basis, home = told.t + told.skew, told.basis, self._feeds[told.feed].home
        spot = self._spots[told.place] if told.place else None
        zone = home if spot is None or basis == "zone" else spot.zone
        if basis == "place" and spot is None:
            basis = "zone"
        offset = self._around.clock(zone).offset(t)
        local = _EPOCH + timedelta(seconds=t + offset)
        if basis in ("assumed", "date"):
            return self._resolved(order, told, local)
        raw = f"{local.isoformat()}{offset:+}" if basis == "offset" else local.isoformat()
        at = datetime.fromtimestamp(t, UTC)
        return Moment(local, offset // 60, cast(TimeBasis, basis), at, 0), raw

    def _resolved(self, order: Order, told: Told, local: datetime) -> tuple[Moment, str]:
        rule, countries = self._rule(told.feed), (_ORIGIN, order.lane.destination)
        if told.basis == "assumed":
            return resolve(Clock(local, None, None, "second"), rule, None, countries), local.isoformat()
        day = local.replace(hour=0, minute=0, second=0)
        zone = self._spots[told.place].zone if told.place else None
        return resolve(Clock(day, None, None, "date"), rule, zone, countries), day.date().isoformat()

    def _named(self, slug: str, key: str | None) -> Place:
        """A place as the carrier prints it, and as our reader knows it."""
        style = self._feeds[slug].place
        if key is None or style == "none":
            return NOWHERE
        spot = self._spots[key]
        if style == "country":
            return Place(raw=spot.country, country=spot.country)
        if style == "city":
            return Place(
                raw=spot.city, city=spot.city, region=spot.region, country=spot.country, lat=spot.lat, lon=spot.lon
            )
        raw = ", ".join(filter(None, (spot.city.upper(), spot.region, spot.country)))
        return Place(raw, spot.city, spot.region, spot.country, spot.postal, spot.code, spot.lat, spot.lon)

    def _said(self, word: Word, key: str | None) -> str:
        return word.text.format(city=self._spots[key].city if key else "").rstrip(", ")
