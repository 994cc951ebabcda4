"""An air waybill is asked of its airline while parcels inside are under way, and its news reach them and nobody else."""

import asyncio
import datetime as dt
from urllib.parse import parse_qs

import msgspec
import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.plugins import PACKAGED
from everyleg.numbers.detector import Detector
from everyleg.numbers.formats import Format
from everyleg.pipeline import work
from everyleg.pipeline.intake import FILE, Received, receive
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.traces import Inside, Step, Traced, encode
from everyleg.pipeline.verify import verify
from everyleg.planner.asking import Asker, Known, KnownSources, OwnAccounts, Pace, Refusal
from everyleg.planner.asking.questions import Question
from everyleg.planner.planning import Planner
from everyleg.planner.routing.router import Routing, Speaks
from everyleg.ports.asking import Ask
from everyleg.ports.outbound.gateway import Bounds, Gateway
from everyleg.ports.registry import Registry
from everyleg.store.due import Claim
from tests.integration.outbound.servers import Says, serving
from tests.integration.pipeline.acme import timelines

from .asking_kit import LOOPBACK, Store, answers, asked_for, registry

MAWB, OTHER = "784-55501121", "784-55501132"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
ASKS = '{url: "{base_url}/air", query: {prefix: "{airline?}", serial: "{serial?}", key: "{api_key}"}}'


def hours(number):
    return NOW + dt.timedelta(hours=number)


def carriers(**airlines):
    """The package's carriers with Acme, and airlines by slug with the three digits of theirs."""
    said = {
        slug: {"request": f"{ASKS}\nairlines: {msgspec.json.encode(own).decode()}"} for slug, own in airlines.items()
    }
    return Registry([PACKAGED, *registry(acme={}, **said)._roots], lambda _: None)


class Airline:
    """An airline that knows some air waybills: of each what happened, hours from now and code."""

    def __init__(self, **known):
        self.known = {number.replace("_", "-").lstrip("w"): events for number, events in known.items()}
        self.asked = []

    def __call__(self, seen):
        query = parse_qs(seen.query)
        number = f"{query['prefix'][0]}-{query['serial'][0]}"
        self.asked.append(number)
        if number not in self.known:
            return Says(b"{}", 404)
        events = [{"at": hours(at).isoformat(), "code": code, "text": code} for at, code in self.known[number]]
        return Says(msgspec.json.encode({"parcels": [{"no": number, "events": events}]}))


class Road:
    """A workspace with its planner."""

    def __init__(self, database, workspace, known):
        self.store, self.database, self.workspace, self.carriers = (
            Store(database, workspace),
            database,
            workspace,
            known,
        )
        self.sources = KnownSources(known)
        self.planner = Planner(self.sources, self.sources)

    def parcels(self, *numbers, code="PU", at=-10):
        """Parcels of which Acme tells."""
        events = [{"at": hours(at).isoformat(), "code": code, "text": code}]
        bodies = [msgspec.json.encode({"parcels": [{"no": number, "events": events}]}) for number in numbers]
        some = zip(bodies, numbers, strict=True)
        self.take(*(Received(self.workspace, "carrier_api", "acme", body, (no,), hours(at)) for body, no in some))

    def sheet(self, *traced):
        self.take(Received(self.workspace, FILE, "acme", encode("acme", traced), (), NOW))

    def take(self, *items):
        receive(self.database, items)
        work.drain(self.database, self.carriers)

    def plan(self, now=None):
        now = now or dt.datetime.now(dt.UTC)
        while self.planner.plan_changes(self.database, now) + self.planner.plan_due(self.database, now):
            pass

    def ask(self, now=None, detector=None):
        """Ask once what is due, and read what comes."""
        detector = detector or Detector({})
        known = Known(self.database, self.sources, OwnAccounts(self.sources), self.planner, detector)

        async def run():
            async with Gateway(LOOPBACK, Bounds(total_s=5)) as gateway:
                asker = Asker(known, gateway, Pace(idle_s=0.05), *([lambda: now] if now else []))
                await asker.round()
                await asker.settled()

        asyncio.run(run())
        work.drain(self.database, self.carriers)

    def due(self):
        """Which air waybills are asked for, of whom."""
        query = """SELECT n.carrier, n.tracking_number FROM due d JOIN numbers n ON n.workspace_id = d.workspace_id
            AND n.number_id = d.subject_id WHERE d.workspace_id = %s AND d.kind = 'check' AND n.tracking_number LIKE '%%-%%'
            ORDER BY 2"""
        return self.store.rows(query)

    def whys(self):
        query = """SELECT n.tracking_number, p.why FROM plans p JOIN numbers n USING (workspace_id, number_id)
            WHERE workspace_id = %s AND n.tracking_number LIKE '%%-%%'"""
        return dict(self.store.rows(query))

    def told(self):
        return {
            t.numbers[0].tracking_number: [e.sub_status for e in t.events if not e.withdrawn]
            for t in timelines(self.database, self.workspace).values()
            if t is not None
        }


