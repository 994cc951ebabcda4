"""A season: repeatable, in order of time, the same for the first parcels however many follow."""

import os
import subprocess
import sys
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lab.worlds import formats, season, some, world

from everyleg.core.vocabulary import STATUSES
from everyleg.lab.season import SeasonEvent, SeasonParcel, SeasonTruth, encode, moment, read
from everyleg.lab.world import parcel_id
from everyleg.numbers.detector import Detector


def test_the_same_seed_gives_the_same_bytes():
    assert list(world(1, 150).lines()) == season(1, 150)


def test_another_seed_gives_another_world():
    assert list(world(2, 150).lines()) != season(1, 150)


def test_another_process_gives_the_same_bytes():
    code = "import sys; from tests.unit.lab.worlds import season; sys.stdout.buffer.writelines(season(1, 150))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": "7"}
    )
    assert done.stdout == b"".join(season(1, 150))


@settings(max_examples=12)
@given(st.integers(0, 150))
def test_the_first_parcels_are_the_same_whatever_follows(count):
    first = {parcel_id(index) for index in range(count)}
    alone = list(world(1, count).lines())
    assert alone == [line for line in season(1, 150) if _parcel(msgspec.json.decode(line)) in first]


def _parcel(line):
    return line.get("parcel") or line["id"]


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 90))
def test_any_season_reads_back_byte_by_byte_in_order_of_time(seed, parcels, days):
    lines = list(world(seed, parcels, days=days).lines())
    assert [encode(line) for line in read(lines)] == lines
    assert sum(b'"kind":"parcel"' in line for line in lines) == parcels


def test_nothing_is_told_after_the_end():
    here = world(1, 150, days=30)
    assert max(moment(line) for line in read(here.lines())) < here.plan.end


def test_a_season_that_ends_earlier_is_the_same_until_then():
    long, short = (
        world(3, 120, days=40),
        world(3, 120, days=40, until=world(3, 1, days=40).plan.end.date() - timedelta(25)),
    )
    known = [line for line in read(long.lines()) if moment(line) < short.plan.end]
    assert [_closed_before(line, short.plan.end) for line in known] == list(read(short.lines()))


def _closed_before(line, end):
    over = isinstance(line, SeasonTruth) and line.to is not None and line.to >= end
    return msgspec.structs.replace(line, to=None) if over else line


def test_every_event_belongs_to_a_leg_of_its_parcel_and_speaks_the_vocabulary():
    legs = {}
    for line in read(season()):
        if isinstance(line, SeasonParcel):
            legs[line.id] = {(leg.carrier, leg.tracking_number) for leg in line.legs}
        elif isinstance(line, SeasonEvent):
            event = line.event
            assert (event.carrier, event.tracking_number) in legs[line.parcel]
            assert (event.milestone, event.stage) == (
                STATUSES[event.sub_status].milestone,
                STATUSES[event.sub_status].stage,
            )
            assert event.text
            assert len(event.key) == 32


def test_nothing_is_visible_before_it_happened():
    """A clock that was misread may say otherwise, but only within its uncertainty, or the hours that a zone is wrong."""
    for line in read(season()):
        if isinstance(line, SeasonEvent) and line.event.source == "carrier_api":
            slack = timedelta(seconds=line.event.uncertainty_s)
            assert line.published_at >= line.event.occurred_at - slack


def test_only_statements_that_are_told_twice_share_a_key():
    seen = {}
    doubles = 0
    for line in read(season()):
        if isinstance(line, SeasonEvent):
            before = seen.setdefault((line.event.source, line.event.key), line.event)
            doubles += before is not line.event
            assert before == line.event
    assert 0 < doubles < 100


def test_every_number_is_one_that_its_carrier_could_have_issued():
    detector = Detector(formats())
    for made in some()[1][:200]:
        for (slug, _, _), number in zip(made.trip.order.channel.legs, dict.fromkeys(made.numbers), strict=False):
            assert slug in {candidate.carrier for candidate in detector.detect(number).candidates}


def test_no_two_parcels_have_the_same_number():
    numbers = [
        (slug, n)
        for made in some()[1]
        for (slug, _, _), n in zip(made.trip.order.channel.legs, made.numbers, strict=True)
    ]
    assert len(set(numbers)) == len(numbers)


def test_every_lane_and_every_kind_of_line_is_in_a_season_of_some_size():
    here, parcels = some()
    assert {made.trip.order.lane.name for made in parcels} == {lane.name for lane in here.nature.tables.lanes}
    assert {len(made.trip.order.channel.legs) for made in parcels} == {1, 2, 3}
    assert {made.trip.end for made in parcels} >= {"delivered", "returned", "lost", "cancelled"}
