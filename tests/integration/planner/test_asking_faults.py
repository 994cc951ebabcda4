"""Carriers that ban, lie, or count otherwise than we do; numbers that poison a batch: nobody else pays for them."""

import asyncio
import time

import pytest

from everyleg.planner.asking import Asker, Known, KnownSources, OwnAccounts, Pace, Steady
from everyleg.planner.asking.judging import judge
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account
from everyleg.ports.outbound.gateway import Bounds, Gateway
from tests.integration.outbound.servers import Says, serving

from .asking_kit import LOOPBACK, Store, answers, ask_all, asked_for, asker, registry

OPEN = '{{url: "{url}/track", query: {{n: "{{number}}"}}}}'


@pytest.fixture
def stores(database, workspace, other_workspace):
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM shared_quotas")
    yield [Store(database, one) for one in (workspace, other_workspace)]
    with database.transaction(None, "worker") as worker:
        for table in ("due", "inbox"):
            worker.execute(f"DELETE FROM {table} WHERE workspace_id IN (%s, %s)", (workspace, other_workspace))  # noqa: S608


@pytest.fixture
def store(stores):
    return stores[0]


def bolt(url, limits="{}"):
    """A carrier that asks for no login."""
    return registry(bolt={"needs": "{auth: none}", "limits": limits, "request": OPEN.format(url=url)})


def test_of_a_carrier_that_asks_for_no_login_all_workspaces_have_one_quota(stores):
    with serving(answers) as server:
        for at, store in enumerate(stores):
            store.due("bolt", *(f"B{at}{n}" for n in range(8)))
        ask_all(stores[0], bolt(server.url, "{per_hour: 10}"), rounds=3, pace=Pace(keep=0.0))
    asked = [asked_for(seen)[0] for seen in server.seen]
    assert 8 <= len(asked) <= 10  # a reservation that a slow machine makes no use of in time is lost
    assert {number[1] for number in asked} == {"0", "1"}


def test_one_workspace_leaves_room_for_another_that_comes_later(stores):
    carriers = None
    with serving(answers) as server:
        carriers = bolt(server.url, "{per_hour: 20}")
        stores[0].due("bolt", *(f"B0{n}" for n in range(30)))
        ask_all(stores[0], carriers, rounds=2)
        stores[1].due("bolt", "B11")
        ask_all(stores[1], carriers)
    asked = [asked_for(seen)[0][:2] for seen in server.seen]
    assert asked == ["B0"] * 18 + ["B1"]


def test_an_account_with_a_proxy_of_its_own_is_another_caller():
    sources = KnownSources(bolt("https://bolt.example", "{per_hour: 10}"))

    def counted(proxy=None, **settings):
        return sources.counted_with(Account(1, 1, "bolt", settings, proxy))

    assert counted() == counted(page_allowed="yes") == counted(base_url="https://bolt.example/v2")
    assert len({counted(), counted("http://u:p@one.example:1"), counted("http://two.example")}) == 3
    assert counted("http://u:p@one.example:1") == counted("http://v:q@one.example:2")
    assert counted(base_url="https://other.example") != counted()


def test_a_carrier_with_logins_counts_each_account_by_itself():
    assert KnownSources(registry(acme={})).counted_with(Account(1, 1, "acme", {"api_key": "k"})) is None


def test_who_is_told_to_wait_without_a_login_makes_all_workspaces_wait(stores):
    carriers = None
    with serving(lambda seen: Says(b"", 429, {"Retry-After": "120"})) as server:
        carriers = bolt(server.url)
        for store in stores:
            store.due("bolt", "B1")
            ask_all(store, carriers)
    assert len(server.seen) == 1
    assert stores[1].due_in_s()["B1"] > 100 and stores[1].health() == []


def test_who_fails_for_another_reason_makes_nobody_else_wait(stores):
    with serving(lambda seen: Says(b"", 503)) as server:
        for store in stores:
            for _ in range(6):
                store.due("bolt", "B1")
                ask_all(store, bolt(server.url))
    assert len(server.seen) == 10