def inside(number, reference=MAWB, kind="mawb", since=None, until=None):
    when = (None if hour is None else hours(hour) for hour in (since, until))
    return Traced(number, [Inside(kind, reference, *when)])


@pytest.fixture
def road(database, workspace):
    yield (made := Road(database, workspace, carriers(skyline=["784"])))
    with database.transaction(None, "worker") as worker:
        for table in ("due", "inbox"):
            worker.execute(f"DELETE FROM {table} WHERE workspace_id = %s", (workspace,))  # noqa: S608
    assert made


@pytest.fixture
def airline(road):
    known = Airline(w784_55501121=[(-3, "AR")])
    with serving(known) as server:
        road.store.account("skyline", server.url)
        yield known


def test_the_airline_is_asked_and_everybody_inside_hears_of_it_and_nobody_else(road, airline):
    road.parcels("AC1", "AC2", "AC3")
    road.sheet(inside("AC1"), inside("AC2"))
    road.plan()
    assert road.due() == [("skyline", MAWB)]
    road.ask()
    assert airline.asked == [MAWB]
    assert road.told() == {
        "AC1": ["picked_up", "origin_sorting"],
        "AC2": ["picked_up", "origin_sorting"],
        "AC3": ["picked_up"],
    }
    assert verify(road.database, road.workspace) == []
    road.plan()
    assert road.due() == [("skyline", MAWB)]
    assert road.whys()[MAWB] == "sentinel"


