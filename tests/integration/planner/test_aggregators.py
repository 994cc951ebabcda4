"""Aggregators are asked over real HTTP: registered once, paid once, within the month's budget."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.everybody import everybody
from everyleg.app.plugins import aggregators, registry
from everyleg.pipeline.work import drain
from everyleg.planner.asking import Asker, Pace
from everyleg.planner.routing.figures import month
from everyleg.planner.routing.ledger import UNCERTAIN, Book
from everyleg.ports.asking import Account, Ask, NotNowError
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.outbound.gateway import Gateway
from tests.integration.conftest import new_workspace
from tests.integration.outbound.servers import serving
from tests.integration.pipeline.acme import milestones

from .aggregators import KEY, V24, Kuaidi100, SeventeenTrack
from .asking_kit import LOOPBACK, Store

BASES = {"17track": V24, "kuaidi100": ""}
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
        known = {"api_key": KEY, "customer": "a customer", "base_url": server.url + BASES[slug], **settings}
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
        assert ask("17track", server, "UJ00001", "UJ00002") == {
            "UJ00001": ("found", "yanwen", {"17track"}),
            "UJ00002": ("found", "yanwen", {"17track"}),
        }
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


def test_a_number_is_paid_for_once_whoever_asks_how_often(database, workspace, ask):
    track = SeventeenTrack()
    with serving(track) as server:
        for _ in range(3):
            ask("17track", server, "UJ00001", "UJ00002")
    assert track.paid == ["UJ00001", "UJ00002"]
    assert track.calls == {"register": 1, "gettrackinfo": 3}
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


def test_many_at_the_same_time_pay_once(database, workspace):
    track = SeventeenTrack()
    numbers = [f"UJ0000{n}" for n in range(30)]

    async def run(url):
        account = Account(7, workspace, "17track", {"api_key": KEY, "base_url": url + V24})
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
        assert ask("17track", server, "UJ00001") == {"UJ00001": "failed"}
        track.deaf = False
        assert ask("17track", server, "UJ00001")["UJ00001"][0] == "found"  # it was registered, only nobody heard of it
        clock.now += UNCERTAIN
        assert ask("17track", server, "UJ00001")["UJ00001"][0] == "found"
    assert track.paid == ["UJ00001"]
    assert spent(database, workspace) == [(1, 0, Decimal(1))]


def test_what_another_of_our_systems_registered_is_not_paid(database, workspace, ask):
    track = SeventeenTrack()
    track.records["UJ00001", 190012] = {"tag": None, "stopped": False, "again": False}
    with serving(track) as server:
        assert ask("17track", server, "UJ00001")["UJ00001"][0] == "found"
    assert spent(database, workspace) == [(0, 0, Decimal(0))]


def test_what_is_refused_is_not_paid_and_failed_for_that_reason(database, workspace, ask):
    with serving(SeventeenTrack(quota=1)) as server:
        answer = ask("17track", server, "UJ00001", "UJ00002", "UJ-1")
    assert (answer["UJ00001"][0], answer["UJ00002"]) == ("found", "failed")
    assert answer["UJ-1"] == "unknown"  # too short to be a number
    assert spent(database, workspace) == [(1, 0, Decimal(1))]


def test_what_17track_refuses_as_a_whole_is_not_paid_and_fails_for_that_reason(database, workspace, ask):
    with serving(SeventeenTrack()) as server:
        assert ask("17track", server, "UJ00001", api_key="wrong") == {"UJ00001": "failed"}
        assert spent(database, workspace) == [(0, 0, Decimal(0))]
        assert ask("17track", server, "UJ00001")["UJ00001"][0] == "found"
    assert spent(database, workspace) == [(1, 0, Decimal(1))]


def test_a_number_of_two_carriers_is_two_records_and_paid_twice(database, workspace, ask):
    track = SeventeenTrack()
    with serving(track) as server:
        assert ask("17track", server, "UJ00001", carrier="yanwen")["UJ00001"][1] == "yanwen"
        assert ask("17track", server, "UJ00001", carrier="usps")["UJ00001"][1] == "usps"
        ask("17track", server, "UJ00001", carrier="usps")
    assert sorted(track.records) == [("UJ00001", 21051), ("UJ00001", 190012)]
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


def test_a_number_of_which_nothing_is_told_yet_is_not_known_yet(ask):
    track = SeventeenTrack()
    track.slow = True
    with serving(track) as server:
        assert ask("17track", server, "UJ00001") == {"UJ00001": "unknown"}


def test_what_17track_deleted_has_failed_and_is_registered_anew_next_time(database, workspace, ask):
    track = SeventeenTrack()
    with serving(track) as server:
        ask("17track", server, "UJ00001", "UJ00002")
        del track.records["UJ00001", 190012]
        answer = ask("17track", server, "UJ00001", "UJ00002")
        assert (answer["UJ00001"], answer["UJ00002"][0]) == ("failed", "found")
        assert ask("17track", server, "UJ00001")["UJ00001"][0] == "found"
    assert spent(database, workspace) == [(3, 0, Decimal(3))]


def test_what_17track_stopped_by_itself_after_a_month_of_silence_is_followed_again(database, workspace, ask):
    track = SeventeenTrack()
    with serving(track) as server:
        ask("17track", server, "UJ00001", "UJ00002")
        track.silent["UJ00001"] = 31
        track.records["UJ00001", 190012]["stopped"] = True
        assert ask("17track", server, "UJ00001", "UJ00002")["UJ00001"][0] == "found"
        for _ in range(2):  # the second time it is followed, and as silent as before
            assert ask("17track", server, "UJ00001", "UJ00002")["UJ00001"][0] == "found"
            assert track.tracked == ["UJ00001", "UJ00002"]
    assert (track.calls["retrack"], spent(database, workspace)) == (2, [(2, 0, Decimal(2))])


def test_what_was_stopped_twice_is_registered_anew_only_within_the_budget(database, workspace, ask, clock):
    track, source = SeventeenTrack(), aggregators(registry(), Book(database, clock))["17track"]

    async def stop(url):
        account = Account(7, workspace, "17track", {"api_key": KEY, "base_url": url + V24})
        async with Gateway(LOOPBACK) as gateway:
            await source.stop(gateway, account, [Ask("UJ00001", "yanwen")])

    with serving(track) as server:
        ask("17track", server, "UJ00001", monthly_cap="1")
        asyncio.run(stop(server.url))
        assert ask("17track", server, "UJ00001", monthly_cap="1")["UJ00001"][0] == "found"  # once it is free
        asyncio.run(stop(server.url))
        assert ask("17track", server, "UJ00001", monthly_cap="1") == {"UJ00001": "failed"}
        assert (track.calls["deletetrack"], track.paid) == (0, ["UJ00001"])
        assert ask("17track", server, "UJ00001", monthly_cap="2")["UJ00001"][0] == "found"
    assert spent(database, workspace) == [(2, 0, Decimal(2))]


ACTIONS = st.sampled_from(["ask", "stop", "deleted", "deaf", "hears", "an hour"])


def test_whatever_happens_the_ledger_says_at_least_what_17track_charged(database):
    tracks, asks = [], [Ask("UJ00001", "yanwen"), Ask("UJ00002", "yanwen")]

    async def live(account, source, clock, happens):
        async with Gateway(LOOPBACK) as gateway:
            for what in [*happens, "hears", "an hour", "ask", "ask"]:
                if what in ("ask", "stop"):
                    await getattr(source, what)(gateway, account, asks)
                elif what == "deleted":
                    tracks[-1].records.pop(("UJ00001", 190012), None)
                elif what == "an hour":
                    clock.now += dt.timedelta(hours=1)
                else:
                    tracks[-1].deaf = what == "deaf"

    @settings(max_examples=25, deadline=None)
    @given(st.lists(ACTIONS, max_size=12))
    def run(happens):
        workspace, track, clock = new_workspace(database), SeventeenTrack(), Clock()
        tracks.append(track)
        account = Account(7, workspace, "17track", {"api_key": KEY, "base_url": server.url + V24})
        asyncio.run(live(account, aggregators(registry(), Book(database, clock))["17track"], clock, happens))
        assert track.tracked == ["UJ00001", "UJ00002"]
        ((registrations, _, money),) = spent(database, workspace)
        assert money == registrations
        if "deleted" not in happens:  # what goes while nobody knows whether it was there may be paid for unseen
            assert registrations >= len(track.paid)
        if "deaf" not in happens:
            assert registrations == len(track.paid)

    def newest(seen):
        return tracks[-1](seen)

    with serving(newest) as server:
        run()


def test_nothing_is_registered_beyond_the_budget_of_the_month(database, workspace, ask, clock):
    track = SeventeenTrack()
    with serving(track) as server:
        answer = ask("17track", server, *(f"UJ0000{n}" for n in range(9)), price="0.05", monthly_cap="0.25")
        assert sorted(map(str, answer.values())).count("failed") == 4
        assert len(track.paid) == 5
        clock.now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
        ask("17track", server, *(f"UJ0000{n}" for n in range(9)), price="0.05", monthly_cap="0.25")
        assert len(track.paid) == 9
    assert spent(database, workspace) == [(5, 0, Decimal("0.25"))]


def test_a_carrier_that_17track_alone_knows_comes_back_under_our_own_word(ask):
    with serving(SeventeenTrack()) as server:
        (carrier,) = [s for s in registry().folders if not registry().manifest(s).aliases.track17][:1]
        assert ask("17track", server, "UJ00001", carrier=carrier) == {"UJ00001": ("found", carrier, {"17track"})}


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


def test_a_subscription_outlives_whoever_made_it_and_one_that_another_system_made_is_not_paid(database, workspace, ask):
    kuaidi, pushed = Kuaidi100(), {"callback_url": "https://us.example/in/kuaidi100/x", "salt": "s"}
    kuaidi.subscriptions.append({"number": "ZT2"})
    with serving(kuaidi) as server:
        for number in ("ZT1", "ZT2", "ZT1", "ZT2"):
            ask("kuaidi100", server, number, carrier="zto", **pushed)
    assert ([one["number"] for one in kuaidi.subscriptions], kuaidi.doubles) == (["ZT2", "ZT1"], 1)
    assert spent(database, workspace) == [(1, 4, Decimal(5))]


def test_what_may_not_leave_now_is_neither_paid_nor_taken_for_registered(database, workspace):
    class Closed:
        async def send(self, request, account):
            raise NotNowError

    async def run(slug, carrier):
        source = aggregators(registry(), Book(database, lambda: NOW))[slug]
        account = Account(7, workspace, slug, {"callback_url": "https://us.example/in/kuaidi100/x"})
        with pytest.raises(NotNowError):
            await source.ask(Closed(), account, [Ask("UJ00001", carrier)])

    for slug in aggregators(registry(), Book(database, lambda: NOW)):
        asyncio.run(run(slug, "yanwen"))
    assert all(one == (0, 0, Decimal(0)) for one in spent(database, workspace))
    with database.transaction(workspace) as app:
        assert app.execute("SELECT count(*) FROM registrations").fetchone() == (0,)


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
            settings = {"api_key": KEY, "base_url": server.url + V24, "price": "0.03"}
            accounts.add(app, database.keys, command_line(workspace), "17track", "main", settings)
        store.due("yanwen", "UJ00001", "UJ00002")

        async def run():
            async with Gateway(LOOPBACK) as gateway:
                asker = Asker(everybody(database, registry()), gateway, Pace(idle_s=0.05))
                await asker.round()
                await asker.settled()

        asyncio.run(run())
    assert store.journal() == [("17track", "17track", ["UJ00001", "UJ00002"])]
    drain(database, registry())
    assert milestones(database, workspace) == ["picked_up"] * 2
    query = (
        "SELECT DISTINCT n.carrier, c.source, c.outcome FROM checks c JOIN numbers n USING (workspace_id, number_id)"
    )
    assert store.rows(f"{query} WHERE c.workspace_id = %s") == [("yanwen", "17track", "news")]
    assert min(store.due_in_s().values()) > 0
