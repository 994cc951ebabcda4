"""One event on a flight, an air waybill, a container, a bag or a batch reaches everybody inside at its time, and only
those."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from time import sleep

import msgspec
import pytest

from everyleg.pipeline import work
from everyleg.pipeline.consolidations.cohorts import cohort_of
from everyleg.pipeline.consolidations.people import Inside
from everyleg.pipeline.intake import receive
from everyleg.pipeline.journeys import load_journey
from everyleg.pipeline.known import Store
from everyleg.pipeline.observing import Item, plan
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify

from .aboard import MAWB, OTHER, consolidation, inside, number, sheet, status, with_sheets
from .acme import at, body, count, event, got, rows, take, timelines


def feed(database, *items):
    return take(database, *items, carriers_=with_sheets())


def told(database, workspace):
    """By number, what its timeline tells, in order."""
    return {
        timeline.numbers[0].tracking_number: [e.sub_status for e in timeline.events if not e.withdrawn]
        for timeline in timelines(database, workspace).values()
        if timeline is not None
    }


def change(database, workspace, deed, reference=MAWB):
    """What a person says of who is inside."""
    with database.transaction(workspace) as connection:
        deed(Inside(connection, workspace, consolidation(database, workspace, reference), None))
    work.drain(database, with_sheets())


def picked_up(workspace, *numbers):
    return [got(workspace, body(event(-10), no=no), asked=(no,)) for no in numbers]


def test_an_event_on_an_air_waybill_reaches_everybody_inside_and_nobody_else(database, workspace):
    feed(database, *picked_up(workspace, "AC1", "AC2", "AC3"), sheet(workspace, inside("AC1"), inside("AC2")))
    feed(database, sheet(workspace, status(2)))
    assert told(database, workspace) == {
        "AC1": ["picked_up", "departed_origin"],
        "AC2": ["picked_up", "departed_origin"],
        "AC3": ["picked_up"],
    }
    assert verify(database, workspace) == []


def test_who_is_told_to_be_inside_later_gets_what_was_told_before(database, workspace):
    feed(database, sheet(workspace, status(2)))
    assert told(database, workspace) == {}
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1"), inside("AC9")))
    assert told(database, workspace) == {"AC1": ["picked_up", "departed_origin"], "AC9": ["departed_origin"]}


def test_an_air_waybill_is_no_parcel_of_its_own(database, workspace):
    feed(database, sheet(workspace, status(2)))
    assert count(database, workspace, "parcels") == 0
    assert count(database, workspace, "states") == 0


@pytest.mark.parametrize(
    ("since", "until", "reached"),
    [
        (None, None, True),
        (1, None, True),
        (3, None, False),
        (None, 1, False),
        (None, 3, True),
        (1, 3, True),
        (2, 2, False),
    ],
)
def test_what_counts_is_who_was_inside_at_that_time(database, workspace, since, until, reached):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1", since=since, until=until)))
    feed(database, sheet(workspace, status(2)))
    assert ("departed_origin" in told(database, workspace)["AC1"]) is reached


def test_who_is_put_into_another_air_waybill_is_out_of_the_first(database, workspace):
    feed(
        database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1", since=-5), inside("AC1", OTHER, since=1))
    )
    feed(database, sheet(workspace, status(0, "订舱"), status(2), status(4, reference=OTHER)))
    assert told(database, workspace)["AC1"] == ["picked_up", "booked", "departed_origin"]
    (timeline,) = timelines(database, workspace).values()
    assert timeline.events[-1].occurred_at == at(4)


def test_an_air_waybill_used_again_means_other_parcels(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1")))
    feed(database, sheet(workspace, status(24 * 400)))
    assert told(database, workspace) == {"AC1": ["picked_up"]}


def test_what_was_never_inside_has_its_events_taken_back_until_that_is_taken_back(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1"), status(2)))
    one = number(database, workspace, "AC1")
    change(database, workspace, lambda who: who.withdraw([one], at(5)))
    feed(database, sheet(workspace, inside("AC1", since=1)))
    assert told(database, workspace) == {"AC1": ["picked_up"]}
    change(database, workspace, lambda who: who.restore([one]))
    assert told(database, workspace) == {"AC1": ["picked_up", "departed_origin"]}
    assert verify(database, workspace) == []


def test_what_a_person_takes_out_gets_nothing_that_happens_later(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1"), status(2)))
    one = number(database, workspace, "AC1")
    change(database, workspace, lambda who: who.take_out([one], at(3)))
    feed(database, sheet(workspace, status(4, "到港")))
    assert told(database, workspace) == {"AC1": ["picked_up", "departed_origin"]}


def yanwen(workspace, no, **flight):
    """An answer of a carrier that names the flight."""
    step = {
        "time_stamp": "2026-11-20T11:00:00",
        "tracking_status": "",
        "message": "Departed from airport",
        "time_zone": "+8",
    }
    told = {"tracking_number": no, "checkpoints": [step | {"extraProperties": flight}]}
    body = msgspec.json.encode({"code": 0, "message": "success", "result": [told]})
    return got(workspace, body, carrier="yanwen", asked=(no,))


def test_the_carriers_own_answer_names_the_flight_and_the_waybill(database, workspace):
    named = {"FlightNumber": "CZ 3099", "FlightDate": "2026-11-20", "MAWB": MAWB}
    feed(database, yanwen(workspace, "YW1", **named), yanwen(workspace, "YW2", FlightNumber="CZ3099"))
    feed(database, sheet(workspace, status(9, "到港", "CZ3099@2026-11-20", "flight"), status(12, "清关放行")))
    assert [events[1:] for _, events in sorted(told(database, workspace).items())] == [
        ["arrived_destination", "import_customs_released"],
        ["arrived_destination"],
    ]


def test_an_airline_that_is_asked_about_the_waybill_tells_of_everybody_inside(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1")))
    feed(database, got(workspace, body(event(2, "AR"), no=MAWB), carrier="bolt", asked=(MAWB,)))
    assert told(database, workspace) == {"AC1": ["picked_up", "origin_sorting"]}
    with database.transaction(workspace) as connection:
        ensure_parcels(connection, workspace, [NewParcel("bolt", MAWB)])
    work.drain(database, with_sheets())
    assert told(database, workspace)[MAWB] == ["arrived_facility"]
    assert verify(database, workspace) == []


def test_a_bag_in_an_air_waybill_on_a_flight(database, workspace):
    flight = "CZ3099@2026-11-20"
    feed(
        database,
        *picked_up(workspace, "AC1"),
        sheet(workspace, inside("AC1", "BG-1", "bag"), inside("bag:BG-1"), inside(f"mawb:{MAWB}", flight, "flight")),
    )
    feed(database, sheet(workspace, status(2, reference=flight, kind="flight"), status(9, "清关放行")))
    assert told(database, workspace) == {"AC1": ["picked_up", "departed_origin", "import_customs_released"]}
    one = number(database, workspace, "bag:BG-1")
    change(database, workspace, lambda who: who.take_out([one], at(3)))
    assert told(database, workspace) == {"AC1": ["picked_up", "departed_origin"]}
    assert verify(database, workspace) == []


def test_the_bag_of_one_forwarder_is_not_that_of_another(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1", "BG-1", "bag")))
    feed(database, sheet(workspace, status(2, reference="BG-1", kind="bag"), carrier="bolt"))
    assert told(database, workspace) == {"AC1": ["picked_up"]}


def test_what_an_airline_delivers_is_not_delivered_to_the_buyer(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1"), status(2, "已签收")))
    assert told(database, workspace) == {"AC1": ["picked_up", "discharged"]}


def test_the_carrier_and_the_forwarder_telling_of_one_departure_are_two_witnesses(database, workspace):
    feed(
        database,
        sheet(workspace, inside("AC1"), own_row("AC1", 2.1)),
        sheet(workspace, status(2)),
    )
    (timeline,) = timelines(database, workspace).values()
    assert [len(e.witnesses) for e in timeline.events if e.sub_status == "departed_origin"] == [2]


def own_row(no, hours):
    """A row about the parcel itself."""
    row = status(hours)
    row.number = no
    return row


def test_nobody_has_the_parcel_in_hand_because_its_air_waybill_moved(database, workspace):
    feed(database, sheet(workspace, inside("AC1"), status(2)))
    (timeline,) = timelines(database, workspace).values()
    assert timeline.milestone == "line_haul"
    assert timeline.custody == []


def test_the_journey_says_who_told_it_and_when(database, workspace):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC1")), sheet(workspace, status(2), seen=7))
    (parcel,) = timelines(database, workspace)
    with database.transaction(workspace) as connection:
        journey = load_journey(connection, database.keys, workspace, parcel)
    last = journey.timeline.events[-1]
    assert last.source == f"mawb:{MAWB}/acme/file"
    assert last.observed_at == at(7)
    assert [w.source for key in last.witnesses for w in journey.witnesses[key]] == [last.source]


def test_a_replay_changes_nothing_of_who_is_inside(database, workspace):
    feed(database, *picked_up(workspace, "AC1", "AC2"), sheet(workspace, inside("AC1"), inside("AC2"), status(2)))
    one = number(database, workspace, "AC2")
    change(database, workspace, lambda who: who.withdraw([one], at(5)))
    before = timelines(database, workspace)
    replay(database, with_sheets(), workspace=workspace)
    assert timelines(database, workspace) == before
    assert count(database, workspace, "memberships") == 3
    assert rows(database, "SELECT count(*) FROM due WHERE workspace_id = %s AND kind = 'fold'", workspace) == [(0,)]
    assert verify(database, workspace) == []


def test_five_thousand_inside_are_folded_in_batches_while_intake_goes_on(database, workspace):
    some = [f"AC{i}" for i in range(5_000)]
    feed(database, *(sheet(workspace, *map(inside, some[n : n + 500])) for n in range(0, len(some), 500)))
    feed(database, *picked_up(workspace, "AC0"))
    receive(database, [sheet(workspace, status(2))])
    folded, left = [], 60

    def more(_):
        """New answers come in all the time, for a while."""
        nonlocal left
        folded.append(count(database, workspace, "states"))
        if left := left - 1:
            receive(database, picked_up(workspace, f"NEW{left}"))

    work.drain(database, with_sheets(), more)
    steps = [after - before for before, after in pairwise(folded)]
    assert work.BATCH <= max(steps) <= work.BATCH + 1
    assert folded[-1] > 2_000
    assert sum(events[-1:] == ["departed_origin"] for events in told(database, workspace).values()) == 5_000


def hear(database, workspace, item, then=lambda: None):
    """Take one body in; `then` happens before it is committed."""
    with database.transaction(None, "worker") as connection:
        store = Store(connection, database.keys, workspace)
        one = Item(item.source, item.carrier, item.asked, item.observed_at, item.observed_at, item.body)
        fresh, counts = plan(store, [one])
        work.absorb(store, work.listen(store, with_sheets(), fresh), counts)
        then()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_workers_of_whom_one_hears_who_is_inside_and_one_what_happens_miss_nothing(database, workspace, order):
    feed(database, *picked_up(workspace, "AC1"), sheet(workspace, inside("AC9"), status(1)))
    first, second = ([sheet(workspace, inside("AC1")), sheet(workspace, status(2))][which] for which in order)
    with ThreadPoolExecutor(1) as pool:
        meanwhile = []
        hear(
            database,
            workspace,
            first,
            lambda: meanwhile.append(pool.submit(hear, database, workspace, second)) or sleep(0.5),
        )
        meanwhile[0].result()
    work.drain(database, with_sheets())
    assert told(database, workspace)["AC1"] == ["picked_up", "departed_origin", "departed_origin"]
    assert verify(database, workspace) == []


def test_a_cohort_is_what_is_known_to_travel_together_or_else_one_hand_over_at_one_place(database, workspace):
    here, there = {"place": "SHENZHEN 1"}, {"place": "YIWU 2"}
    for no, hours, place in [
        ("AC1", 0, here),
        ("AC2", 0.05, here),
        ("AC3", 0, there),
        ("AC4", 9, here),
        ("AC5", 0, {}),
    ]:
        feed(database, got(workspace, body(event(hours, **place), no=no), asked=(no,)))
    feed(database, sheet(workspace, inside("AC6"), inside("AC7")))
    ids = {no: number(database, workspace, no) for no in ("AC1", "AC2", "AC3", "AC4", "AC5", "AC6", "AC7")}
    with database.transaction(workspace) as connection:
        found = cohort_of(connection, database.keys, workspace, ids.values())
    cohort = {no: found[one].cohort_id for no, one in ids.items() if one in found}
    assert cohort["AC1"] == cohort["AC2"]
    assert len({cohort["AC1"], cohort["AC3"], cohort["AC4"]}) == 3
    assert found[ids["AC1"]].inferred
    assert "AC5" not in cohort
    assert cohort["AC6"] == cohort["AC7"]
    assert not found[ids["AC6"]].inferred
    with database.transaction(None, "worker") as worker:
        spoil = "UPDATE statements SET said = '\\x00' WHERE workspace_id = %s AND number_id = %s"
        worker.execute(spoil, (workspace, ids["AC1"]))
        found = cohort_of(worker, database.keys, workspace, ids.values())
    assert ids["AC1"] not in found, "a scan that cannot be opened"
    assert found[ids["AC2"]].cohort_id == cohort["AC2"], "holds up nobody else"
