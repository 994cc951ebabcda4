"""What is due is asked: in batches, within quotas, and nobody waits for somebody else's carrier."""

import asyncio
import time

import pytest

from everyleg.accounts.sources import wake
from everyleg.numbers.detector import Detector
from everyleg.numbers.formats import Format
from everyleg.pipeline.work import drain
from everyleg.planner.asking import Pace
from tests.integration.outbound.servers import Says, drip, serving

from .asking_kit import Store, answers, ask_all, asked_for, asker, knows, registry

BATCHED = {"limits": "{batch: 3}"}


@pytest.fixture
def store(database, workspace):
    yield (made := Store(database, workspace))
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM due WHERE workspace_id = %s", (workspace,))
        worker.execute("DELETE FROM inbox WHERE workspace_id = %s", (workspace,))
    assert made


def test_a_due_number_is_asked_and_its_answer_becomes_news(store):
    carriers = registry(acme={})
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, carriers)
    assert store.journal() == [("carrier_api", "acme", ["AC1"])]
    drain(store.database, carriers)
    assert store.checks()["AC1"][0] == "news" and 6 * 3600 - 60 < store.due_in_s()["AC1"] <= 6 * 3600


def test_what_is_not_due_is_not_asked(store):
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1", in_s=60)
        ask_all(store, registry(acme={}))
    assert not server.seen


def test_numbers_of_an_account_go_in_as_few_requests_as_its_carrier_takes(store):
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", *(f"AC{n}" for n in range(7)))
        ask_all(store, registry(acme=BATCHED))
    assert sorted(len(asked_for(seen)) for seen in server.seen) == [1, 3, 3]
    assert len(store.journal()) == 3


def test_a_batch_with_room_is_filled_with_who_is_due_soonest(store):
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        store.due("acme", "LATER", in_s=7200)
        store.due("acme", "SOONER", in_s=3600)
        store.due("acme", "SOONEST", in_s=600)
        store.due("acme", "TOMORROW", in_s=86_000)
        ask_all(store, registry(acme=BATCHED))
    assert sorted(asked_for(server.seen[0])) == ["AC1", "SOONER", "SOONEST"] and len(server.seen) == 1
    assert store.due_in_s()["LATER"] == pytest.approx(7200, abs=60)


def test_a_claim_of_another_process_fills_no_batch(store):
    async def run(url):
        async with asker(store, carriers) as one, asker(store, carriers) as other:
            await one.round()
            store.due("acme", "AC2")
            await other.round()
            await one.settled()
            await other.settled()

    async def slow(seen):
        await asyncio.sleep(0.3)
        return answers(seen)

    carriers = registry(acme=BATCHED)
    with serving(slow) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        asyncio.run(run(server.url))
    assert sorted(number for seen in server.seen for number in asked_for(seen)) == ["AC1", "AC2"]


def test_without_an_account_the_parcel_says_that_it_needs_one(store):
    store.due("acme", "AC1")
    ask_all(store, registry(acme={}))
    assert store.checks() == {"AC1": ("failed", "refused", "needs an account with acme")}
    assert store.due_in_s()["AC1"] > 3600


def test_an_account_that_is_added_wakes_who_waited_for_one_and_nobody_else(store):
    with serving(answers) as server:
        store.due("acme", "WAITED")
        store.due("acme", "PLANNED", in_s=5000)
        ask_all(store, registry(acme={}))
        store.account("acme", server.url)
        with store.database.transaction(store.workspace) as app:
            assert wake(app, store.workspace, "acme") == 1
        ask_all(store, registry(acme={}))
    assert [asked_for(seen) for seen in server.seen] == [["WAITED"]] and store.due_in_s()["PLANNED"] > 4000


def test_a_carrier_that_asks_for_no_account_is_asked_without_one(store):
    with serving(answers) as server:
        request = f'{{url: "{server.url}/track", query: {{n: "{{number}}"}}}}'
        carriers = registry(bolt={"needs": "{auth: none}", "request": request})
        store.due("bolt", "B1", "B2")
        ask_all(store, carriers)
    assert sorted(asked_for(seen)[0] for seen in server.seen) == ["B1", "B2"]
    assert store.rows("SELECT source, open FROM source_accounts WHERE workspace_id = %s") == [("bolt", True)]