@pytest.mark.parametrize(
    "said", ["0", "-5", "soon", "²", "9" * 5000, "Thu, 01 Jan 1970 00:00:00 GMT", "1 Jan 2026 00:00:00 +9999999999"]
)
def test_whatever_a_server_says_of_when_to_come_again_it_is_left_alone_for_a_while(store, said):
    with serving(lambda seen: Says(b"", 429, {"Retry-After": said.encode().decode("latin-1")})) as server:
        store.account("acme", server.url)
        store.due("acme", "AC1", "AC2")
        ask_all(store, registry(acme={}), rounds=2, pace=Pace(at_once=1))
    assert len(server.seen) == 1 and 50 < min(store.due_in_s().values()) <= 86_460


def test_a_server_that_says_soon_again_and_again_is_asked_ever_later(store):
    with serving(lambda seen: Says(b"", 429, {"Retry-After": "1"})) as server:
        store.account("acme", server.url)
        for _ in range(6):
            with store.database.transaction(None, "worker") as worker:
                worker.execute("UPDATE source_health SET retry_at = now() WHERE workspace_id = %s", (store.workspace,))
            store.due("acme", "AC1")
            ask_all(store, registry(acme={}))
    assert len(server.seen) == 6 and store.health()[0][2] > 60


def test_a_quota_that_ends_within_a_batch_loses_no_answer_and_the_rest_is_asked_first(store):
    """Numbers of one batch that differ in a fact go in several requests; the first is paid for when the next is not."""
    request = '{url: "{base_url}/acme", query: {n: "{numbers}", key: "{api_key}", zip: "{postal_code}"}}'
    carriers = registry(acme={"limits": "{batch: 5}", "request": request})
    with serving(answers) as server:
        store.account("acme", server.url, per_hour=1)
        for n, number in enumerate(store.due("acme", "AC1", "AC2", "AC3")):
            to(store, number, f"7500{n}")
        ask_all(store, carriers)
        (first,) = [asked_for(seen) for seen in server.seen]
        assert [sorted(one[2]) for one in store.journal()] == [first]
        waits = store.due_in_s()
        assert waits.pop(first[0]) > 6 * 3600 - 60 and max(waits.values()) < 3800 and len(waits) == 2
        assert store.health()[0][0] == 0


def to(store, number, postcode):
    """A parcel of a number that goes to a postcode."""
    with store.database.transaction(None, "worker") as worker:
        sealed = store.database.keys.seal_text(postcode, f"{store.workspace}/shipments.destination_postcode")
        query = "INSERT INTO shipments (workspace_id, destination_postcode) VALUES (%s, %s) RETURNING shipment_id"
        shipment = worker.execute(query, (store.workspace, sealed)).fetchone()[0]
        query = "INSERT INTO parcels (workspace_id, shipment_id) VALUES (%s, %s) RETURNING parcel_id"
        parcel = worker.execute(query, (store.workspace, shipment)).fetchone()[0]
        query = "INSERT INTO legs (workspace_id, parcel_id, number_id) VALUES (%s, %s, %s)"
        worker.execute(query, (store.workspace, parcel, number))


def test_what_a_redirect_asks_counts(store):
    def answer(seen):
        return (
            answers(seen) if seen.path == "/there" else Says(status=307, headers={"Location": f"/there?{seen.query}"})
        )

    with serving(answer) as server:
        store.account("acme", server.url, per_hour=5)
        store.due("acme", *(f"AC{n}" for n in range(6)))
        ask_all(store, registry(acme={}), pace=Pace(keep=0.0, at_once=1))
    assert len(server.seen) == 5


def test_calls_that_are_late_on_the_way_exceed_no_window(store):
    """A name server that takes its time: what was reserved before would arrive together with what is reserved after."""
    times, slow = [], [1.9, 1.9]

    async def names(host, port):
        await asyncio.sleep(slow.pop() if slow else 0)
        return ["127.0.0.1"]

    def answer(seen):
        times.append(time.monotonic())
        return Says(answers(seen).body, headers={"Connection": "close"})

    async def run(port):
        sources = KnownSources(registry(acme={}))
        known = Known(store.database, sources, OwnAccounts(sources), Steady())
        async with Gateway(LOOPBACK, Bounds(total_s=15), names) as gateway:
            stop, end = asyncio.Event(), time.monotonic() + 20
            asking = asyncio.create_task(Asker(known, gateway, Pace(keep=0.0, idle_s=0.05)).run(stop))
            while len(times) < 6 and time.monotonic() < end:
                await asyncio.sleep(0.05)
            stop.set()
            await asking

    with serving(answer) as server:
        store.account("acme", f"http://acme.example:{server.port}", per_second=2)
        store.due("acme", *(f"AC{n}" for n in range(6)))
        asyncio.run(run(server.port))
    assert len(times) >= 6
    assert all(sum(at <= other < at + 1 for other in times) <= 2 for at in times)


