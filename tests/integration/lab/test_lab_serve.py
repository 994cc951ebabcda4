"""Carriers over real HTTP: asked as their manifests say, they answer at the virtual time, with the troubles of theirs."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

import httpx
import pytest
import uvicorn

from everyleg.app.listening import address_of, listen
from everyleg.app.plugins import registry
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.season import read
from everyleg.lab.serving.app import LabApp
from everyleg.lab.serving.clock import RunningClock
from everyleg.lab.serving.faults import Ban, Delay, Faults, Profile
from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import Recipe, Setting, spelled_out
from tests.unit.lab import readback, worlds

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


@cache
def shelf():
    return Shelf(read(worlds.season(3, 120)))


def requests():
    return {slug: registry().manifest(slug).request for slug in SHAPES if registry().manifest(slug).request}


@contextmanager
def lab(profile=None, seed=1, speed=0.0, now=NOW):
    """A running server; gives a client for it."""
    here = listen("127.0.0.1", 0)
    app = LabApp(shelf(), RunningClock(now, speed), Faults(profile or Profile(), seed), requests())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, args=([here],), daemon=True)
    thread.start()
    try:
        with httpx.Client(base_url=address_of(here), timeout=10) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


def ask(client, slug, *numbers):
    """Ask as the manifest says, the account made up."""
    request, _ = spelled_out(requests()[slug])
    recipe = Recipe(request)
    base = {"base_url": f"{str(client.base_url).rstrip('/')}/{slug}"}
    known = dict.fromkeys(recipe.names | {"username", "password"}, "made-up") | base
    made = recipe.make(Setting([Ask(number, slug) for number in numbers], known, NOW))
    headers = made.headers | ({"x-lab": "1"} if not request.headers else {})
    return client.request(made.method, made.url, headers=headers, content=made.body or None)


def read_http(response, slug, number):
    answer = readback.Answer(response.content, response.status_code, dict(response.headers))
    return readback.carrier(slug).read(answer, readback.Asked((number,), NOW)).reading.results[0]


def legs_by_carrier():
    known = {}
    for leg in shelf().legs():
        if leg.carrier in SHAPES and any(one.at <= NOW for one in leg.published):
            known.setdefault(leg.carrier, leg)
    return known


def test_every_carrier_of_the_season_answers_at_its_own_address():
    legs = legs_by_carrier()
    assert len(legs) >= 8
    with lab() as client:
        for slug, leg in legs.items():
            result = read_http(ask(client, slug, leg.number), slug, leg.number)
            assert (result.outcome, len(result.events)) == ("found", len(readback.read_leg(leg, NOW).events)), slug


def test_the_answer_grows_with_the_virtual_clock():
    leg = max(legs_by_carrier().values(), key=lambda leg: len(leg.published))
    seen = []
    for now in (leg.published[0].at, leg.published[-1].at):
        with lab(now=now) as client:
            seen.append(len(read_http(ask(client, leg.carrier, leg.number), leg.carrier, leg.number).events))
    assert seen[0] < seen[1]


def test_a_batch_of_numbers_gets_one_answer():
    legs = [leg for leg in shelf().legs() if leg.carrier == "yanwen"][:3]
    with lab() as client:
        body = ask(client, "yanwen", *(leg.number for leg in legs)).json()
    assert [one["waybill_number"] for one in body["result"]] == [leg.number for leg in legs]


def test_an_address_that_is_none_says_what_to_ask_instead():
    with lab() as client:
        assert "/usps/tracking/v3/tracking/{number}" in client.get("/usps/wrong").json()["error"]
        assert "nobody" in client.get("/nobody/x").json()["error"]
        assert client.get("/").json()["carriers"]["usps"]["method"] == "GET"


@pytest.mark.parametrize(
    ("profile", "kinds"),
    [
        (Profile(limited=1.0), {"rate_limited"}),
        (Profile(failed=1.0), {"unreachable"}),
        (Profile(garbage=1.0), {"unreadable"}),
        (Profile(half=1.0), {"unreadable"}),
        (Profile(login_page=1.0), {"unreadable", "refused"}),
        (Profile(empty=1.0), {"unreadable", "unreachable"}),
    ],
)
def test_trouble_is_read_as_trouble_never_as_a_parcel_without_events(profile, kinds):
    with lab(profile) as client:
        for slug, leg in legs_by_carrier().items():
            result = read_http(ask(client, slug, leg.number), slug, leg.number)
            assert (result.outcome, result.reason.kind) in {("failed", kind) for kind in kinds}, (slug, result)


def test_every_other_refusal_for_haste_says_when_to_come_again():
    leg = legs_by_carrier()["usps"]
    with lab(Profile(limited=1.0)) as client:
        waits = ["retry-after" in ask(client, "usps", leg.number).headers for _ in range(20)]
    assert 3 <= sum(waits) <= 17


def test_a_reordered_answer_says_the_same():
    leg = max(legs_by_carrier().values(), key=lambda leg: len(leg.published))
    with lab() as calm, lab(Profile(reordered=1.0)) as wild:
        one, other = (
            read_http(ask(client, leg.carrier, leg.number), leg.carrier, leg.number) for client in (calm, wild)
        )
    assert [e.key for e in one.events] != [e.key for e in other.events]
    assert {e.key for e in one.events} == {e.key for e in other.events}


def test_who_asks_on_and_on_is_banned_and_let_in_again():
    leg = legs_by_carrier()["usps"]
    faults = Faults(Profile(per_minute=2, ban=Ban(after=3, minutes=30)), seed=1)
    at = [NOW.replace(second=s) for s in range(6)] + [NOW.replace(minute=20), NOW.replace(minute=40)]
    fates = [faults.fate("usps", [leg.number], now).trouble for now in at]
    assert fates == [None, None, "limited", "limited", "limited", "banned", "banned", None]


def test_the_same_questions_meet_the_same_troubles():
    profile = Profile(limited=0.2, failed=0.2, half=0.2, delay_s=Delay(0.001))
    leg = legs_by_carrier()["usps"]

    def statuses(seed):
        with lab(profile, seed) as client:
            return [(r := ask(client, "usps", leg.number)).status_code * 10**6 + len(r.content) for _ in range(25)]

    assert statuses(7) == statuses(7) != statuses(8)


def test_without_an_account_the_carrier_refuses():
    leg = legs_by_carrier()["usps"]
    with lab(Profile(account=True)) as client:
        assert client.get(f"/usps/tracking/v3/tracking/{leg.number}").status_code == 403
        assert ask(client, "usps", leg.number).status_code == 200