def test_it_is_asked_again_and_again_and_each_parcel_hears_the_news_once(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    road.plan()
    road.ask()
    airline.known[MAWB].append((-1, "DL"))
    road.plan()
    road.ask(now=hours(24 * 20))
    assert airline.asked == [MAWB, MAWB]
    assert road.told()["AC1"] == ["picked_up", "origin_sorting", "discharged"]


def test_nobody_is_asked_without_an_account(road):
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    road.plan()
    assert road.due() == []
    assert road.store.rows("SELECT kind FROM due WHERE workspace_id = %s AND kind = 'waybill'") == []


def test_whose_waybill_it_is_not_is_not_asked(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1", "176-12345675"))
    road.plan()
    assert road.due() == []


def test_what_is_in_a_bag_in_the_waybill_counts(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1", "BG-1", "bag"))
    road.plan()
    assert road.due() == []
    road.sheet(inside("bag:BG-1"))
    road.plan()
    assert road.due() == [("skyline", MAWB)]
    road.ask()
    assert road.told()["AC1"] == ["picked_up", "origin_sorting"]


def test_a_parcel_that_is_added_after_the_list_wakes_it(road, airline):
    road.sheet(inside("AC1"))
    road.plan()
    assert road.due() == []
    assert road.store.rows("SELECT FROM numbers WHERE workspace_id = %s AND tracking_number LIKE '784-%%'") == []
    with road.database.transaction(road.workspace) as app:
        ensure_parcels(app, road.workspace, [NewParcel("acme", "AC1")])
    road.plan()
    assert road.due() == [("skyline", MAWB)]


@pytest.mark.parametrize("code", ["DL", "OD"])
def test_it_ends_when_everybody_inside_is_delivered_or_with_the_last_mile(road, airline, code):
    road.parcels("AC1", "AC2")
    road.sheet(inside("AC1"), inside("AC2"))
    road.plan()
    road.ask()
    road.parcels("AC1", code=code, at=-2)
    road.plan()
    road.ask(now=hours(24 * 20))
    assert road.due() == [("skyline", MAWB)]
    road.parcels("AC2", code=code, at=-2)
    road.plan()
    road.ask(now=hours(24 * 40))
    assert (road.due(), road.whys()) == ([], {MAWB: "stopped"})


def test_it_ends_when_everybody_was_taken_out(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1", since=-9))
    road.plan()
    assert road.due() == [("skyline", MAWB)]
    road.sheet(inside("AC1", since=-9, until=-4))
    road.plan()
    assert road.due() == []


def test_who_was_put_into_another_waybill_is_in_that_one(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1", since=-9), inside("AC1", OTHER, since=-2))
    road.plan()
    assert road.due() == [("skyline", OTHER)]


def test_it_ends_when_the_airline_has_given_it_out(road, airline):
    airline.known[MAWB].append((-1, "DL"))
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    road.plan()
    road.ask()
    road.plan()
    assert (road.due(), road.whys()) == ([], {MAWB: "delivered"})


def test_a_stopped_parcel_is_not_under_way(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    with road.database.transaction(None, "worker") as worker:
        worker.execute("UPDATE parcels SET stopped_at = now() WHERE workspace_id = %s", (road.workspace,))
    road.plan()
    assert road.due() == []


def test_without_its_account_it_is_asked_no_more(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    road.plan()
    with road.database.transaction(None, "worker") as worker:
        worker.execute("UPDATE source_accounts SET paused_at = now() WHERE workspace_id = %s", (road.workspace,))
    road.ask()
    assert (airline.asked, road.due()) == ([], [])


def test_one_that_does_not_know_it_is_followed_by_the_next_and_who_knows_it_keeps_it(database, workspace):
    road = Road(database, workspace, carriers(skyline=["784"], hosted=[]))
    one, other = Airline(), Airline(w784_55501121=[(-3, "AR")])
    with serving(one) as first, serving(other) as second:
        road.store.account("skyline", first.url)
        road.store.account("hosted", second.url)
        road.parcels("AC1")
        road.sheet(inside("AC1"))
        road.plan()
        assert road.due() == [("skyline", MAWB)]
        road.ask()
        road.ask(now=hours(1))
    assert (one.asked, other.asked, road.due()) == ([MAWB], [MAWB], [("hosted", MAWB)])
    assert road.told()["AC1"] == ["picked_up", "origin_sorting"]


def test_what_a_forwarder_tells_of_it_plans_it_anew(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1"))
    road.plan()
    road.ask()
    road.plan()
    before = road.store.rows("SELECT due_at FROM due WHERE workspace_id = %s AND kind = 'check' ORDER BY 1")
    road.sheet(Traced(f"mawb:{MAWB}", events=[Step(hours(-0.5).isoformat(), text="到港")]))
    assert road.store.rows("SELECT subject_id FROM due WHERE workspace_id = %s AND kind = 'waybill'") != []
    road.plan()
    after = road.store.rows("SELECT due_at FROM due WHERE workspace_id = %s AND kind = 'check' ORDER BY 1")
    assert before != after


def test_what_cannot_be_opened_of_it_holds_up_no_plan(road, airline):
    road.parcels("AC1")
    road.sheet(inside("AC1"), Traced(f"mawb:{MAWB}", events=[Step(hours(-2).isoformat(), text="到港")]))
    spoil = """UPDATE statements s SET said = '\\x00' FROM consolidation_numbers c
        WHERE s.workspace_id = %s AND c.workspace_id = s.workspace_id AND c.number_id = s.number_id"""
    with road.database.transaction(None, "worker") as worker:
        assert worker.execute(spoil, (road.workspace,)).rowcount
    road.plan()
    assert [number for _, number in road.due()] == [MAWB]


def test_many_inside_are_counted_only_as_far_as_they_matter(road, airline):
    some = [f"AC{n}" for n in range(300)]
    road.parcels(*some)
    road.sheet(*(inside(number, since=-9, until=-4 if n < 250 else None) for n, number in enumerate(some)))
    road.plan()
    assert road.due() == [("skyline", MAWB)]


def test_nobody_but_airlines_is_asked_however_much_it_looks_like_another_carriers_number(road, airline):
    airline.known.clear()
    alike = Detector({"acme": [Format("eleven digits", "[0-9]{11}", "made up", "read")]})
    with serving(answers) as server:
        road.store.account("acme", server.url)
        road.parcels("AC1")
        road.sheet(inside("AC1"))
        road.plan()
        for hour in (1, 24, 48):
            road.ask(now=hours(hour), detector=alike)
        assert set(airline.asked) == {MAWB}
        assert {number for seen in server.seen for number in asked_for(seen)} == {"AC1"}


def test_no_aggregator_is_paid_for_an_air_waybill(road):
    anybody = {"any": Speaks(True, lambda _: None)}
    routing = Routing(OwnAccounts(road.sources), anybody, lambda: NOW, share=1.0)
    with road.database.transaction(road.workspace) as app:
        accounts.add(app, road.database.keys, command_line(road.workspace), "any", "main", {"api_key": "k"})
    (number,) = road.store.due("skyline", MAWB)
    question = Question(Claim(road.workspace, "check", number, 1, NOW), Ask(MAWB, "skyline"))
    with road.database.transaction(None, "worker") as worker:
        ready = accounts.ready(worker, road.database.keys, road.workspace)
        found = routing.route(worker, road.workspace, [question], ready)
    assert found == [Refusal("needs an account with skyline")]
