"""What sources did in a month: calls, money, what was saved, how old their news were. For pages and commands alike.

All of it is measured. What took too long to count is None, never nought.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.sources import SourceAccount, listed
from everyleg.planner.routing.figures import Month, Spent, month
from everyleg.planner.routing.lags import LONGEST
from everyleg.planner.routing.looks import Agreement, Difference, agreements, differences
from everyleg.planner.routing.money import CAP, PRICE, Terms, terms_of
from everyleg.ports.access import AGGREGATORS, Access
from everyleg.ports.asking import Account
from everyleg.store.patience import rows_within
from everyleg.store.sealing import Keyring, about_column

MEASURED_FOR = timedelta(days=30)
"""News older than this say nothing of a source as it is now."""
MOST = 20_000
"""News that the age of a source's news is measured on: of the numbers added last."""

_TERMS = "SELECT name, value FROM secrets WHERE workspace_id = %s AND name ~ %s"

_OWN = """
SELECT n.carrier, count(*) FROM checks c JOIN numbers n USING (workspace_id, number_id)
WHERE c.workspace_id = %(workspace)s AND c.source = 'carrier_api' AND c.answered_at >= %(from)s
    AND NOT EXISTS (SELECT FROM registrations r WHERE r.workspace_id = c.workspace_id
        AND r.tracking_number = n.tracking_number AND r.carrier = n.carrier AND r.source <> n.carrier)
GROUP BY 1
"""

# of each number the newest fact that a source told, and when it told something new for the last time
_AGES = """
SELECT CASE WHEN c.source = ANY(%(aggregators)s) THEN c.source ELSE n.carrier END, c.source = 'webhook', count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.news_at - s.occurred_at))
FROM (SELECT workspace_id, number_id, source, news_at FROM checks
      WHERE workspace_id = %(workspace)s AND news_at > %(since)s
        AND (source IN ('carrier_api', 'webhook') OR source = ANY(%(aggregators)s))
      ORDER BY number_id DESC LIMIT %(most)s) c
JOIN numbers n USING (workspace_id, number_id)
CROSS JOIN LATERAL (
    SELECT max(occurred_at) AS occurred_at FROM statements s WHERE s.workspace_id = c.workspace_id
        AND s.number_id = c.number_id AND s.source = c.source AND NOT s.withdrawn AND s.occurred_at <= c.news_at) s
WHERE s.occurred_at > c.news_at - %(longest)s GROUP BY 1, 2
"""


class Age(Struct, frozen=True):
    """How old a source's news were when it told them."""

    seconds: int
    """The median."""
    measured: int
    """Of how many numbers."""


class Line(Struct, frozen=True):
    """One source's month: by an account, without one (files of its answers), or pushed."""

    source: str
    """Slug of the carrier or aggregator."""
    pushed: bool
    account_id: int | None
    """None: by no account that was written down."""
    name: str | None
    """What the account is called; None: it is gone."""
    open: bool
    """Whether its source asks for no login."""
    calls: int
    """Requests and registrations; of an aggregator those that are charged."""
    seconds: int
    """Second looks, among the above."""
    money: Decimal
    price: Decimal | None
    """What a number or call costs; None: nobody said, or nothing."""
    cap: Decimal | None
    """What a month may cost; None: there is no such limit."""
    spared: int | None
    """Of a carrier: numbers that it told of and no aggregator was paid for; of an aggregator: questions that a push
    made needless.
    """
    saved: Decimal | None
    """What these would have cost; None: no aggregator's account has a price for them."""
    age: Age | None
    """None: nothing was measured."""


class Report(Struct, frozen=True):
    """A workspace's month."""

    month: date
    calls: int
    money: Decimal
    spared: int
    saved: Decimal | None
    """None: there is no aggregator's account whose price would tell."""
    lines: list[Line]
    complete: bool
    """Whether all was counted in time."""
    agreements: list[Agreement]
    differences: list[Difference]


class _Known(Struct):
    """What lines are made from."""

    month: Month
    terms: Mapping[int, Terms]
    prices: Mapping[str, Decimal]
    """Aggregator → price of its cheapest account."""
    own: Mapping[str, int]
    ages: dict[tuple[str, bool], Age]
    access_of: Callable[[str], Access]


