"""A carrier asked as its manifest says: tokens, batches, what has to come first; over real HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from everyleg.planner.routing.figures import month
from everyleg.planner.routing.ledger import Book
from everyleg.ports.answer import transport_fault
from everyleg.ports.asking import Account, Ask
from everyleg.ports.carrier_source import CarrierSource
from everyleg.ports.manifest.schema import Manifest
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Gateway
from tests.integration.outbound.servers import Says, serving


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


def source(request, clock=None, ledger=None, **manifest):
    said = {"slug": "acme", "names": {"en": "a", "zh": "a"}, "request": request, **manifest}
    return CarrierSource(msgspec.convert(said, Manifest), clock or Clock(), ledger)


def asks(*numbers, **facts):
    return [Ask(number, "acme", facts) for number in numbers]


def ask(one, url, *rounds, settings=None, account_id=1, workspace=1):
    """The answers of each round, one round after the other."""

    async def run():
        known = {"base_url": url, "client_id": "me", "client_secret": "s", **(settings or {})}
        account = Account(account_id, workspace, "acme", known)
        async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
            return [await one.ask(gateway, account, some) for some in rounds]

    return asyncio.run(run())


OAUTH = {"url": "https://api.example/v1/{number}", "auth": {"oauth2": "https://api.example/token"}}


class OAuthServer:
    """Gives tokens, and refuses those that it took back."""

    def __init__(self, lives=3600):
        self.given, self.good, self.lives = 0, set(), lives

    def __call__(self, seen):
        if seen.path == "/token":
            self.given += 1
            self.good.add(f"T{self.given}")
            return Says(msgspec.json.encode({"access_token": f"T{self.given}", "expires_in": self.lives}))
        return Says(b"{}", 200 if seen.headers.get("authorization", "")[7:] in self.good else 401)


def test_a_token_is_fetched_once_and_used_until_a_minute_before_its_end():
    server, clock = OAuthServer(), Clock()
    one = source(OAUTH, clock)
    with serving(server) as here:
        for minutes in (0, 30, 28, 2):
            clock.now += timedelta(minutes=minutes)
            assert ask(one, here.url, asks("A"))[0][0].answer.status == 200
    assert server.given == 2
    assert next(seen.body for seen in here.seen if seen.path == "/token") == (
        b"grant_type=client_credentials&client_id=me&client_secret=s"
    )


def test_many_who_need_a_token_at_once_fetch_one():
    server, one = OAuthServer(), source(OAUTH)

    async def run(url):
        account = Account(1, 1, "acme", {"base_url": url, "client_id": "me", "client_secret": "s"})
        async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
            return await asyncio.gather(*(one.ask(gateway, account, asks(f"A{n}")) for n in range(8)))

    with serving(server) as here:
        assert all(some[0].answer.status == 200 for some in asyncio.run(run(here.url)))
    assert server.given == 1


def test_a_token_that_was_taken_back_is_fetched_anew_and_the_question_asked_again():
    server, one = OAuthServer(), source(OAUTH)
    with serving(server) as here:
        ask(one, here.url, asks("A"))
        server.good.clear()
        assert ask(one, here.url, asks("A"))[0][0].answer.status == 200
    assert server.given == 2


def test_accounts_and_changed_settings_have_tokens_of_their_own():
    server, one = OAuthServer(), source(OAUTH)
    with serving(server) as here:
        ask(one, here.url, asks("A"))
        ask(one, here.url, asks("A"), account_id=2)
        ask(one, here.url, asks("A"), settings={"client_secret": "new"})
    assert server.given == 3


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (Says(b'{"error": "invalid_client"}', 401), "refused"),
        (Says(b'{"error": "invalid_client"}', 400), "refused"),
        (Says(b"<html>", 200), "unreadable"),
        (Says(b"", 503), "unreachable"),
        (Says(b"", 429), "rate_limited"),
    ],
)
def test_a_login_that_fails_is_the_answer(says, kind):
    with serving(lambda seen: says) as here:
        (asked,) = ask(source(OAUTH), here.url, asks("A"))[0]
    assert transport_fault(asked.answer).kind == kind and "logging in" in asked.answer.error


def test_a_login_of_its_own_is_one_more_request_as_data():
    token = {
        "url": "https://login.example/v2/session",
        "body": '{"user": "{client_id}"}',
        "at": "data.session.key",
        "name": "session",
    }
    request = {"url": "https://api.example/{number}", "headers": {"X-Session": "{session}"}, "auth": {"token": token}}

    def answer(seen):
        return Says(b'{"data": {"session": {"key": "K"}}}' if seen.method == "POST" else b"{}")

    with serving(answer) as here:
        ask(source(request), here.url, asks("A"), settings={"token_url": f"{here.url}/v2/session"})
    assert [(seen.method, seen.path) for seen in here.seen] == [("POST", "/v2/session"), ("GET", "/A")]
    assert here.seen[1].headers["x-session"] == "K"


def test_questions_that_differ_in_a_fact_go_apart_and_none_is_lost():
    request = {"url": "https://api.example", "query": {"n": "{numbers}", "zip": "{postal_code?}"}}
    one = source(request, limits={"batch": 2})
    some = [*asks("A", "B", "C", postal_code="1"), *asks("D", postal_code="2"), *asks("E")]
    with serving(lambda seen: Says(b"{}")) as here:
        asked = ask(one, here.url, some)[0]
    assert sorted(seen.query for seen in here.seen) == ["n=A,B&zip=1", "n=C&zip=1", "n=D&zip=2", "n=E"]
    assert sorted(ask.number for each in asked for ask in each.asks) == list("ABCDE")


def test_a_carrier_that_takes_one_number_gets_one_whatever_its_limit_says():
    assert source({"url": "https://api.example/{number}"}, limits={"batch": 50}).batch == 1


def test_what_has_to_be_known_is_known_before_anything_is_sent():
    one = source({"url": "https://api.example/{numbers}"}, limits={"batch": 9}, needs={"fields": ["phone_tail"]})
    with serving(lambda seen: Says(b"{}")) as here:
        asked = ask(one, here.url, [*asks("A"), *asks("B", phone_tail="1234")])[0]
    assert [seen.path for seen in here.seen] == ["/B"]
    assert [(each.asks[0].number, each.answer.error) for each in asked] == [("A", "needs phone_tail"), ("B", None)]


def test_a_setting_that_is_missing_is_named_and_nothing_is_sent():
    with serving(lambda seen: Says(b"{}")) as here:
        (asked,) = ask(source({"url": "https://api.example?k={api_key}"}), here.url, asks("A"))[0]
    assert asked.answer.error == "needs api_key" and asked.answer.error_kind == "refused" and not here.seen


def test_a_look_up_comes_first_and_its_answer_is_filled_in():
    before = {"url": "https://api.example/find/{number}", "take": {"urn": "found.0.urn"}}
    request = {"url": "https://api.example/detail?id={urn}", "before": [before]}

    def answer(seen):
        known = {"/find/A": b'{"found": [{"urn": "U/1"}]}', "/find/B": b'{"found": []}'}
        return Says(known.get(seen.path, b'{"events": []}'))

    with serving(answer) as here:
        found, unknown = ask(source(request), here.url, asks("A"), asks("B"))
    assert found[0].answer.body == b'{"events": []}' and here.seen[1].query == "id=U%2F1"
    assert unknown[0].answer.body == b'{"found": []}' and len(here.seen) == 3


SUBSCRIBE = {"url": "https://api.example/subscribe", "method": "POST", "body": '{"nos": {numbers}}', "once": True}
SUBSCRIBED = {"url": "https://api.example/q?n={numbers}", "before": [SUBSCRIBE]}


def subscribed(server):
    """The numbers of each registration."""
    return [msgspec.json.decode(seen.body)["nos"] for seen in server.seen if seen.method == "POST"]


def test_a_number_is_registered_once_before_it_is_asked_by_whichever_process(database, workspace):
    processes = [source(SUBSCRIBED, ledger=Book(database, Clock()), limits={"batch": 5}) for _ in range(2)]
    with serving(lambda seen: Says(b"{}")) as here:
        for one in processes:
            ask(one, here.url, asks("A"), asks("A"), asks("A", "B"), workspace=workspace)
    assert subscribed(here) == [["A"], ["B"]] and len(here.seen) == 8
    with database.transaction(workspace) as app:
        (spent,) = month(app, workspace, Clock().now).accounts
    assert (spent.registrations, spent.money) == (2, 0)


def test_a_registration_that_failed_is_made_again_with_the_next_question(database, workspace):
    one, down = source(SUBSCRIBED, ledger=Book(database, Clock())), [True, False]
    with serving(lambda seen: Says(b"{}", 503 if seen.method == "POST" and down.pop(0) else 200)) as here:
        answers = ask(one, here.url, asks("A"), asks("A"), asks("A"), workspace=workspace)
    assert [asked.answer.status for (asked,) in answers] == [503, 200, 200]
    assert subscribed(here) == [["A"], ["A"]]


def test_what_comes_first_and_fails_is_the_answer():
    before = {"url": "https://api.example/subscribe", "method": "POST", "body": "[{number}]", "once": True}
    request = {"url": "https://api.example/q/{number}", "before": [before]}
    with serving(lambda seen: Says(b"", 503)) as here:
        (asked,) = ask(source(request), here.url, asks("A"))[0]
    assert asked.answer.status == 503 and len(here.seen) == 1
