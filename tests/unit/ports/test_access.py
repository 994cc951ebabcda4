"""What one must have before a carrier can be asked, read off its manifest."""

import pytest

from everyleg.app.plugins import registry
from everyleg.ports.access import access, access_in
from everyleg.ports.manifest.schema import Aliases, EventSpec, Manifest, Names, Needs, ReadingSpec, Request, TimeSpec

READS = [ReadingSpec(name="a", fits=["a"], event=EventSpec(time=TimeSpec(at="t")))]
ASKED = Request(url="https://carrier.example/track/{number}")


def manifest(**said):
    return Manifest(slug="acme", names=Names(en="Acme", zh="极致"), **said)


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({}, "unread"),
        ({"readings": READS}, "read"),
        ({"readings": READS, "push": True}, "push"),
        ({"readings": READS, "request": ASKED}, "open"),
        ({"readings": READS, "request": ASKED, "needs": Needs(settings=["base_url"])}, "address"),
        (
            {"readings": READS, "request": ASKED, "needs": Needs(settings=["base_url"]), "settings": {"base_url": "x"}},
            "open",
        ),
        ({"readings": READS, "request": ASKED, "needs": Needs(auth="key", settings=["key"])}, "key"),
        ({"readings": READS, "request": ASKED, "needs": Needs(auth="signature", settings=["key"])}, "key"),
        ({"readings": READS, "request": ASKED, "needs": Needs(auth="contract", settings=["key"])}, "contract"),
    ],
)
def test_the_way_to_a_carrier_follows_from_its_manifest(said, way):
    assert access(manifest(**said)).way == way


def test_an_account_is_asked_only_for_what_the_manifest_does_not_say():
    needs = Needs(auth="key", settings=["base_url", "key"], fields=["postal_code"], apply="https://carrier.example")
    found = access(manifest(readings=READS, request=ASKED, needs=needs, settings={"base_url": "x"}))
    assert (found.settings, found.fields, found.apply) == (["key"], ["postal_code"], "https://carrier.example")


def test_aggregators_are_those_that_have_a_word_for_it():
    assert access(manifest(aliases=Aliases(track17=["1"]))).aggregators == ["17track"]
    assert access(manifest(aliases=Aliases(kuaidi100=["acme"]))).aggregators == ["kuaidi100"]


def test_every_carrier_can_be_told_of():
    of = access_in(registry())
    for slug in registry().folders:
        found = of(slug)
        assert found.carrier == slug
        assert found.way != "key" or found.settings
    assert of("nobody-we-know").way == "unread"
