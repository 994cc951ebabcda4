"""From a due check to a state: a season's carriers asked over real HTTP as their manifests say, a store that takes it in."""

import asyncio
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

import pytest
import uvicorn

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.listening import address_of, listen
from everyleg.app.plugins import registry
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.season import read
from everyleg.lab.serving.app import LabApp
from everyleg.lab.serving.clock import RunningClock
from everyleg.lab.serving.faults import Delay, Faults, Profile
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from everyleg.planner.asking import KnownSources, Pace, known_by, run_asking
from everyleg.ports.manifest.request import spelled_out
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Gateway
from tests.unit.lab import readback, worlds

from .asking_kit import Store

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ROUGH = Profile(
    Delay(0.02, 0.5), limited=0.03, failed=0.05, half=0.03, garbage=0.03, login_page=0.03, empty=0.03, reordered=0.1, account=True
)  # fmt: skip


@cache
def shelf():
    return Shelf(read(worlds.season(3, 120)))


@contextmanager
def lab(profile):
    here = listen("127.0.0.1", 0)
    requests = {slug: one.request for slug in SERVED if (one := registry().manifest(slug)).request is not None}
    app = LabApp(shelf(), RunningClock(NOW, 0), Faults(profile, 1), requests)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, args=([here],), daemon=True)
    thread.start()
    try:
        yield address_of(here), app
    finally:
        server.should_exit = True
        thread.join(10)


SERVED = sorted({leg.carrier for leg in shelf().legs()} & set(readback.SHAPES))


def add_accounts(store, url, served):
    """An account with each carrier, at the lab's address."""
    with store.database.transaction(store.workspace) as app:
        for slug in served:
            manifest = registry().manifest(slug)
            settings = dict.fromkeys(manifest.needs.settings, "made-up")
            settings |= {"base_url": f"{url}/{slug}", "page_allowed": "yes"}
            _, token = spelled_out(manifest.request)
            if token is not None:
                settings["token_url"] = f"{url}/{slug}{urlsplit(token.url).path}"
            accounts.add(app, store.database.keys, command_line(store.workspace), slug, "lab", settings)


def due_legs(store, served):
    """The legs that say something by now, made due."""
    legs = [leg for leg in shelf().legs() if leg.carrier in served and any(one.at <= NOW for one in leg.published)]
    legs = list({(leg.carrier, leg.number): leg for leg in legs}.values())[:70]
    for leg in legs:
        store.due(leg.carrier, leg.number)
    return legs


def ask_until(store, enough, seconds):
    async def run():
        stop = asyncio.Event()
        async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
            known = known_by(store.database, KnownSources(registry()))
            asking = asyncio.create_task(run_asking(known, gateway, stop, Pace(idle_s=0.05)))
            end = time.monotonic() + seconds
            while not enough() and time.monotonic() < end:
                await asyncio.sleep(0.2)
            stop.set()
            await asking

    asyncio.run(run())


def told(store):
    """Carrier and number → how many statements stand."""
    query = (
        "SELECT n.carrier, n.tracking_number, count(*) FROM statements s JOIN numbers n USING (workspace_id, number_id) "
        "WHERE s.workspace_id = %s AND NOT s.withdrawn GROUP BY 1, 2"
    )
    return {(carrier, number): count for carrier, number, count in store.rows(query)}


def expected(legs):
    return {(leg.carrier, leg.number): len({e.key for e in readback.read_leg(leg, NOW).events}) for leg in legs}


@pytest.fixture
def store(database, workspace):
    made = Store(database, workspace)
    yield made
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM due WHERE workspace_id = %s", (workspace,))


def test_every_due_number_of_every_carrier_is_asked_and_becomes_what_its_carrier_tells(store):
    with lab(Profile(account=True)) as (url, app):
        add_accounts(store, url, app.endpoints)
        legs = due_legs(store, app.endpoints)
        ask_until(store, store.rests, 20)
    drain(store.database, registry())
    wanted = expected(legs)
    assert len({leg.carrier for leg in legs}) >= 8
    assert {place: count for place, count in told(store).items() if place in wanted} == wanted
    assert {outcome for outcome, _, _ in store.checks().values()} == {"news"}


def test_with_rough_carriers_everything_comes_in_the_end_once(store):
    with lab(ROUGH) as (url, app):
        add_accounts(store, url, app.endpoints)
        legs = due_legs(store, app.endpoints)
        wanted = expected(legs)
        for _ in range(12):
            ask_until(store, store.rests, 10)
            drain(store.database, registry())
            missing = [place for place in wanted if told(store).get(place, 0) < wanted[place]]
            if not missing:
                break
            with store.database.transaction(None, "worker") as worker:
                query = "UPDATE source_health SET retry_at = NULL, failures = 0 WHERE workspace_id = %s"
                worker.execute(query, (store.workspace,))
            for carrier, number in missing:
                store.due(carrier, number)
    assert {place: count for place, count in told(store).items() if place in wanted} == wanted
    assert verify(store.database, store.workspace) == []
