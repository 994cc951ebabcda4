"""By whom a number is asked: its own carrier, its pushes, an aggregator by cost and lag, never beyond a budget."""

import datetime as dt
from decimal import Decimal

import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.pipeline.known import Store
from everyleg.pipeline.outcomes import Check, write_outcomes
from everyleg.planner.asking import OwnAccounts, Refusal, Route
from everyleg.planner.asking.contract import Rest
from everyleg.planner.asking.questions import Question
from everyleg.planner.routing import looks
from everyleg.planner.routing.figures import month
from everyleg.planner.routing.lags import measure
from everyleg.planner.routing.router import LOOK_EVERY, PUSH_FRESH, Routing, Speaks
from everyleg.ports.asking import Ask
from everyleg.store.due import Claim
from tests.integration.planner.asking_kit import registry

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


class World:
    """A workspace, carriers `own` (which can be asked) and `other` (which cannot), aggregators `any` and `some`."""

    def __init__(self, database, workspace):
        from everyleg.planner.asking import KnownSources

        self.database, self.workspace, self.now = database, workspace, NOW
        sources = KnownSources(registry(own={}))
        speaks = {
            "any": Speaks(True, lambda _: None),
            "some": Speaks(False, {"other": "key"}.get, pays_each=True, rests=HOUR / 2),
        }
        self.routing = {
            share: Routing(OwnAccounts(sources, lambda: self.now), speaks, lambda: self.now, share)
            for share in (0.0, 1.0)
        }

    def account(self, source, **settings):
        with self.database.transaction(self.workspace) as app:
            actor = command_line(self.workspace)
            return accounts.add(app, self.database.keys, actor, source, "main", {"api_key": "k", **settings})

    def number(self, carrier, number):
        query = "INSERT INTO numbers (workspace_id, carrier, tracking_number) VALUES (%s, %s, %s) RETURNING number_id"
        with self.database.transaction(None, "worker") as worker:
            return worker.execute(query, (self.workspace, carrier, number)).fetchone()[0]

    def checked(self, number_id, source, at, outcome="news"):
        with self.database.transaction(None, "worker") as worker:
            store = Store(worker, self.database.keys, self.workspace)
            write_outcomes(store, [Check(number_id, source, at, outcome)])

    def told(self, number_id, source, status, at, observed_at=None, *, asked=("N1",), again_at=None):
        """A statement of a source, and the answer that brought it; a push, where nobody asked."""
        observed = observed_at or at
        with self.database.transaction(None, "worker") as worker:
            observation = worker.execute(
                "INSERT INTO observations"
                " (workspace_id, sha256, subject, source, observed_at, body_size, asked, last_observed_at)"
                " VALUES (%s, sha256(gen_random_uuid()::text::bytea), 's', %s, %s, 0, %s, %s) RETURNING observation_id",
                (self.workspace, source, observed, list(asked), again_at),
            ).fetchone()[0]
            worker.execute(
                "INSERT INTO readings (workspace_id, number_id, observation_id, source, observed_at, outcome)"
                " VALUES (%s, %s, %s, %s, %s, 'found')",
                (self.workspace, number_id, observation, source, observed),
            )
            worker.execute(
                "INSERT INTO statements (workspace_id, number_id, source, key, observation_id, occurred_at, time_basis,"
                " stage, sub_status) VALUES (%s, %s, %s, sha256(gen_random_uuid()::text::bytea), %s, %s, 'offset', 'any', %s)",
                (self.workspace, number_id, source, observation, at, status),
            )

    def route(self, carrier, number="N1", share=0.0, kind="check", number_id=None):
        number_id = number_id or self.number(carrier, number)
        question = Question(Claim(self.workspace, kind, number_id, 1, self.now + HOUR), Ask(number, carrier))
        with self.database.transaction(None, "worker") as worker:
            ready = accounts.ready(worker, self.database.keys, self.workspace)
            (found,) = self.routing[share].route(worker, self.workspace, [question], ready)
        return found

    def month(self):
        with self.database.transaction(self.workspace) as app:
            return month(app, self.workspace, self.now)


@pytest.fixture
def world(database, workspace):
    return World(database, workspace)


def test_a_carrier_that_can_be_asked_itself_is(world):
    mine = world.account("own")
    world.account("any")
    assert world.route("own") == Route("own", mine)


def test_without_an_account_of_its_own_a_number_goes_to_an_aggregator(world):
    any_ = world.account("any")
    assert world.route("own") == Route("any", any_)


def test_without_anybody_it_is_said_what_is_needed(world):
    assert world.route("own") == Refusal("needs an account with own")


