"""What the lab prints in a carrier's shape, that carrier's manifest reads: the season comes back."""

from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lab import readback, worlds

from everyleg.core.model import Place, Statement
from everyleg.lab.rendering.scans import Shown
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.rendering.wording import words_of
from everyleg.lab.season import SeasonEvent, SeasonLeg, SeasonParcel, read
from everyleg.ports.manifest.codes import StatusTable

END = datetime(2027, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


@cache
def shelf(seed=3, parcels=300):
    return Shelf(read(worlds.season(seed, parcels)))


def spoken(shelf):
    return [leg for leg in shelf.legs() if leg.carrier in SHAPES and leg.published]


def test_a_whole_season_comes_back_through_the_manifests():
    here = shelf()
    told = exact = 0
    for leg in spoken(here):
        events = readback.read_leg(leg, END).events
        differ = readback.differences([one.event for one in leg.published], events)
        assert [pair for pair in differ if pair not in readback.CODELESS] == [], (leg.carrier, leg.number)
        told, exact = told + len(leg.published), exact + len(leg.published) - len(differ)
    assert told > 4000
    assert exact / told > 0.97


def test_at_least_eight_carriers_of_the_world_are_spoken():
    assert len({leg.carrier for leg in spoken(shelf())}) >= 12


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(4, 9), hours=st.integers(0, 24 * 80), index=st.integers(0, 39))
def test_at_any_moment_an_answer_says_what_is_published_and_nothing_more(seed, hours, index):
    legs = spoken(shelf(seed, 20))
    leg, now = legs[index % len(legs)], datetime(2026, 9, 21, tzinfo=UTC) + timedelta(hours=hours)
    visible = [one.event for one in leg.published if one.at <= now]
    result = readback.read_leg(leg, now)
    assert result.outcome == ("found" if visible else "unknown")
    assert {e.sub_status for e in result.events} <= {e.sub_status for e in visible} | {b for _, b in readback.CODELESS}
    assert len(readback.differences(visible, result.events)) <= len(visible)
    assert len(result.events) <= len(visible)


@pytest.mark.parametrize("slug", sorted(SHAPES))
def test_before_the_first_event_the_carrier_says_that_it_does_not_know_the_number(slug):
    number = "1Z999AA10123456784"
    reading = readback.read(SHAPES[slug].nothing([number]), slug, number, now=NOW)
    assert [r.outcome for r in reading.results] == ["unknown"]


@pytest.mark.parametrize("slug", sorted(SHAPES))
def test_the_carriers_own_errors_are_read_as_such(slug):
    shape = SHAPES[slug]
    for reply, kind in ((shape.limited, "rate_limited"), (shape.refused, "refused")):
        result = readback.read(reply, slug, "X1", now=NOW).results[0]
        assert (result.outcome, result.reason and result.reason.kind) == ("failed", kind)


@pytest.mark.parametrize("slug", sorted(SHAPES))
def test_every_code_of_the_table_is_one_that_the_manifest_lists(slug):
    carrier = readback.carrier(slug)
    table = StatusTable(carrier.codes["default"], "words")
    for step, said in words_of(slug).items():
        meaning = table.of(said.code or None, said.text, said.category or None)
        assert meaning.unknown is None, (step, said)
        if said.text:
            assert meaning.sub_status == step or (step, meaning.sub_status) in readback.CODELESS, said


def test_a_forwarder_names_the_number_of_the_last_mile():
    for leg in spoken(shelf()):
        after = leg.shown(END).next
        aliases = readback.read_leg(leg, END).aliases
        if leg.carrier in ("yunexpress", "4px", "yanwen", "cainiao") and after:
            named = [a for a in aliases if a.tracking_number == after.number]
            assert [a.relation for a in named] == ["last_mile"]
            assert named[0].carrier in (after.carrier, None)


def test_several_numbers_in_one_answer_each_have_their_own_result():
    legs = [leg for leg in spoken(shelf()) if leg.carrier == "yanwen"][:3]
    now = max(one.at for leg in legs for one in leg.published)
    reply = SHAPES["yanwen"].answer([*(leg.shown(now) for leg in legs), Shown("UA999999999YP")])
    reading = readback.read(reply, "yanwen", *(leg.number for leg in legs), "UA999999999YP", now=now)
    assert [r.outcome for r in reading.results] == ["found", "found", "found", "unknown"]


def test_a_code_that_a_season_of_somebody_else_names_is_printed():
    at = datetime(2026, 10, 1, 12, tzinfo=UTC)
    parcel = SeasonParcel(id="a", legs=[SeasonLeg("usps", "9200190000000000000017")], created_at=at)
    event = statement(at, "usps", "9200190000000000000017", "arrived_facility", code="U1", text=None)
    here = Shelf([parcel, SeasonEvent("a", at, event)])
    result = readback.read_leg(next(here.legs()), at)
    assert [(e.code, e.sub_status) for e in result.events] == [("U1", "arrived_facility")]


def test_what_an_aggregator_tells_is_in_no_carriers_answer():
    lines = list(read(worlds.season(3, 300)))
    others = sum(isinstance(line, SeasonEvent) and line.event.source != "carrier_api" for line in lines)
    assert Shelf(lines).left_out == others > 0


def test_a_number_given_out_twice_shows_both_lives():
    first, second = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    number, lines = "9200190000000000000017", []
    for name, at in (("old", first), ("new", second)):
        lines.append(SeasonParcel(id=name, legs=[SeasonLeg("usps", number)], created_at=at))
        lines.append(SeasonEvent(name, at, statement(at, "usps", number, "delivered")))
    shown = Shelf(lines).shown("usps", number, END)
    assert [scan.at for scan in shown.scans] == [first, second]


def test_answers_are_as_small_as_real_ones():
    sizes = [len(SHAPES[leg.carrier].answer([leg.shown(END)]).body) for leg in spoken(shelf())]
    assert max(sizes) < 40_000


def statement(at, carrier, number, sub_status, code=None, text="Delivered, Denver"):
    return Statement(
        carrier=carrier, tracking_number=number, stage="last_mile", milestone=readback.milestone(sub_status),
        sub_status=sub_status, occurred_local=at.replace(tzinfo=None), utc_offset=0, time_basis="offset",
        occurred_at=at, uncertainty_s=0, place=Place(), code=code, text=text, lang="en", source="carrier_api",
        observed_at=None, observation=None, key=f"{carrier}{number}{at}",
    )  # fmt: skip


def test_json_shapes_are_json():
    for leg in spoken(shelf())[:200]:
        reply = SHAPES[leg.carrier].answer([leg.shown(END)])
        assert reply.media != "application/json" or msgspec.json.decode(reply.body)