def test_nobody_real_is_asked_for_numbers_of_the_demo(store):
    with serving(answers) as server:
        request = f'{{url: "{server.url}/track", query: {{n: "{{number}}"}}}}'
        with store.database.transaction(None, "worker") as worker:
            query = "UPDATE workspaces SET settings = %s WHERE workspace_id = %s"
            worker.execute(query, ('{"demo": {"seed": 1}}', store.workspace))
        store.due("bolt", "B1")
        ask_all(store, registry(bolt={"needs": "{auth: none}", "request": request}))
    assert not server.seen and store.checks() == {} and store.due_in_s()["B1"] > 3600


def test_a_number_that_lacks_a_fact_is_refused_and_no_call_is_made(store):
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, registry(acme={"needs": "{auth: key, settings: [api_key], fields: [postal_code]}"}))
    assert store.checks() == {"AC1": ("failed", "refused", "needs postal_code")} and not server.seen
    assert store.health() == []


def test_facts_of_the_shipment_go_along(store):
    needs = "{auth: key, settings: [api_key], fields: [postal_code]}"
    request = (
        '{url: "{base_url}", query: {n: "{numbers}", zip: "{postal_code}", to: "{country}", tail: "{phone_tail?}"}}'
    )
    keys, workspace = store.database.keys, store.workspace
    with serving(answers) as server:
        store.account("acme", server.url)
        (number,) = store.due("acme", "AC1")
        with store.database.transaction(None, "worker") as worker:
            query = (
                "INSERT INTO shipments (workspace_id, destination_country, destination_postcode, attributes) "
                "VALUES (%s, 'FR', %s, %s) RETURNING shipment_id"
            )
            sealed = (
                keys.seal_text("75001", f"{workspace}/shipments.destination_postcode"),
                keys.seal_json({"电话": "+33 6 00 00 12 34"}, f"{workspace}/shipments.attributes"),
            )
            shipment = worker.execute(query, (workspace, *sealed)).fetchone()[0]
            query = "INSERT INTO parcels (workspace_id, shipment_id) VALUES (%s, %s) RETURNING parcel_id"
            parcel = worker.execute(query, (workspace, shipment)).fetchone()[0]
            query = "INSERT INTO legs (workspace_id, parcel_id, number_id) VALUES (%s, %s, %s)"
            worker.execute(query, (workspace, parcel, number))
        ask_all(store, registry(acme={"needs": needs, "request": request}))
    assert server.seen[0].query == "n=AC1&zip=75001&to=FR&tail=1234"


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (Says(b"", 404), ("unknown", None)),
        (Says(b"<html>no</html>", 404, {"Content-Type": "text/html"}), ("unknown", None)),
        (Says(b"", 503), ("failed", "unreachable")),
        (Says(b"", 401), ("failed", "refused")),
        (Says(b"", 429, {"Retry-After": "120"}), ("failed", "rate_limited")),
    ],
)
def test_an_answer_that_needs_no_reading_is_noted_at_once(store, says, outcome):
    with serving(lambda seen: says) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, registry(acme={}))
    assert store.checks()["AC1"][:2] == outcome and store.journal() == []


def test_an_error_in_a_body_is_kept_for_the_pipeline(store):
    carriers = registry(acme={})
    with serving(lambda seen: Says(b'{"error": "who are you"}')) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, carriers)
    assert len(store.journal()) == 1 and store.health()[0][:2] == (1, "refused")
    drain(store.database, carriers)
    assert store.checks()["AC1"][:2] == ("failed", "refused")


def test_a_server_that_says_when_to_come_again_is_left_alone_until_then(store):
    with serving(lambda seen: Says(b"", 429, {"Retry-After": "120"})) as server:
        store.account("acme", server.url)
        store.due("acme", *(f"AC{n}" for n in range(20)))
        ask_all(store, registry(acme={}), rounds=2, pace=Pace(at_once=2))
    assert len(server.seen) <= 2
    waiting = store.due_in_s()
    assert len(waiting) == 20 and min(waiting.values()) > 100


def test_an_account_that_fails_is_held_back_and_a_restart_does_not_hammer(store):
    carriers = registry(acme={})
    with serving(lambda seen: Says(b"", 503)) as server:
        store.account("acme", server.url)
        for _ in range(4):
            store.due("acme", *(f"AC{n}" for n in range(30)))
            ask_all(store, carriers)
        assert len(server.seen) <= 12
    failures, kind, retry_s = store.health()[0]
    assert failures >= 5 and kind == "unreachable" and 50 < retry_s <= 125


