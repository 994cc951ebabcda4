"""What consolidations are called, what their facts mean to the parcels inside, and who is inside when."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.model import Flight, Ref
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.consolidations.naming import (
    Key,
    container_of,
    flight_of,
    key_for,
    key_of,
    keys_of_flight,
    mawb_of,
)
from everyleg.pipeline.consolidations.spreading import AROUND, Stay, is_inside, meaning

MAWB = Key("mawb", "", "784-55501121")
OTHER = Key("mawb", "", "784-55501132")
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("784-55501121", MAWB),
        ("mawb:784-55501121", MAWB),
        ("bag:BG-1", Key("bag", "acme", "BG-1")),
        ("flight:CZ3099@2026-11-19", Key("flight", "", "CZ3099@2026-11-19")),
        ("784-55501122", None),
        ("78455501121", None),
        ("YT2630700700000001", None),
        ("box:BG-1", None),
        ("bag:", None),
    ],
)
def test_a_number_says_itself_that_it_is_a_consolidation(number, key):
    assert key_of(Ref("acme", number)) == key


@pytest.mark.parametrize("written", ["784-55501121", "78455501121", "784 55501121"])
def test_an_air_waybill_is_one_however_it_is_written(written):
    assert mawb_of(written) == "784-55501121"


@pytest.mark.parametrize("written", ["CSQU3054383", "csqu 305438-3", "CSQU305438-3"])
def test_a_container_is_one_however_it_is_written(written):
    assert container_of(written) == "CSQU3054383"


@given(st.integers(0, 999_999), st.integers(0, 9), st.sampled_from("UJZ"))
def test_of_ten_check_digits_one_fits_a_container(serial, digit, category):
    fitting = [d for d in range(10) if container_of(f"ABC{category}{serial:06}{d}")]
    assert len(fitting) == 1


@pytest.mark.parametrize("written", ["CZ3099", "cz 3099", "CZ-3099", "CZ03099"])
def test_a_flight_is_one_however_it_is_written(written):
    assert flight_of(written, "2026-11-19T23:05:00") == "CZ3099@2026-11-19"


@pytest.mark.parametrize(("number", "day"), [("CZ3099", "soon"), ("3099", "2026-11-19"), ("", "2026-11-19")])
def test_what_is_no_flight_of_a_day_is_none(number, day):
    assert flight_of(number, day) is None


def test_a_flight_that_an_answer_names_is_the_flight_and_its_waybill():
    assert keys_of_flight(Flight("CZ3099", "2026-11-19", "784-55501121")) == [
        Key("flight", "", "CZ3099@2026-11-19"),
        MAWB,
    ]
    assert keys_of_flight(Flight("CZ3099", None, "-")) == []


@given(st.sampled_from(["flight", "mawb", "container", "bag", "batch"]), st.text(max_size=100), st.text(max_size=10))
def test_what_is_told_under_a_name_is_found_by_it(kind, reference, carrier):
    key = key_for(kind, reference, carrier)
    if key.reference:
        assert key_of(Ref(carrier, key.told_as)) == key


@given(st.sampled_from(["flight", "mawb", "container", "bag", "batch"]), st.sampled_from(sorted(STATUSES)))
def test_nothing_about_a_consolidation_ends_a_parcels_way(kind, sub_status):
    meant = meaning(kind, sub_status)
    if meant is not None:
        ended = {"delivered", "returned", "returning", "out_for_delivery", "available_for_pickup", "delivery_failed"}
        assert STATUSES[meant].milestone not in ended
        assert meant not in {"lost", "destroyed", "cancelled", "import_customs_seized", "damaged"}


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), st.booleans()), max_size=5),
    st.integers(0, 9),
    st.randoms(),
)
def test_who_is_inside_does_not_hang_on_the_order_of_words(told, day, random):
    stays = [Stay(1, MAWB)] + [
        Stay(
            2 if other else 1,
            OTHER if other else MAWB,
            *(None if at is None else NOW + at * DAY for at in (since, until)),
        )
        for since, until, other in told
    ]
    shuffled = random.sample(stays, len(stays))
    at = NOW + day * DAY
    assert is_inside(1, stays, at, None) == is_inside(1, shuffled * 2, at, None)


def test_who_was_put_in_stays_in_for_as_long_as_a_way_may_take():
    stay = [Stay(1, MAWB, NOW)]
    assert is_inside(1, stay, NOW + AROUND, None)
    assert not is_inside(1, stay, NOW + AROUND + DAY, None)
    assert is_inside(1, stay, NOW + AROUND + DAY, (NOW, NOW + 2 * AROUND))