def test_a_number_that_was_pushed_lately_is_not_asked_and_that_is_counted_as_saved(world):
    world.account("any", price="0.03")
    number = world.number("other", "N1")
    world.checked(number, "webhook", NOW - HOUR)
    assert world.route("other", number_id=number) == Rest(NOW - HOUR + PUSH_FRESH, "it is pushed, and was so lately")
    (spent,) = world.month().accounts
    assert (spent.saved_calls, spent.saved_money, spent.money) == (1, Decimal("0.03"), 0)


def test_a_push_that_is_no_longer_fresh_or_a_person_who_waits_is_not_put_off(world):
    any_ = world.account("any")
    number = world.number("other", "N1")
    world.checked(number, "webhook", NOW - PUSH_FRESH)
    assert world.route("other", number_id=number) == Route("any", any_)
    world.checked(number, "webhook", NOW)
    assert world.route("other", number_id=number, kind="check_now") == Route("any", any_)


@pytest.mark.parametrize("slug", ["any", "some"])
def test_a_number_that_an_aggregator_pushed_lately_is_asked_of_none_until_it_was_silent_for_so_long(world, slug):
    account = world.account(slug, price="0.03")
    number = world.number("other", "N1")
    world.told(number, slug, "picked_up", NOW - 2 * HOUR, NOW - HOUR, asked=())
    assert world.route("other", number_id=number).until == NOW - HOUR + PUSH_FRESH
    (spent,) = world.month().accounts
    assert (spent.saved_calls, spent.saved_money, spent.money) == (1, Decimal("0.03"), 0)
    assert world.route("other", number_id=number, kind="check_now") == Route(slug, account)
    world.now = NOW - HOUR + PUSH_FRESH
    assert world.route("other", number_id=number) == Route(slug, account)


def test_a_push_that_says_again_what_the_last_one_said_is_a_push_too(world):
    world.account("any")
    number = world.number("other", "N1")
    world.told(number, "any", "picked_up", NOW - 60 * HOUR, NOW - 50 * HOUR, asked=(), again_at=NOW - HOUR)
    assert world.route("other", number_id=number).until == NOW - HOUR + PUSH_FRESH


def test_an_answer_that_was_asked_for_is_no_push(world):
    any_ = world.account("any")
    number = world.number("other", "N1")
    world.told(number, "any", "picked_up", NOW - HOUR)
    assert world.route("other", number_id=number) == Route("any", any_)


def test_what_an_aggregator_pushes_does_not_keep_a_carrier_from_being_asked_itself(world):
    mine = world.account("own")
    world.account("any")
    number = world.number("own", "N1")
    world.told(number, "any", "picked_up", NOW - HOUR, asked=())
    assert world.route("own", number_id=number) == Route("own", mine)


def test_a_number_is_not_asked_of_one_that_locks_it_when_asked_again_so_soon(world):
    some = world.account("some")
    number = world.number("other", "N1")
    world.told(number, "some", "picked_up", NOW - HOUR / 4)
    for kind in ("check", "check_now"):
        assert world.route("other", number_id=number, kind=kind).until == NOW + HOUR / 4
    any_ = world.account("any", price="5")
    assert world.route("other", number_id=number) == Route("any", any_)
    world.now += HOUR / 4
    assert world.route("other", number_id=number) == Route("some", some)


def test_one_that_charges_each_question_charges_those_about_registered_numbers_too(world):
    some = world.account("some", price="0.05", monthly_cap="0.04")
    with world.database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO registrations (workspace_id, source, account_id, carrier, tracking_number, state, claimed_at)"
            " VALUES (%s, 'some', %s, 'other', 'N1', 'registered', %s)",
            (world.workspace, some, NOW),
        )
    assert "budget" in world.route("other").words


def test_of_two_aggregators_the_cheaper_is_asked(world):
    world.account("any", price="0.05")
    some = world.account("some", price="0.01")
    assert world.route("other") == Route("some", some)


def test_one_that_does_not_know_the_carrier_is_not_asked(world):
    any_ = world.account("any", price="0.05")
    world.account("some", price="0.01")
    assert world.route("unheard-of") == Route("any", any_)


def test_one_whose_news_are_measured_to_be_much_later_is_worth_less_than_its_price(world):
    any_ = world.account("any", price="0.05")
    world.account("some", price="0.04")
    for i in range(100):
        number = world.number("other", f"M{i}")
        world.told(number, "any", "picked_up", NOW - 3 * HOUR, NOW - 2 * HOUR)
        world.told(number, "some", "picked_up", NOW - 50 * HOUR, NOW - 2 * HOUR)
    assert world.route("other") == Route("any", any_)


