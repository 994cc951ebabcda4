"""Detection over the example numbers of the shared corpus (tracking_number_data, MIT, © 2017 Jeff Keen), in place."""

import json
from pathlib import Path

import pytest

import everyleg.carriers
from everyleg.app.settings import shared_folder
from everyleg.numbers.detector import Detector
from everyleg.numbers.ranking import tied
from everyleg.ports.number_formats import load_formats

SHARED = shared_folder()
FILES = sorted((SHARED / "corpus" / "numbers").glob("*.json")) if SHARED else []
SLUGS = {
    "amazon": "amazon-logistics",
    "canadapost": "canada-post",
    "landmark": "landmark-global",
    "old_dominion": "old-dominion",
}
"""Couriers that go by another name there."""
DIVISIONS = {"DHL Express": "dhl-express", "DHL E-Commerce": "dhl-ecommerce"}
FITS_OTHERWISE = {("purolator_alpha", "purolator")}
"""Numbers listed as invalid for one format of a carrier that are valid in another of its formats."""

pytestmark = pytest.mark.skipif(not FILES, reason="no shared corpus: set EVERYLEG_SHARED or put it beside the checkout")


@pytest.fixture(scope="module")
def detector():
    return Detector(load_formats([Path(everyleg.carriers.__file__).parent]))


def carrier_of(courier, form, number, lookup):
    if courier == "s10":
        return lookup(number)
    return next(
        (slug for name, slug in DIVISIONS.items() if form["name"].startswith(name)), SLUGS.get(courier, courier)
    )


def formats():
    for path in FILES:
        for form in json.loads(path.read_text(encoding="utf-8"))["formats"]:
            yield path.stem, form


def post_of(number):
    """The carrier whose folder claims the country, `upu` where there is none."""
    claims = load_formats([Path(everyleg.carriers.__file__).parent])
    owners = [
        slug for slug, forms in claims.items() for f in forms if f.name == "S10" and f.pattern.endswith(number[-2:])
    ]
    return owners[0] if owners else "upu"


def test_valid_numbers_name_the_right_carrier_first_or_equally_likely(detector, capsys):
    found = [
        (carrier_of(courier, form, number, post_of), detector.detect(number).candidates)
        for courier, form in formats()
        for number in form["valid"]
    ]
    top1 = sum(names[:1] != [] and names[0].carrier == right for right, names in found)
    tied_top = sum(bool(names) and right in [one.carrier for one in tied(names)] for right, names in found)
    top3 = sum(right in [one.carrier for one in names[:3]] for right, names in found)
    wrong = sum(bool(names) and names[0].carrier != right and names[0].confidence > 0.8 for right, names in found)
    with capsys.disabled():
        print(f"\n{len(found)} shared numbers: top-1 {top1}, tied top {tied_top}, top-3 {top3}, surely wrong {wrong}")  # noqa: T201
    assert tied_top >= 0.95 * len(found)
    assert top3 >= 0.99 * len(found)
    assert wrong == 0


def test_invalid_numbers_are_never_confirmed_by_a_check_digit(detector):
    confirmed = [
        (form["name"], number, one.format)
        for courier, form in formats()
        for number in form["invalid"]
        for one in detector.detect(number).candidates
        if one.carrier == carrier_of(courier, form, number, post_of)
        and (form["id"], courier) not in FITS_OTHERWISE
        and any("check digit fits" in reason for reason in one.reasons)
    ]
    assert confirmed == []
