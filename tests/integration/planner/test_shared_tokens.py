"""Tokens are one for all processes: fetched by one of them, sealed, fetched ahead, gone when they are refused."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts import sources_tokens
from everyleg.accounts.actors import command_line
from everyleg.planner.asking.tokens import SharedTokens
from everyleg.ports.answer import transport_fault
from everyleg.ports.asking import Account, Ask, NotNowError
from everyleg.ports.carrier_source import CarrierSource
from everyleg.ports.manifest.schema import Manifest
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Bounds, Gateway
from everyleg.ports.outbound.tokens import Kept, OwnTokens
from everyleg.store.db import Database
from tests.integration.outbound.servers import Says, serving

MANIFEST = msgspec.convert(
    {
        "slug": "acme",
        "names": {"en": "a", "zh": "a"},
        "request": {"url": "https://api.example/v1/{number}", "auth": {"oauth2": "https://api.example/token"}},
    },
    Manifest,
)


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


class Carrier:
    """Gives tokens; each new one may end the last, as with some carriers."""

    def __init__(self, lives=3600, ends_last=False, slow_s=0.0):
        self.lives, self.ends_last, self.slow_s = lives, ends_last, slow_s
        self.given, self.good, self.used = 0, set(), []
        self.refuses_logins = False

    async def __call__(self, seen):
        if seen.path == "/token":
            self.given += 1
            token = f"T{self.given}"
            await asyncio.sleep(self.slow_s)
            if self.refuses_logins:
                return Says(b"", 401)
            self.good = {token} if self.ends_last else self.good | {token}
            return Says(msgspec.json.encode({"access_token": token, "expires_in": self.lives}))
        token = seen.headers.get("authorization", "")[7:]
        self.used.append(token)
        return Says(b"{}", 200 if token in self.good else 401)


class Setup:
    """An account with a carrier, and processes that ask by it."""

    def __init__(self, database, workspace):
        self.database, self.workspace, self.clock = database, workspace, Clock()
        self.secret, self.actor = "s", command_line(workspace)
        with database.transaction(workspace) as app:
            self.account_id = accounts.add(app, database.keys, self.actor, "acme", "main", {"client_id": "me"})

    @property
    def place(self):
        return self.workspace, self.account_id

    def process(self, database=None):
        return CarrierSource(MANIFEST, self.clock, tokens=SharedTokens(database or self.database))

    def account(self, url):
        settings = {"base_url": url, "client_id": "me", "client_secret": self.secret}
        return Account(self.account_id, self.workspace, "acme", settings)

    def ask(self, url, *processes, each=1):
        """The statuses of questions that all processes ask at once."""

        async def run():
            async with Gateway(parse_networks("127.0.0.0/8"), Bounds(total_s=10)) as gateway:
                account = self.account(url)
                asking = [one.ask(gateway, account, [Ask(f"A{n}", "acme")]) for one in processes for n in range(each)]
                return await asyncio.gather(*asking)

        return [asked[0].answer for asked in asyncio.run(run())]

    def statuses(self, url, *processes, each=1):
        return [answer.status for answer in self.ask(url, *processes, each=each)]

    def row(self):
        with self.database.transaction(None, "worker") as worker:
            query = "SELECT login, token, fetching_until FROM source_tokens WHERE workspace_id = %s AND account_id = %s"
            return worker.execute(query, self.place).fetchone()

    def change(self, query):
        with self.database.transaction(None, "worker") as worker:
            worker.execute(f"UPDATE source_tokens SET {query} WHERE workspace_id = %s AND account_id = %s", self.place)  # noqa: S608


@pytest.fixture
def setup(database, workspace):
    return Setup(database, workspace)


@pytest.fixture
def elsewhere(database):
    with Database(database.conninfo, database.keys) as another:
        yield another


def test_many_processes_fetch_one_token_together(setup, elsewhere):
    carrier = Carrier(slow_s=0.3)
    with serving(carrier) as here:
        assert setup.statuses(here.url, setup.process(), setup.process(elsewhere), each=4) == [200] * 8
        assert setup.statuses(here.url, setup.process(elsewhere)) == [200]
    assert carrier.given == 1


def test_a_token_that_is_refused_is_fetched_anew_by_one_and_used_by_all(setup, elsewhere):
    carrier, both = Carrier(ends_last=True), (setup.process(), setup.process(elsewhere))
    with serving(carrier) as here:
        setup.statuses(here.url, *both)
        carrier.good.clear()
        assert setup.statuses(here.url, *both, each=3) == [200] * 6
    assert carrier.given == 2


def test_the_next_token_is_fetched_ahead_while_others_go_on_with_the_last(setup, elsewhere):
    carrier = Carrier(slow_s=0.6)
    with serving(carrier) as here:
        setup.statuses(here.url, setup.process())
        setup.clock.now += timedelta(minutes=57)
        started = time.monotonic()
        assert setup.statuses(here.url, setup.process(), setup.process(elsewhere), each=3) == [200] * 6
        assert time.monotonic() - started < 3
        setup.clock.now += timedelta(minutes=10)
        assert setup.statuses(here.url, setup.process()) == [200]
    assert carrier.given == 2 and sorted(carrier.used) == ["T1"] * 6 + ["T2"] * 2


def test_a_fetch_ahead_that_fails_is_not_repeated_with_every_question(setup):
    carrier = Carrier()
    with serving(carrier) as here:
        setup.statuses(here.url, setup.process())
        setup.clock.now += timedelta(minutes=57)
        carrier.refuses_logins = True
        assert [setup.statuses(here.url, setup.process()) for _ in range(5)] == [[200]] * 5
    assert carrier.given == 2


def test_many_who_wait_for_a_login_that_fails_try_it_once(setup):
    carrier = Carrier(slow_s=0.3)
    carrier.refuses_logins = True
    with serving(carrier) as here:
        answers = setup.ask(here.url, setup.process(), each=8)
    assert {transport_fault(answer).kind for answer in answers} == {"refused"} and carrier.given == 1


def test_a_token_that_is_refused_though_it_is_new_is_not_fetched_twice_for_one_question(setup):
    async def refuses(seen):
        return await carrier(seen) if seen.path == "/token" else Says(b"", 401)

    carrier = Carrier()
    with serving(refuses) as here:
        assert setup.statuses(here.url, setup.process()) == [401]
    assert carrier.given == 1 and len(here.seen) == 2


def test_whoever_dies_while_fetching_keeps_the_others_waiting_for_a_while_only(setup):
    keys = setup.database.keys
    with serving(Carrier()) as here:
        login = setup.account(here.url).settings
        with setup.database.transaction(None, "worker") as worker:
            died = sources_tokens.find(worker, keys, setup.place, login, setup.clock())
        with setup.database.transaction(None, "worker") as worker:
            assert sources_tokens.find(worker, keys, setup.place, login, setup.clock()).fetch is None
        setup.change("fetching_until = clock_timestamp()")
        assert setup.statuses(here.url, setup.process()) == [200]
        late = Kept("LATE", setup.clock() + timedelta(hours=1), setup.clock() + timedelta(hours=1))
        with setup.database.transaction(None, "worker") as worker:
            sources_tokens.keep(worker, keys, setup.place, login, died.fetch, late)
            assert sources_tokens.find(worker, keys, setup.place, login, setup.clock()).kept.text == "T1"


def test_other_settings_get_another_token_and_the_last_one_is_gone(setup):
    carrier = Carrier()
    with serving(carrier) as here:
        setup.statuses(here.url, setup.process())
        setup.secret = "another"  # noqa: S105
        setup.statuses(here.url, setup.process())
    assert carrier.given == 2
    with setup.database.transaction(setup.workspace) as app:
        change = accounts.Change({"client_secret": "newer"})
        accounts.change(app, setup.database.keys, setup.actor, setup.account_id, change)
    assert setup.row() is None


def test_a_fetch_that_was_under_way_when_settings_changed_leaves_nothing(setup):
    keys, login = setup.database.keys, {"client_id": "me"}
    with setup.database.transaction(None, "worker") as worker:
        fetch = sources_tokens.find(worker, keys, setup.place, login, setup.clock()).fetch
        sources_tokens.forget(worker, setup.place)
        kept = Kept("OLD", setup.clock() + timedelta(hours=1), setup.clock() + timedelta(hours=1))
        sources_tokens.keep(worker, keys, setup.place, login, fetch, kept)
    assert setup.row() is None


def test_a_token_lies_sealed_and_only_workers_read_it(setup, other_workspace):
    with serving(Carrier()) as here:
        setup.statuses(here.url, setup.process())
    login, token, _ = setup.row()
    assert b"T1" not in token and b"me" not in login
    for workspace in (setup.workspace, other_workspace):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), setup.database.transaction(workspace) as app:
            app.execute("SELECT token FROM source_tokens")
    with setup.database.transaction(other_workspace) as app:
        sources_tokens.forget(app, setup.place)
    assert setup.row() is not None


def test_a_token_that_no_key_opens_is_fetched_anew(setup):
    carrier = Carrier()
    with serving(carrier) as here:
        setup.statuses(here.url, setup.process())
        setup.change("token = '\\xffff' || token")
        assert setup.statuses(here.url, setup.process()) == [200]
    assert carrier.given == 2


def test_nothing_that_is_said_of_a_token_shows_it(setup, capsys):
    carrier = Carrier()
    carrier.good = {"never"}
    kept = Kept("hush", setup.clock(), setup.clock())
    with serving(carrier) as here:
        answers = setup.ask(here.url, setup.process(), each=2)
    out = capsys.readouterr()
    assert "hush" not in repr(kept) and "T1" not in out.out + out.err + repr(answers)


def test_a_quota_that_ends_before_the_token_comes_keeps_nobody_from_fetching_it_later(setup):
    class Closed:
        async def send(self, request, account):
            raise NotNowError

    async def run():
        with pytest.raises(NotNowError):
            await setup.process().ask(Closed(), setup.account("http://127.0.0.1:1"), [Ask("A", "acme")])

    asyncio.run(run())
    assert setup.row()[2] is None


LIVES = [0, -1, "0", "", "²", "1e400", "9" * 400, None, "abc", 10**30, 0.5, True, [], {"a": 1}]


@pytest.mark.parametrize("lives", LIVES, ids=range(len(LIVES)))
def test_however_long_a_token_is_said_to_live_it_is_used(lives):
    clock = Clock()
    source = CarrierSource(MANIFEST, clock, tokens=OwnTokens())
    with serving(Carrier(lives=lives)) as here:
        account = Account(1, 1, "acme", {"base_url": here.url, "client_id": "me", "client_secret": "s"})

        async def run():
            async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
                return [await source.ask(gateway, account, [Ask("A", "acme")]) for _ in range(3)]

        assert [asked[0].answer.status for asked in asyncio.run(run())] == [200] * 3


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %s "%s">' % (bytes([98 + n]), b"&%s;" % bytes([97 + n]) * 10) for n in range(12))
    + b"]><a>&m;</a>"
)


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"a":' * 100_000, BOMB, b"<a>" * 100_000, b"\x00" * 1000, b"null",
     b'{"access_token": "' + b"x" * 100_000 + b'"}', b'{"access_token": "a\\nX-Evil: 1"}', b'{"access_token": ""}'],
    ids=range(9),
)  # fmt: skip
def test_whatever_comes_for_a_token_is_a_failure_with_its_reason_and_soon(body):
    def answer(seen):
        return Says(body) if seen.path == "/token" else Says(b"{}")

    source = CarrierSource(MANIFEST, Clock(), tokens=OwnTokens())
    with serving(answer) as here:
        account = Account(1, 1, "acme", {"base_url": here.url, "client_id": "me", "client_secret": "s"})

        async def run():
            async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
                return await source.ask(gateway, account, [Ask("A", "acme")])

        started = time.monotonic()
        (asked,) = asyncio.run(run())
    assert asked.answer.error is not None and time.monotonic() - started < 5
    assert all(seen.path == "/token" for seen in here.seen)