def test_an_account_that_answers_again_is_well(store):
    sick = [True]
    with serving(lambda seen: Says(b"", 503) if sick else answers(seen)) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, registry(acme={}))
        assert store.health()[0][0] == 1
        sick.clear()
        store.due("acme", "AC1")
        ask_all(store, registry(acme={}))
    assert store.health()[0][0] == 0 and store.health()[0][2] is None


def test_a_quota_is_not_exceeded_and_what_finds_no_room_comes_later_in_order(store):
    with serving(answers) as server:
        store.account("acme", server.url, per_hour=10)
        store.due("acme", *(f"AC{n}" for n in range(25)))
        ask_all(store, registry(acme={}), rounds=3)
    assert len(server.seen) == 9
    waits = sorted(store.due_in_s().values())[:16]
    assert 3000 < waits[0] < 3800 and waits[-1] > waits[0] + 3000


def test_no_window_of_a_second_holds_more_calls_than_the_account_may_make(store):
    times = []

    def answer(seen):
        times.append(time.monotonic())
        return answers(seen)

    async def run():
        async with asker(store, registry(acme={})) as one:
            stop = asyncio.Event()
            asking = asyncio.create_task(one.run(stop))
            while len(times) < 15 and asyncio.get_running_loop().time() < end:
                await asyncio.sleep(0.1)
            stop.set()
            await asking

    end = time.monotonic() + 20
    with serving(answer) as server:
        store.account("acme", server.url, per_second=10)
        store.due("acme", *(f"AC{n}" for n in range(15)))
        asyncio.run(run())
    assert len(times) == 15
    assert all(sum(at <= other < at + 1 for other in times) <= 10 for at in times)


def test_two_who_ask_over_one_store_ask_each_number_once_and_keep_one_quota(store):
    async def run():
        async with asker(store, registry(acme={})) as one, asker(store, registry(acme={})) as other:
            await asyncio.gather(*(who.round() for who in (one, other) for _ in range(3)))
            await asyncio.gather(one.settled(), other.settled())

    with serving(answers) as server:
        store.account("acme", server.url, per_hour=40)
        store.due("acme", *(f"AC{n}" for n in range(60)))
        asyncio.run(run())
    numbers = [asked_for(seen)[0] for seen in server.seen]
    assert len(numbers) == 36 == len(set(numbers))
    assert sum(seconds > 2000 for seconds in store.due_in_s().values()) == 60


def test_a_person_who_asks_now_is_served_out_of_the_share_that_is_kept(store):
    carriers = registry(acme={})
    with serving(answers) as server:
        store.account("acme", server.url, per_hour=10)
        store.due("acme", *(f"AC{n}" for n in range(9)))
        ask_all(store, carriers)
        store.due("acme", "NOW", kind="check_now")
        store.due("acme", "PLAN")
        ask_all(store, carriers)
    assert [asked_for(seen)[0] for seen in server.seen[9:]] == ["NOW"]
    assert store.due_in_s("check_now") == {} and store.due_in_s()["NOW"] > 3600


def test_a_paused_account_asks_nothing_and_the_parcel_says_so(store):
    with serving(answers) as server:
        account = store.account("acme", server.url)
        with store.database.transaction(None, "worker") as worker:
            worker.execute("UPDATE source_accounts SET paused_at = now() WHERE account_id = %s", (account,))
        store.due("acme", "AC1")
        ask_all(store, registry(acme={}))
    assert "paused" in store.checks()["AC1"][2] and not server.seen


def test_the_second_account_stands_in_while_the_first_is_held_back(store):
    with serving(lambda seen: Says(b"", 401)) as bad, serving(answers) as good:
        store.account("acme", bad.url, "first")
        store.account("acme", good.url, "second")
        for _ in range(3):
            store.due("acme", "AC1")
            ask_all(store, registry(acme={}))
    assert len(bad.seen) == 2 and len(good.seen) == 1


