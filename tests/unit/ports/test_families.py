"""Forwarders that rent the same system: one family, many members of a few lines."""

from pathlib import Path
from tempfile import mkdtemp
from textwrap import dedent

import msgspec
import pytest
from tests.factories.carriers import READING, answer, event

from everyleg.ports.answer import Answer
from everyleg.ports.kit.checks import check_folder, check_samples, expected_path, read_sample
from everyleg.ports.kit.expected import dump, short_form
from everyleg.ports.registry import Registry

FAMILY = """
slug: rented
names: {en: Rented, zh: 租用系统}
country: CN
kind: family
tier: bronze
verified: {against: documents, on: "2026-11-22"}
zone: {home: Asia/Shanghai}
request: {url: "{base_url}/track?no={number}"}
"""
MEMBER = """
slug: forwarder
names: {en: Forwarder, zh: 货代}
kind: consolidator
extends: rented
settings: {base_url: "https://forwarder.example"}
"""


@pytest.fixture
def houses():
    root = Path(mkdtemp())
    for name, text in (("rented", dedent(FAMILY) + READING), ("forwarder", dedent(MEMBER))):
        (root / name).mkdir()
        (root / name / "carrier.yaml").write_text(text, encoding="utf-8")
    (root / "rented" / "codes.yaml").write_text("codes: {PU: picked_up}\n", encoding="utf-8")
    (root / "rented" / "samples").mkdir()
    (root / "rented" / "samples" / "one.json").write_bytes(msgspec.json.encode(answer(event())))
    return Registry([root], lambda _: None)


def test_a_member_reads_as_its_family_under_its_own_name(houses):
    reading = houses.carrier("forwarder").read(Answer(msgspec.json.encode(answer(event())))).reading
    assert (reading.carrier, reading.reading) == ("forwarder", "v1")
    assert [(e.carrier, e.sub_status) for e in reading.results[0].events] == [("forwarder", "picked_up")]


def test_a_member_differs_in_name_and_address_only(houses):
    manifest = houses.manifest("forwarder")
    assert (manifest.names.en, manifest.kind) == ("Forwarder", "consolidator")
    assert manifest.settings == {"base_url": "https://forwarder.example"}
    assert (manifest.tier, manifest.country, manifest.request) == ("bronze", "CN", houses.manifest("rented").request)


def test_a_member_is_held_to_the_samples_of_its_family(houses):
    member = houses.carrier("forwarder")
    (sample,) = member.samples
    assert [f.check for f in check_samples(member)] == ["reads_as_expected"], "not reviewed yet"
    expected_path(sample).write_text(dump(short_form(read_sample(member, sample))), encoding="utf-8")
    assert check_samples(member) == check_folder(member) == []


def test_an_answer_is_said_to_be_the_family_s(houses):
    assert houses.owners("json", answer(event())) == ["rented"]