def test_where_a_number_is_registered_already_it_costs_nothing_more(world):
    any_ = world.account("any", price="0.05", monthly_cap="0.01")
    world.account("some", price="0.01")
    with world.database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO registrations (workspace_id, source, account_id, carrier, tracking_number, state, claimed_at)"
            " VALUES (%s, 'any', %s, 'other', 'N1', 'registered', %s)",
            (world.workspace, any_, NOW),
        )
    assert world.route("other") == Route("any", any_)


def test_beyond_the_budget_of_the_month_nobody_is_asked_and_it_is_said(world):
    world.account("any", price="0.05", monthly_cap="0.04")
    assert "budget" in world.route("other").words


def test_paused_accounts_are_not_asked(world):
    any_ = world.account("any")
    with world.database.transaction(world.workspace) as app:
        accounts.pause(app, world.database.keys, command_line(world.workspace), any_, NOW)
    assert isinstance(world.route("other"), Refusal)


def test_a_parcel_of_the_sample_is_asked_through_a_second_source_once_in_a_while(world):
    mine, any_ = world.account("own"), world.account("any")
    number = world.number("own", "N1")
    assert world.route("own", number_id=number, share=1.0) == Route("any", any_)
    world.checked(number, "any", NOW)
    assert world.route("own", number_id=number, share=1.0) == Route("own", mine)
    world.now += LOOK_EVERY
    assert world.route("own", number_id=number, share=1.0) == Route("any", any_)
    assert world.route("own", number_id=number, share=0.0) == Route("own", mine)


def test_two_sources_that_tell_different_ends_are_counted_and_listed(world):
    agreeing, differing = world.number("own", "A"), world.number("own", "D")
    for number, status in ((agreeing, "delivered"), (differing, "delivered")):
        world.told(number, "any", status, NOW - 30 * HOUR)
    world.told(agreeing, "carrier_api", "delivered_signed", NOW - 30 * HOUR)
    world.told(differing, "carrier_api", "in_transit", NOW - 30 * HOUR)
    for number in (agreeing, differing):
        for source in ("carrier_api", "any"):
            world.checked(number, source, NOW - HOUR)
    with world.database.transaction(None, "worker") as worker:
        assert looks.compare(worker, world.workspace, ["any", "some"], NOW) == [differing]
        assert looks.compare(worker, world.workspace, ["any", "some"], NOW) == []
    with world.database.transaction(world.workspace) as app:
        (one,) = looks.differences(app, world.workspace)
        assert (one.tracking_number, one.missing, one.extra) == ("D", ["delivered"], [])
        assert looks.agreements(app, world.workspace) == [looks.Agreement("own", "carrier_api", "any", 2, 1)]


def test_facts_too_young_to_have_reached_both_are_held_against_nobody(world):
    number = world.number("own", "A")
    world.told(number, "any", "delivered", NOW - HOUR)
    for source in ("carrier_api", "any"):
        world.checked(number, source, NOW)
    with world.database.transaction(None, "worker") as worker:
        assert looks.compare(worker, world.workspace, ["any"], NOW) == []


def test_a_lag_is_the_median_drawn_to_what_is_taken_beforehand_while_little_is_known(world):
    for i in range(20):
        world.told(world.number("other", f"M{i}"), "any", "picked_up", NOW - 4 * HOUR, NOW - 2 * HOUR)
    with world.database.transaction(None, "worker") as worker:
        lags = measure(worker, world.workspace, ["any", "some"], NOW)
    assert (lags["any"].hours, lags["any"].measured) == (4.0, 20)
    assert (lags["some"].hours, lags["some"].measured) == (6.0, 0)


def test_the_command_says_what_was_spent_and_where_sources_differ(empty, tmp_path, monkeypatch, capsys):
    import json

    from everyleg.accounts import workspaces
    from everyleg.cli.spending import spending
    from everyleg.store.db import Database
    from everyleg.store.migrations import migrate
    from everyleg.store.sealing import load_keyring

    migrate(empty)
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_KEYS", str(tmp_path / "keys.json"))
    with Database(empty, load_keyring(tmp_path / "keys.json")) as opened:
        workspace = workspaces.default(opened)
        with opened.transaction(None, "worker") as worker:
            worker.execute(
                "INSERT INTO spending VALUES (%s, date_trunc('month', now() AT TIME ZONE 'UTC'), '17track', 4,"
                " 'registration', 3, 0.09)",
                (workspace,),
            )
    spending(json=True)
    told = json.loads(capsys.readouterr().out)
    (one,) = told["lines"]
    assert (one["source"], one["calls"], float(one["money"])) == ("17track", 3, 0.09)
    assert told["differences"] == []
    spending()
    assert "17TRACK" in capsys.readouterr().out