def report(
    worker: Connection[Any],
    keys: Keyring,
    about: tuple[int, datetime],
    access_of: Callable[[str], Access],
    most_ms: int | None = None,
) -> Report:
    """What sources did in the month of a moment.

    Args:
        worker: in a worker's transaction: prices are kept sealed.
        keys: open them.
        about: the workspace, and a moment of the month.
        access_of: knows which aggregators know a carrier.
        most_ms: after so many milliseconds a count is given up; None: never.
    """
    workspace, now = about
    spent = month(worker, workspace, now)
    there = listed(worker, keys, workspace)
    asked = {"workspace": workspace, "from": spent.month}
    own = rows_within(worker, _OWN, asked, most_ms)
    measured = {"aggregators": list(AGGREGATORS), "since": now - MEASURED_FOR, "longest": LONGEST, "most": MOST}
    ages = rows_within(worker, _AGES, asked | measured, most_ms)
    terms = _terms(worker, keys, workspace)
    prices = _prices([one for one in there if one.paused_at is None], terms)
    told = {(source, pushed): Age(max(0, round(late)), count) for source, pushed, count, late in ages or ()}
    known = _Known(spent, terms, prices, dict(own or ()), told, access_of)
    lines = [*_of_accounts(there, known), *_of_others(there, known)]
    return Report(
        spent.month,
        sum(one.calls for one in lines),
        sum((one.money for one in lines), Decimal(0)),
        sum(one.spared or 0 for one in lines),
        sum((one.saved or Decimal(0) for one in lines), Decimal(0)) if prices else None,
        lines,
        own is not None and ages is not None,
        agreements(worker, workspace),
        differences(worker, workspace),
    )


def _terms(worker: Connection[Any], keys: Keyring, workspace: int) -> dict[int, Terms]:
    """What accounts cost, of those that say so; nothing else of their settings is opened."""
    settings: dict[int, dict[str, str]] = {}
    for name, value in worker.execute(_TERMS, (workspace, f"^source/[0-9]+/({PRICE}|{CAP})$")):
        _, account, setting = name.split("/")
        text = keys.open_text(value, about_column(workspace, "secrets.value"))
        settings.setdefault(int(account), {})[setting] = text or ""
    return {account: terms_of(Account(account, workspace, "", said)) for account, said in settings.items()}


def _prices(there: Sequence[SourceAccount], terms: Mapping[int, Terms]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in there:
        if one.source in AGGREGATORS:
            price = terms.get(one.account_id, Terms()).price
            found[one.source] = min(price, found.get(one.source, price))
    return found


def _of_accounts(there: Sequence[SourceAccount], known: _Known) -> Iterator[Line]:
    """A line for each account; what is known of a carrier and of none of its accounts stands with the first."""
    spent, seen = {one.account_id: one for one in known.month.accounts}, set[str]()
    for one in there:
        mine = spent.get(one.account_id) or _nothing(one.source, one.account_id)
        yield _line(mine, one, known, first=one.source not in seen)
        seen.add(one.source)


def _of_others(there: Sequence[SourceAccount], known: _Known) -> Iterator[Line]:
    """Accounts that are gone and left bills, carriers that told without an account, and those that pushed."""
    accounts, sources = {one.account_id for one in there}, {one.source for one in there}
    for spent in known.month.accounts:
        if spent.account_id not in accounts:
            yield _line(spent, None, known, first=False)
    without = {source for source, pushed in known.ages if not pushed} | known.own.keys()
    for source in sorted(without - sources):
        yield _line(_nothing(source, None), None, known, first=True)
    for source, pushed in sorted(known.ages):
        if pushed:
            age = known.ages[source, True]
            yield Line(source, True, None, None, False, 0, 0, Decimal(0), None, None, None, None, age)


def _nothing(source: str, account_id: int | None) -> Spent:
    return Spent(source, account_id or 0, 0, 0, 0, Decimal(0), 0, Decimal(0))


def _line(spent: Spent, account: SourceAccount | None, known: _Known, *, first: bool) -> Line:
    source, terms = spent.source, known.terms.get(spent.account_id)
    spared, saved = spent.saved_calls, Decimal(spent.saved_money) if source in AGGREGATORS else None
    if source not in AGGREGATORS:
        spared = known.own.get(source, 0) if first else 0
        offers = [known.prices[other] for other in known.access_of(source).aggregators if other in known.prices]
        saved = spared * min(offers) if offers else None
    return Line(
        source,
        False,
        spent.account_id or None,
        account.name if account else None,
        account is not None and account.open,
        spent.registrations + spent.calls,
        spent.seconds,
        spent.money,
        terms.price if terms else None,
        terms.cap if terms else None,
        spared,
        saved,
        known.ages.get((source, False)) if first else None,
    )
