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
from everyleg.planner.asking.contract import Refusal, Rest, Route, Router
from everyleg.planner.asking.questions import Question
from everyleg.planner.routing.lags import Lag, measure
from everyleg.planner.routing.money import left, spend, terms_of

PUSH_FRESH = timedelta(hours=12)
"""As long as a push is not older than this, its number need not be asked elsewhere."""
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

_REGISTERED = """
SELECT account_id, carrier, tracking_number FROM registrations
WHERE workspace_id = %s AND tracking_number = ANY(%s) AND state <> 'stopped'
"""

_LOOKED = """
SELECT number_id FROM checks
WHERE workspace_id = %s AND number_id = ANY(%s) AND source = ANY(%s) AND checked_at > %s
"""


class Speaks(Struct, frozen=True):
    """What the router knows of an aggregator."""

    detects: bool
    """It finds a number's carrier itself."""
    key_of: Callable[[str], str | None]
    """What it calls a carrier."""

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
        return market

    def _lag(self, worker: Connection[Any], workspace: int, now: datetime) -> Mapping[str, Lag]:
        at, known = self._lags.get(workspace, (None, {}))
        if at is None or now - at > _MEASURED_FOR:
            known = measure(worker, workspace, list(self._aggregators), now)
            self._lags[workspace] = (now, known)
        return known

    def _one(self, question: Question, own: Route | Refusal | Rest, market: _Market) -> Route | Refusal | Rest:
        if isinstance(own, Route):
            second = self._cheapest(question, market) if self._sampled(question, market) else None
            return own if second is None else _taken(second, question, market, "second")
        until = None if question.urgent else market.fresh.get(question.number_id)
        offer = self._cheapest(question, market)
        if until is not None:
            if offer is not None:
                price = _cost(offer, question, market)
                spend(market.worker, offer.account, "saved", 1, price, market.now)
            return Rest(until + PUSH_FRESH, "its carrier pushes, and did so lately")
        if offer is not None:
            return _taken(offer, question, market, None)
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
            cost = float(_cost(one, question, market) / dearest) + HOUR * lag
            return cost, one.priority, one.account.account_id

        return min(able, key=worth, default=None)

    def _able(self, one: Ready, question: Question, market: _Market) -> bool:
        if not self._aggregators[one.account.source].of(question.ask.carrier):
            return False
        return market.room[one.account.account_id] != 0 or not _cost(one, question, market)


def _awake(one: Ready, now: datetime) -> bool:
    held = one.health.retry_at
    return not one.paused and (held is None or held <= now)


def _cost(one: Ready, question: Question, market: _Market) -> Decimal:
    """What asking costs: nothing for what is registered there."""
    place = (one.account.account_id, question.ask.carrier, question.ask.number)
    return Decimal(0) if place in market.registered else terms_of(one.account).price


def _taken(one: Ready, question: Question, market: _Market, what: str | None) -> Route:
    """An offer that is taken: it counts against the room, so that a batch does not ask beyond it."""
    account, cost = one.account, _cost(one, question, market)
    room = market.room[account.account_id]
    if cost and room is not None:
        market.room[account.account_id] = room - 1
    if what == "second":
        spend(market.worker, account, "second", 1, cost, market.now)
    return Route(account.source, account.account_id)
