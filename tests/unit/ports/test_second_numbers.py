"""The second number of a parcel, and whose it is."""

from pathlib import Path
from tempfile import mkdtemp
from textwrap import dedent

import msgspec
import pytest
from tests.factories.carriers import event

from everyleg.ports.answer import Answer
from everyleg.ports.registry import Registry

NAMED = """
slug: acme
names: {en: Acme, zh: 爱可美}
readings:
- name: v1
  fits: [parcels]
  results: parcels
  number: no
  events: events
  event: {time: {at: at}, code: code, text: text}
  aliases:
  - {at: last, relation: last_mile, carrier: [{join: [by, to]}, site], carriers: {DHL: "", DHL DE: parcel-de, 邮政: post}}
  - {match: "handed to (?P<carrier>[A-Za-z ]+), no (?P<number>\\\\w+)", relation: last_mile}
  - {match: "renumbered (?P<number>\\\\w+)", relation: replacement, carrier: {const: acme}}
"""
OTHERS = {"post": "Royal Post", "parcel-de": "Paket", "fast": "Fast"}


@pytest.fixture(scope="module")
def acme():
    root = Path(mkdtemp())
    for slug, name in OTHERS.items():
        (root / slug).mkdir()
        (root / slug / "carrier.yaml").write_text(
            f"slug: {slug}\nnames: {{en: {name}, zh: {name}}}\n", encoding="utf-8"
        )
    (root / "acme").mkdir()
    (root / "acme" / "carrier.yaml").write_text(dedent(NAMED), encoding="utf-8")
    return Registry([root], lambda _: None).carrier("acme")


def aliases(carrier, *events, **parcel):
    answer = {"parcels": [{"no": "AC1", "events": list(events) or [event()], **parcel}]}
    (result,) = carrier.read(Answer(msgspec.json.encode(answer)), audit=False).reading.results
    return [(alias.carrier, alias.tracking_number) for alias in result.aliases]


@pytest.mark.parametrize(
    ("named", "slug"),
    [
        ({"by": "Royal Post"}, "post"),
        ({"by": "ROYALPOST"}, "post"),
        ({"by": "Royal Post Tracked 48"}, "post"),
        ({"by": "Royal Post", "to": "GB"}, "post"),
        ({"by": "邮政"}, "post"),
        ({"by": "DHL", "to": "DE"}, "parcel-de"),
        ({"by": "DHL", "to": "FR"}, None),
        ({"by": "DHL", "site": "Fast"}, "fast"),
        ({"by": "Nobody Known"}, None),
        ({}, None),
    ],
)
def test_the_carrier_of_a_second_number_goes_by_any_of_its_names(acme, named, slug):
    assert aliases(acme, last="L1", **named) == [(slug, "L1")]


def test_the_own_number_is_no_second_number(acme):
    assert aliases(acme, last="AC-1") == []


def test_the_own_number_under_another_carrier_is_one(acme):
    assert aliases(acme, last="AC1", by="Fast") == [("fast", "AC1")]


def test_the_words_that_name_the_carrier_name_it_for_the_field_too(acme):
    said = event(text="handed to Royal Post, no L1")
    assert aliases(acme, said, last="L1") == [("post", "L1")]


def test_two_carriers_of_one_number_are_two_aliases(acme):
    said = event(text="handed to Royal Post, no L1")
    assert sorted(aliases(acme, said, last="L1", by="Fast")) == [("fast", "L1"), ("post", "L1")]


def test_words_that_name_no_carrier_mean_the_one_of_the_manifest(acme):
    assert aliases(acme, event(text="Parcel renumbered AC2")) == [("acme", "AC2")]
