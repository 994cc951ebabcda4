"""The number formats that ship in the carriers' folders."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

import everyleg.carriers
from everyleg.numbers.detector import Detector
from everyleg.numbers.examples import example
from everyleg.numbers.ranking import tied
from everyleg.ports.number_formats import load_formats

FORMATS = load_formats([Path(everyleg.carriers.__file__).parent])
DETECTOR = Detector(FORMATS)
EVERY = [pytest.param(carrier, form, id=f"{carrier} {form.name}") for carrier in FORMATS for form in FORMATS[carrier]]


def made(form, count=20):
    rng = Random(form.pattern)
    return [number for number in (example(form, rng) for _ in range(count)) if any(map(str.isdigit, number))]


def carriers_of(number):
    return [candidate.carrier for candidate in DETECTOR.detect(number).candidates]


@pytest.mark.parametrize(("carrier", "form"), EVERY)
def test_every_format_names_its_source(carrier, form):
    assert form.source


@pytest.mark.parametrize(("carrier", "form"), EVERY)
def test_every_format_is_detected_and_is_first_where_a_check_digit_or_letters_speak_for_it(carrier, form):
    found = [carriers_of(number) for number in made(form)]
    speaks = form.confidence == "read" and (form.check or form.pattern[0] != "\\")
    assert sum(carrier in names[: 3 if speaks else 30] for names in found) >= 0.75 * len(found)


def test_each_carrier_gives_a_pattern_once():
    for carrier, formats in FORMATS.items():
        doubled = [p for p, n in Counter((form.pattern, str(form.check)) for form in formats).items() if n > 1]
        assert not doubled, carrier


def test_a_wrong_carrier_is_rarely_named_with_confidence():
    found = [(carrier, DETECTOR.detect(number)) for carrier, form in (e.values for e in EVERY) for number in made(form)]
    wrong = [d for c, d in found if d.candidates and d.candidates[0].carrier != c and d.candidates[0].confidence > 0.8]
    assert len(wrong) <= 0.01 * len(found)


@pytest.mark.parametrize("length", range(8, 17))
def test_bare_digits_never_yield_a_certain_carrier(length):
    rng = Random(length)
    numbers = ["".join(rng.choices("0123456789", k=length)) for _ in range(300)]
    sure = [n for n in numbers for one in DETECTOR.detect(n).candidates if one.confidence >= 0.9]
    assert len(sure) <= 0.01 * len(numbers)


def test_a_post_without_a_folder_is_still_told_by_its_country():
    reasons = DETECTOR.detect("RR123456785MN").candidates[0].reasons
    assert any("country MN" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("YT0000000000000017", "yunexpress"),
        ("YT0000000000017", "yto"),
        ("UB123456785YP", "yanwen"),
        ("EB123456785CN", "china-ems"),
        ("160-1234567 5", "air-waybill"),
        ("(00) 3 4043412 345678901 3", "dhl-parcel-de"),
    ],
)
def test_clashes_of_the_trade_are_told_apart(number, carrier):
    assert carriers_of(number)[0] == carrier


def test_twelve_digits_that_only_japanese_carriers_check_are_said_to_be_ambiguous():
    found = DETECTOR.detect("270000000000"[:11] + str(27000000000 % 7))
    assert {"sagawa", "yamato"} <= {one.carrier for one in tied(found.candidates)}
