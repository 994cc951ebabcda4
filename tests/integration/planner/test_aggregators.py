"""Aggregators are asked over real HTTP: registered once, paid once, within the month's budget."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.everybody import everybody
from everyleg.app.plugins import aggregators, registry
from everyleg.pipeline.work import drain
from everyleg.planner.asking import Asker, Pace
from everyleg.planner.routing.figures import month
from everyleg.planner.routing.ledger import UNCERTAIN, Book
from everyleg.ports.asking import Account, Ask
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.outbound.gateway import Gateway
from tests.integration.outbound.servers import serving
from tests.integration.pipeline.acme import milestones

from .aggregators import KEY, Kuaidi100, SeventeenTrack
from .asking_kit import LOOPBACK, Store

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ask(database, workspace, clock):
    """Ask an aggregator; gives what it was read as: number → (outcome, carrier, source of its statements)."""

    def asked(slug, server, *numbers, carrier="yanwen", **settings):
        source = aggregators(registry(), Book(database, clock))[slug]
        known = {"api_key": KEY, "customer": "a customer", "base_url": server.url, **settings}
        account = Account(7, workspace, slug, known)

        async def run():
            async with Gateway(LOOPBACK) as gateway:
                return await source.ask(gateway, account, [Ask(number, carrier) for number in numbers])

        return outcomes(slug, asyncio.run(run()))

    return asked


def outcomes(slug, answers):
    found = {}
    for one in answers:
        numbers = tuple(ask.number for ask in one.asks)
        read = registry().carrier(slug).read(one.answer, Asked(numbers, source=slug), audit=False)
        owners = read.owners or [None] * len(read.reading.results)
        for result, owner in zip(read.reading.results, owners, strict=True):
            told = {event.source for event in result.events}
            found[result.asked] = (result.outcome, owner, told) if result.outcome == "found" else result.outcome
    return found


def spent(database, workspace):
    with database.transaction(workspace) as app:
        return [(one.registrations, one.calls, one.money) for one in month(app, workspace, NOW).accounts]


def test_a_number_is_registered_at_17track_and_told_of_as_its_carriers(database, workspace, ask):
    with serving(SeventeenTrack()) as server:
        assert ask("17track", server, "UJ1", "UJ2") == {
            "UJ1": ("found", "yanwen", {"17track"}),
            "UJ2": ("found", "yanwen", {"17track"}),
        }
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


def test_a_number_is_paid_for_once_whoever_asks_how_often(database, workspace, ask):
    track = SeventeenTrack()
    with serving(track) as server:
        for _ in range(3):
            ask("17track", server, "UJ1", "UJ2")
    assert track.paid == ["UJ1", "UJ2"]
    assert track.calls == {"register": 1, "gettrackinfo": 3, "stoptrack": 0}
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


def test_many_at_the_same_time_pay_once(database, workspace):
    track = SeventeenTrack()
    numbers = [f"UJ{n}" for n in range(30)]

    async def run(url):
        account = Account(7, workspace, "17track", {"api_key": KEY, "base_url": url})
        async with Gateway(LOOPBACK) as gateway:
            several = [aggregators(registry(), Book(database, lambda: NOW))["17track"] for _ in range(6)]
            asks = [Ask(number, "yanwen") for number in numbers]
            await asyncio.gather(*(one.ask(gateway, account, asks) for one in several))

    with serving(track) as server:
        asyncio.run(run(server.url))
    assert sorted(track.paid) == sorted(numbers)
    assert track.calls["register"] == 1
    assert spent(database, workspace) == [(30, 0, Decimal(30))]


def test_what_is_not_sure_to_be_registered_is_registered_again_and_not_paid_again(database, workspace, ask, clock):
    track = SeventeenTrack()
    track.deaf = True
    with serving(track) as server:
        assert ask("17track", server, "UJ1") == {"UJ1": "failed"}
        track.deaf = False
        assert ask("17track", server, "UJ1")["UJ1"][0] == "found"  # it was registered, only nobody heard of it
        clock.now += UNCERTAIN
        assert ask("17track", server, "UJ1")["UJ1"][0] == "found"
    assert track.paid == ["UJ1"]


def test_what_another_of_our_systems_registered_is_not_paid(database, workspace, ask):
    track = SeventeenTrack()
    track.tracked["UJ1"] = {"number": "UJ1", "carrier": 190012}
    with serving(track) as server:
        assert ask("17track", server, "UJ1")["UJ1"][0] == "found"
    assert spent(database, workspace) == [(0, 0, Decimal(0))]


def test_what_is_refused_is_not_paid(database, workspace, ask):
    with serving(SeventeenTrack(quota=1)) as server:
        answer = ask("17track", server, "UJ1", "UJ2")
    assert (answer["UJ1"][0], answer["UJ2"]) == ("found", "unknown")
    assert spent(database, workspace) == [(1, 0, Decimal(1))]


def test_nothing_is_registered_beyond_the_budget_of_the_month(database, workspace, ask, clock):
    track = SeventeenTrack()
    with serving(track) as server:
        answer = ask("17track", server, *(f"UJ{n}" for n in range(9)), price="0.05", monthly_cap="0.25")
        assert sorted(map(str, answer.values())).count("failed") == 4
        assert len(track.paid) == 5
        clock.now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
        ask("17track", server, *(f"UJ{n}" for n in range(9)), price="0.05", monthly_cap="0.25")
        assert len(track.paid) == 9
    assert spent(database, workspace) == [(5, 0, Decimal("0.25"))]


def test_a_carrier_that_17track_alone_knows_comes_back_under_our_own_word(ask):
    with serving(SeventeenTrack()) as server:
        (carrier,) = [s for s in registry().folders if not registry().manifest(s).aliases.track17][:1]
        assert ask("17track", server, "UJ1", carrier=carrier) == {"UJ1": ("found", carrier, {"17track"})}


def test_kuaidi100_is_asked_one_by_one_signed_and_each_time_paid(database, workspace, ask):
    kuaidi = Kuaidi100()
    with serving(kuaidi) as server:
        assert ask("kuaidi100", server, "ZT1", carrier="zto") == {"ZT1": ("found", "zto", {"kuaidi100"})}
        ask("kuaidi100", server, "ZT1", carrier="zto")
        assert ask("kuaidi100", server, "ZT1", carrier="zto", api_key="wrong") == {"ZT1": "failed"}
        assert ask("kuaidi100", server, "ZT1", carrier="zto", monthly_cap="3") == {"ZT1": "failed"}
    assert [query["com"] for query in kuaidi.queries] == ["zhongtong"] * 2
    assert kuaidi.subscriptions == []
    assert spent(database, workspace) == [(0, 3, Decimal(3))]


def test_kuaidi100_is_subscribed_to_once_where_it_has_an_address_to_push_to(database, workspace, ask):
    kuaidi = Kuaidi100()
    with serving(kuaidi) as server:
        for _ in range(2):
            ask("kuaidi100", server, "ZT1", carrier="zto", callback_url="https://us.example/in/kuaidi100/x", salt="s")
    assert [(one["number"], one["parameters"]["salt"]) for one in kuaidi.subscriptions] == [("ZT1", "s")]
    assert len(kuaidi.queries) == 2


def test_an_account_with_an_aggregator_is_one_like_any_other(database, workspace):
    with database.transaction(workspace) as app:
        settings = {"api_key": KEY, "price": "0.03", "monthly_cap": "50"}
        accounts.add(app, database.keys, command_line(workspace), "17track", "main", settings)
    with database.transaction(None, "worker") as worker:
        (one,) = accounts.ready(worker, database.keys, workspace)
    assert one.account.settings == settings


def test_a_number_that_nobody_else_can_be_asked_for_comes_to_its_state_through_an_aggregator(database, workspace):
    store, track = Store(database, workspace), SeventeenTrack()
    with serving(track) as server:
        with database.transaction(workspace) as app:
            settings = {"api_key": KEY, "base_url": server.url, "price": "0.03"}
            accounts.add(app, database.keys, command_line(workspace), "17track", "main", settings)
        store.due("yanwen", "UJ1", "UJ2")

        async def run():
            async with Gateway(LOOPBACK) as gateway:
                asker = Asker(everybody(database, registry()), gateway, Pace(idle_s=0.05))
                await asker.round()
                await asker.settled()

        asyncio.run(run())
    assert store.journal() == [("17track", "17track", ["UJ1", "UJ2"])]
    drain(database, registry())
    assert milestones(database, workspace) == ["picked_up"] * 2
    query = (
        "SELECT DISTINCT n.carrier, c.source, c.outcome FROM checks c JOIN numbers n USING (workspace_id, number_id)"
    )
    assert store.rows(f"{query} WHERE c.workspace_id = %s") == [("yanwen", "17track", "news")]
    assert min(store.due_in_s().values()) > 0
