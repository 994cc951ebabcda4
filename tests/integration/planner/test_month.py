"""What sources did in a month: calls, money against the cap, what was saved, how old their news were."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.everybody import everybody
from everyleg.app.planning import Counted
from everyleg.app.plugins import registry
from everyleg.pipeline.known import Store
from everyleg.pipeline.outcomes import Check, write_outcomes
from everyleg.planner.routing import looks, money
from everyleg.planner.routing.report import report
from everyleg.ports.access import access_in
from everyleg.ports.asking import Account, Outgoing
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Gateway
from everyleg.store.patience import rows_within
from tests.factories.api import serving

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


class World:
    """A workspace with accounts, numbers, and what was told of them."""

    def __init__(self, database, workspace):
        self.database, self.workspace = database, workspace

    def account(self, source, **settings):
        with self.database.transaction(self.workspace) as app:
            actor = command_line(self.workspace)
            return accounts.add(app, self.database.keys, actor, source, f"main {settings}", settings)

    def spend(self, source, account_id, what, times, paid, at=NOW):
        with self.database.transaction(None, "worker") as worker:
            money.spend(worker, Account(account_id, self.workspace, source), what, times, Decimal(paid), at)

    def told(self, carrier, number, source, *, late=HOUR, status="in_transit", at=NOW - 48 * HOUR):
        """A number of which a source told a fact, so long after it had happened."""
        with self.database.transaction(None, "worker") as worker:
            query = (
                "INSERT INTO numbers (workspace_id, carrier, tracking_number) VALUES (%s, %s, %s)"
                " ON CONFLICT (workspace_id, tracking_number, carrier) DO UPDATE SET carrier = excluded.carrier"
                " RETURNING number_id"
            )
            (number_id,) = worker.execute(query, (self.workspace, carrier, number)).fetchone()
            worker.execute(
                "INSERT INTO statements (workspace_id, number_id, source, key, occurred_at, time_basis, stage, sub_status)"
                " VALUES (%s, %s, %s, sha256(gen_random_uuid()::text::bytea), %s, 'offset', 'any', %s)",
                (self.workspace, number_id, source, at, status),
            )
            store = Store(worker, self.database.keys, self.workspace)
            write_outcomes(store, [Check(number_id, source, at + late, "news")])

    def month(self, most_ms=None):
        with self.database.transaction(None, "worker") as worker:
            about = (self.workspace, NOW)
            return report(worker, self.database.keys, about, access_in(registry()), most_ms)

    def line(self, source, *, pushed=False):
        (found,) = [one for one in self.month().lines if (one.source, one.pushed) == (source, pushed)]
        return found


@pytest.fixture
def world(database, workspace):
    return World(database, workspace)


def test_nothing_told_is_an_empty_month(world):
    told = world.month()
    assert (told.lines, told.calls, told.money, told.saved, told.complete) == ([], 0, 0, None, True)


def test_an_account_that_did_nothing_is_there_too(world):
    world.account("usps", client_id="me")
    line = world.line("usps")
    assert (line.calls, line.money, line.spared, line.age) == (0, 0, 0, None)


def test_an_aggregators_month_stands_beside_its_cap(world):
    mine = world.account("17track", api_key="k", price="0.03", monthly_cap="30")
    world.spend("17track", mine, "registration", 400, "12")
    world.spend("17track", mine, "call", 2, "0.06")
    world.spend("17track", mine, "second", 9, "0.27")
    world.spend("17track", mine, "saved", 100, "3")
    line = world.line("17track")
    assert (line.calls, line.seconds, line.money, line.price, line.cap) == (
        402, 9, Decimal("12.06"), Decimal("0.03"), 30,
    )  # fmt: skip
    assert (line.spared, line.saved) == (100, 3)


def test_another_month_and_another_workspace_are_not_counted(world, other_workspace):
    mine = world.account("17track", api_key="k")
    world.spend("17track", mine, "call", 5, "5", NOW.replace(month=10))
    World(world.database, other_workspace).spend("17track", mine, "call", 7, "7")
    World(world.database, other_workspace).told("usps", "N1", "carrier_api")
    assert (world.month().calls, [one.source for one in world.month().lines]) == (0, ["17track"])


def test_what_a_carrier_tells_itself_is_saved_at_the_cheapest_price_that_knows_it(world):
    world.account("17track", api_key="k", price="0.03")
    world.account("kuaidi100", customer="c", api_key="k", price="0.05")
    world.account("usps", client_id="me")
    for number in ("N1", "N2"):
        world.told("usps", number, "carrier_api")
    line = world.line("usps")
    assert (line.spared, line.saved) == (2, Decimal("0.06"))
    assert (world.month().spared, world.month().saved) == (2, Decimal("0.06"))


def test_without_an_aggregator_numbers_are_counted_and_no_money(world):
    world.account("usps", client_id="me")
    world.told("usps", "N1", "carrier_api")
    assert (world.line("usps").spared, world.line("usps").saved, world.month().saved) == (1, None, None)


def test_a_number_that_was_paid_for_is_not_saved(world):
    mine = world.account("17track", api_key="k")
    world.told("usps", "N1", "carrier_api")
    with world.database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO registrations (workspace_id, source, account_id, carrier, tracking_number, state, claimed_at)"
            " VALUES (%s, '17track', %s, 'usps', 'N1', 'registered', %s)",
            (world.workspace, mine, NOW),
        )
    assert world.month().spared == 0


def test_the_age_of_news_is_the_median_of_what_was_measured(world):
    for number, hours in (("N1", 1), ("N2", 4), ("N3", 30)):
        world.told("usps", number, "carrier_api", late=hours * HOUR)
    assert (world.line("usps").age.seconds, world.line("usps").age.measured) == (4 * 3600, 3)


def test_pushes_and_aggregators_are_measured_apart(world):
    world.account("17track", api_key="k")
    world.told("usps", "N1", "carrier_api", late=9 * HOUR)
    world.told("usps", "N1", "webhook", late=HOUR)
    world.told("usps", "N1", "17track", late=2 * HOUR)
    ages = [world.line("usps"), world.line("usps", pushed=True), world.line("17track")]
    assert [(one.age.seconds, one.age.measured) for one in ages] == [(9 * 3600, 1), (3600, 1), (7200, 1)]


def test_a_removed_accounts_bill_stays(world):
    mine = world.account("17track", api_key="k")
    world.spend("17track", mine, "call", 3, "0.09")
    with world.database.transaction(world.workspace) as app:
        accounts.remove(app, world.database.keys, command_line(world.workspace), mine)
    line = world.line("17track")
    assert (line.account_id, line.name, line.calls, world.month().money) == (mine, None, 3, Decimal("0.09"))


def test_two_sources_that_differ_are_listed(world):
    world.told("usps", "N1", "carrier_api", at=NOW - 40 * HOUR)
    world.told("usps", "N1", "17track", at=NOW - 40 * HOUR, status="delivered")
    with world.database.transaction(None, "worker") as worker:
        looks.compare(worker, world.workspace, ["17track"], NOW)
    told = world.month()
    assert [(one.looks, one.differences) for one in told.agreements] == [(1, 1)]
    assert [(one.tracking_number, one.missing) for one in told.differences] == [("N1", ["delivered"])]


def test_what_cannot_be_counted_in_time_is_left_out_and_said(database):
    with database.transaction(None, "worker") as worker:
        assert rows_within(worker, "SELECT pg_sleep(5)", {}, 20) is None
        assert rows_within(worker, "SELECT 1", {}, 5_000) == [(1,)]
        assert worker.execute("SELECT current_setting('statement_timeout')").fetchone() == ("0",)


async def _carrier(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


@pytest.mark.parametrize(("source", "calls"), [("usps", 2), ("17track", 0)])
def test_each_call_to_a_carrier_counts_and_an_aggregators_ledger_counts_its_own(world, source, calls):
    mine = Account(world.account(source, api_key="k"), world.workspace, source)
    now = dt.datetime.now(dt.UTC)

    async def twice(address):
        async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
            out = Counted(gateway, everybody(world.database, registry()))
            return [(await out.send(Outgoing("GET", address), mine)).status for _ in range(2)]

    with serving(_carrier) as address:
        assert asyncio.run(twice(address)) == [200, 200]
    with world.database.transaction(None, "worker") as worker:
        told = report(worker, world.database.keys, (world.workspace, now), access_in(registry()))
    assert told.calls == calls