class Stumbling:
    """A reader with a defect that a changed answer finds."""

    def read(self, slug, answer, numbers, at):
        raise ZeroDivisionError


def test_an_answer_over_which_the_reader_stumbles_is_kept_and_counts_as_a_failure(store):
    judged = judge(Stumbling(), "acme", Answer(b'{"new": 0}'), ["AC1"], store.now)
    assert judged.keep and judged.failed["AC1"].kind == "unreadable" and judged.trouble is not None


def test_a_number_that_is_due_twice_is_asked_once_and_both_are_ended(store):
    """As the carrier's own, and as one of which nobody knows whose it is."""
    from everyleg.numbers.detector import Detector
    from everyleg.numbers.formats import Format

    detector = Detector({"acme": [Format("a", "AC[0-9]{6}", "made up", "read")]})
    with serving(answers) as server:
        store.account("acme", server.url)
        store.due("acme", "AC123456")
        store.due("", "AC123456")
        ask_all(store, registry(acme={"limits": "{batch: 3}"}), detector=detector)
    assert [asked_for(seen) for seen in server.seen] == [["AC123456"]]
    assert store.rows("SELECT count(*) FROM due WHERE workspace_id = %s AND attempts > 0") == [(0,)]


def backlog(store, carrier, count):
    """Numbers of a carrier that are due for long."""
    with store.database.transaction(None, "worker") as worker:
        query = (
            "WITH made AS (INSERT INTO numbers (workspace_id, carrier, tracking_number) SELECT %s, %s, 'X' || n "
            "FROM generate_series(1, %s) AS n RETURNING workspace_id, number_id) INSERT INTO due "
            "(workspace_id, kind, subject_id, due_at) SELECT workspace_id, 'check', number_id, now() - interval '1 h' FROM made"
        )
        worker.execute(query, (store.workspace, carrier, count))


@pytest.mark.parametrize("says", [Says(b"", 429, {"Retry-After": "60"}), None], ids=["bans", "is slow"])
def test_a_long_queue_of_one_carrier_keeps_nobody_elses_numbers_waiting(store, says):
    async def slow(seen):
        await asyncio.sleep(0.3)
        return says or answers(seen)

    claimed = []

    async def run():
        async with asker(store, registry(bad={}, good={})) as one:
            while len(good.seen) < 20 and len(claimed) < 40:
                claimed.append(await one.round())
                await asyncio.sleep(0.05)
            for _ in range(6):
                await one.round()
            stop = asyncio.Event()
            stop.set()
            await one.run(stop)

    with serving(slow) as bad, serving(answers) as good:
        store.account("bad", bad.url)
        store.account("good", good.url)
        backlog(store, "bad", 2500)
        store.due("good", *(f"G{n}" for n in range(20)))
        asyncio.run(run())
    assert len(good.seen) == 20 and sum(claimed) < 2500
    waits = sorted(wait for number, wait in store.due_in_s().items() if number[0] == "X" and 0 < wait < 20_000)
    assert len(waits) > 900 and waits[-1] - waits[0] > 20, "they come back one after the other"


@pytest.mark.parametrize(
    "there", ["http://10.0.0.1/", "http://[::ffff:169.254.169.254]/", "gopher://x/", "http://a:b@c/"]
)
def test_a_server_that_leads_astray_is_held_back_like_one_that_fails(store, there):
    with serving(lambda seen: Says(status=302, headers={"Location": there})) as server:
        store.account("acme", server.url)
        for _ in range(3):
            store.due("acme", *(f"AC{n}" for n in range(10)))
            ask_all(store, registry(acme={}))
    failures, kind, retry_s = store.health()[0]
    assert len(server.seen) <= 12 and failures >= 5 and kind == "unreachable" and retry_s > 50
