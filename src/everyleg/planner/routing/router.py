"""By whom a number is asked: its own carrier where that is possible, else whoever pushes it, else an aggregator.

An aggregator is chosen by what it costs and by how late its news are, both measured; never beyond the month's budget of
its account. A small share of parcels, always the same ones, is asked through a second source now and then.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import xxhash
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.sources import Ready
from everyleg.core.model import Ref
from everyleg.pipeline.consolidations.naming import key_of
from everyleg.planner.asking.contract import Refusal, Rest, Route, Router
from everyleg.planner.asking.questions import Question
from everyleg.planner.routing.lags import Lag, measure
from everyleg.planner.routing.money import left, spend, terms_of

PUSH_FRESH = timedelta(hours=12)
"""As long as a push is not older than this, its carrier's or an aggregator's, nobody is paid to tell of its number."""
PUSHED = "webhook"
HOUR = 0.05
"""What an hour of lag is worth, in prices of the dearest account at hand: news twenty hours fresher for one price."""
SHARE = 0.01
"""The share of parcels that are asked through a second source."""
LOOK_EVERY = timedelta(days=3)
"""How often each of them."""
_MEASURED_FOR = timedelta(hours=1)

_FRESH = """
SELECT number_id, max(answered_at) FROM checks
WHERE workspace_id = %s AND number_id = ANY(%s) AND source = %s AND answered_at > %s GROUP BY number_id
"""

# also what was stopped: it can be had followed again for nothing, or else its ledger sees to the budget
_REGISTERED = """
SELECT account_id, carrier, tracking_number FROM registrations
WHERE workspace_id = %s AND tracking_number = ANY(%s)
"""

_LOOKED = """
SELECT number_id FROM checks
WHERE workspace_id = %s AND number_id = ANY(%s) AND source = ANY(%s) AND checked_at > %s
"""

# What aggregators told of numbers lately: pushed, where nobody asked, or asked for. Said again, it is only counted.
_HEARD = """
SELECT w.number_id, r.source, o.asked = '{}', max(coalesce(o.last_observed_at, o.observed_at))
FROM unnest(%(numbers)s::bigint[]) AS w (number_id)
CROSS JOIN LATERAL (
    SELECT r.observation_id, r.source FROM readings r
    WHERE r.workspace_id = %(workspace)s AND r.number_id = w.number_id
    ORDER BY r.observed_at DESC LIMIT 20) r
JOIN observations o ON o.workspace_id = %(workspace)s AND o.observation_id = r.observation_id
WHERE r.source = ANY(%(sources)s) AND coalesce(o.last_observed_at, o.observed_at) > %(since)s
GROUP BY 1, 2, 3
"""


class Speaks(Struct, frozen=True):
    """What the router knows of an aggregator."""

    detects: bool
    """It finds a number's carrier itself."""
    key_of: Callable[[str], str | None]
    """What it calls a carrier."""
    pays_each: bool = False
    """Each question is charged, of a registered number too."""
    rests: timedelta = timedelta(0)
    """So long after a question a number may not be asked for again."""

    def of(self, carrier: str) -> bool:
        """Whether it can be asked for a carrier's numbers."""
        return self.detects or self.key_of(carrier) is not None


class _Market(Struct):
    """What is on offer to a workspace at a moment."""

    worker: Connection[Any]
    workspace: int
    now: datetime
    offers: list[Ready]
    room: dict[int, int | None]
    """By account: for how many more its budget pays."""
    lags: Mapping[str, Lag]
    registered: Collection[tuple[int, str, str]]
    fresh: Mapping[int, datetime]
    looked: Collection[int]
    asked: Mapping[tuple[int, str], datetime] = {}
    """By number and aggregator: when it was last asked."""