def test_a_number_of_which_nobody_knows_whose_it_is_goes_from_candidate_to_candidate_until_one_knows_it(store):
    carriers = registry(acme={}, bolt={})
    formats = {
        "acme": [Format("a", "AC[0-9]{6}", "made up", "read", weight=5)],
        "bolt": [Format("b", "A[A-Z][0-9]{6}", "made up", "read")],
    }
    with serving(lambda seen: Says(b"", 404)) as nobody, serving(answers) as somebody:
        store.account("acme", nobody.url)
        store.account("bolt", somebody.url)
        store.due("", "AC123456")
        ask_all(store, carriers, detector=Detector(formats))
        assert (len(nobody.seen), len(somebody.seen)) == (1, 0) and 0 < store.due_in_s()["AC123456"] <= 30
        store.due("", "AC123456")
        ask_all(store, carriers, detector=Detector(formats))
    assert len(somebody.seen) == 1 and store.journal() == [("carrier_api", "bolt", ["AC123456"])]
    assert store.rows("SELECT carrier FROM numbers WHERE workspace_id = %s") == [("bolt",)]


def test_a_stopped_parcel_is_asked_no_more(store):
    with serving(answers) as server:
        store.account("acme", server.url)
        (number,) = store.due("acme", "AC1")
        with store.database.transaction(None, "worker") as worker:
            query = "INSERT INTO parcels (workspace_id, stopped_at) VALUES (%s, now()) RETURNING parcel_id"
            parcel = worker.execute(query, (store.workspace,)).fetchone()[0]
            query = "INSERT INTO legs (workspace_id, parcel_id, number_id) VALUES (%s, %s, %s)"
            worker.execute(query, (store.workspace, parcel, number))
        ask_all(store, registry(acme={}))
    assert not server.seen and store.due_in_s() == {}


def lies(seen):
    return Says(b"<html><form action='/login'></form></html>", 200, {"Content-Type": "text/html"})


async def hangs(seen):
    await asyncio.sleep(20)
    return Says()


@pytest.mark.parametrize("bad", [hangs, lies, lambda s: Says(b"", 403), lambda s: Says(parts=drip)])
def test_one_bad_carrier_slows_nobody_else(store, bad):
    carriers = registry(bad={}, good={})
    took = []

    async def run():
        async with asker(store, carriers, total_s=3.0) as one:
            started = time.monotonic()
            await one.round()
            while len(good.seen) < 50 and time.monotonic() - started < 10:
                await asyncio.sleep(0.05)
                await one.round()
            took.append(time.monotonic() - started)
            stop = asyncio.Event()
            stop.set()
            await one.run(stop)

    with serving(bad) as server, serving(answers) as good:
        store.account("bad", server.url)
        store.account("good", good.url)
        store.due("bad", *(f"X{n}" for n in range(300)), in_s=-100)
        store.due("good", *(f"G{n}" for n in range(50)))
        asyncio.run(run())
    assert len(good.seen) == 50 and took[0] < 2.8
    assert len(server.seen) <= 12


def test_a_claim_that_was_armed_anew_meanwhile_keeps_its_new_time(store):
    async def slow(seen):
        await asyncio.sleep(0.3)
        return answers(seen)

    async def run():
        async with asker(store, registry(acme={})) as one:
            await one.round()
            store.due("acme", "AC1", in_s=1000)
            await one.settled()

    with serving(slow) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        asyncio.run(run())
    assert len(server.seen) == 1 and store.due_in_s()["AC1"] == pytest.approx(1000, abs=60)


def test_whoever_stops_gives_back_what_it_did_not_ask(store):
    async def slow(seen):
        await asyncio.sleep(0.2)
        return answers(seen)

    async def run():
        async with asker(store, registry(acme={}), pace=Pace(at_once=1)) as one:
            await one.round()
            stop = asyncio.Event()
            stop.set()
            await one.run(stop)

    with serving(slow) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1", "AC2", "AC3")
        asyncio.run(run())
    assert len(server.seen) == 1 == len(store.journal())
    assert sorted(seconds > 60 for seconds in store.due_in_s().values()) == [False, False, True]


def test_the_account_and_the_secret_are_in_no_message(store, capsys):
    with serving(lambda seen: knows("AC1")) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1")
        ask_all(store, registry(acme={}))
    out = capsys.readouterr()
    assert "secret-key" in server.seen[0].query and "secret-key" not in out.out + out.err