class Routing:
    """The `Router` over all kinds of sources."""

    def __init__(
        self,
        own: Router,
        aggregators: Mapping[str, Speaks],
        now: Callable[[], datetime],
        share: float = SHARE,
    ) -> None:
        """`own` decides where a carrier can be asked itself; `share`: of parcels asked through a second source."""
        self._own, self._aggregators, self._now, self._share = own, aggregators, now, share
        self._lags: dict[int, tuple[datetime, dict[str, Lag]]] = {}

    def route(
        self, worker: Connection[Any], workspace: int, questions: Sequence[Question], accounts: Sequence[Ready]
    ) -> Sequence[Route | Refusal | Rest]:
        """As `Router`."""
        own = self._own.route(worker, workspace, questions, accounts)
        market = self._market(worker, workspace, questions, accounts)
        return [self._one(question, mine, market) for question, mine in zip(questions, own, strict=True)]

    def _market(
        self, worker: Connection[Any], workspace: int, questions: Sequence[Question], accounts: Sequence[Ready]
    ) -> _Market:
        now = self._now()
        offers = [one for one in accounts if one.account.source in self._aggregators and _awake(one, now)]
        ids, numbers = [one.number_id for one in questions], [one.ask.number for one in questions]
        fresh = dict(worker.execute(_FRESH, (workspace, ids, PUSHED, now - PUSH_FRESH)).fetchall())
        market = _Market(worker, workspace, now, offers, {}, {}, (), fresh, ())
        if offers:
            market.room = {one.account.account_id: left(worker, one.account, now) for one in offers}
            market.lags = self._lag(worker, workspace, now)
            market.registered = set(worker.execute(_REGISTERED, (workspace, numbers)).fetchall())
            looked = worker.execute(_LOOKED, (workspace, ids, list(self._aggregators), now - LOOK_EVERY))
            market.looked = {number for (number,) in looked}
            self._hear(market, ids)
        return market

    def _hear(self, market: _Market, numbers: Sequence[int]) -> None:
        """What aggregators told lately: by itself, or asked."""
        since = market.now - max(PUSH_FRESH, *(one.rests for one in self._aggregators.values()))
        wanted = {"workspace": market.workspace, "numbers": numbers, "sources": [*self._aggregators], "since": since}
        fresh, asked = dict(market.fresh), {}
        for number, source, by_itself, at in market.worker.execute(_HEARD, wanted):
            if not by_itself:
                asked[number, source] = at
            elif at > market.now - PUSH_FRESH:
                fresh[number] = max(at, fresh.get(number, at))
        market.fresh, market.asked = fresh, asked

    def _lag(self, worker: Connection[Any], workspace: int, now: datetime) -> Mapping[str, Lag]:
        at, known = self._lags.get(workspace, (None, {}))
        if at is None or now - at > _MEASURED_FOR:
            known = measure(worker, workspace, list(self._aggregators), now)
            self._lags[workspace] = (now, known)
        return known

    def _one(self, question: Question, own: Route | Refusal | Rest, market: _Market) -> Route | Refusal | Rest:
        if key_of(Ref("", question.ask.number)) is not None:
            return own  # an air waybill is no parcel that aggregators follow
        if isinstance(own, Route):
            second = self._cheapest(question, market) if self._sampled(question, market) else None
            return own if second is None else self._taken(second, question, market, "second")
        pushed = None if question.urgent else market.fresh.get(question.number_id)
        offer = self._cheapest(question, market)
        if pushed is not None:
            if offer is not None:
                price = self._cost(offer, question, market)
                spend(market.worker, offer.account, "saved", 1, price, market.now)
            return Rest(pushed + PUSH_FRESH, "it is pushed, and was so lately")
        return self._taken(offer, question, market, None) if offer else self._by_nobody(question, own, market)

    def _by_nobody(self, question: Question, own: Refusal | Rest, market: _Market) -> Refusal | Rest:
        """Why a number is asked by nobody at this moment."""
        if (until := self._rests_until(question, market)) is not None:
            return Rest(until, "it was asked for just now, and may not be again so soon")
        if any(self._aggregators[one.account.source].of(question.ask.carrier) for one in market.offers):
            return Refusal("the month's budget of every aggregator that knows this carrier is used up")
        return own

    def _sampled(self, question: Question, market: _Market) -> bool:
        """Whether a parcel is one of those that are asked twice, and its turn; the same ones in every process."""
        if not market.offers or question.number_id in market.looked:
            return False
        drawn = xxhash.xxh3_64_intdigest(f"{market.workspace}/{question.number_id}".encode())
        return drawn / 2**64 < self._share

    def _cheapest(self, question: Question, market: _Market) -> Ready | None:
        """The aggregator's account that costs least, its lag counted in; None where none knows or pays for it."""
        able = [one for one in market.offers if self._able(one, question, market)]
        dearest = max((terms_of(one.account).price for one in able), default=Decimal(0)) or Decimal(1)

        def worth(one: Ready) -> tuple[float, int, int]:
            lag = market.lags[one.account.source].hours if one.account.source in market.lags else 0.0
            cost = float(self._cost(one, question, market) / dearest) + HOUR * lag
            return cost, one.priority, one.account.account_id

        return min(able, key=worth, default=None)

    def _able(self, one: Ready, question: Question, market: _Market) -> bool:
        if not self._pays(one, question, market):
            return False
        return market.now >= self._free_from(one, question, market)

    def _pays(self, one: Ready, question: Question, market: _Market) -> bool:
        """Whether it knows the carrier, and the budget pays for the question."""
        if not self._aggregators[one.account.source].of(question.ask.carrier):
            return False
        return market.room[one.account.account_id] != 0 or not self._cost(one, question, market)

    def _rests_until(self, question: Question, market: _Market) -> datetime | None:
        """When a number may be asked for again that could be now but for that."""
        return min(
            (self._free_from(one, question, market) for one in market.offers if self._pays(one, question, market)),
            default=None,
        )

    def _free_from(self, one: Ready, question: Question, market: _Market) -> datetime:
        asked = market.asked.get((question.number_id, one.account.source))
        return market.now if asked is None else asked + self._aggregators[one.account.source].rests

    def _cost(self, one: Ready, question: Question, market: _Market) -> Decimal:
        """What asking costs: nothing for what is registered there, unless each question is charged."""
        place = (one.account.account_id, question.ask.carrier, question.ask.number)
        is_free = place in market.registered and not self._aggregators[one.account.source].pays_each
        return Decimal(0) if is_free else terms_of(one.account).price

    def _taken(self, one: Ready, question: Question, market: _Market, what: str | None) -> Route:
        """An offer that is taken: it counts against the room, so that a batch does not ask beyond it."""
        account, cost = one.account, self._cost(one, question, market)
        room = market.room[account.account_id]
        if cost and room is not None:
            market.room[account.account_id] = room - 1
        if what == "second":
            spend(market.worker, account, "second", 1, cost, market.now)
        return Route(account.source, account.account_id)


def _awake(one: Ready, now: datetime) -> bool:
    held = one.health.retry_at
    return not one.paused and (held is None or held <= now)
