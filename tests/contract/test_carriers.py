"""Every carrier folder, held to the contract: nobody writes a test file for a carrier."""

import pytest

from everyleg.app.plugins import registry
from everyleg.ports.answer import Answer
from everyleg.ports.kit.checks import CHECKS, check_folder
from everyleg.ports.manifest.tree import parse

SLUGS = list(registry().folders)
READ = [slug for slug in SLUGS if registry().manifest(slug).readings]
SAMPLES = [(slug, path) for slug in READ for path in registry().carrier(slug).samples]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_folder_is_as_the_contract_wants(slug):
    assert check_folder(registry().carrier(slug)) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("slug", "sample"), SAMPLES, ids=lambda value: getattr(value, "name", value))
def test_the_sample_is_as_the_contract_wants(slug, sample, check):
    assert list(check(registry().carrier(slug), sample)) == []


def interface(slug, sample):
    """The shape by which a carrier reads a sample; some companies of a group share one interface."""
    return registry().carrier(slug).read(Answer(sample.read_bytes()), audit=False).reading.reading


def test_no_sample_of_one_carrier_is_taken_for_another_s_unless_they_share_the_interface():
    taken = {}
    for slug, path in SAMPLES:
        kind, tree = parse(path.read_bytes())
        others = {o for o in registry().owners(kind, tree) if interface(o, path) != interface(slug, path)}
        if others:
            taken[f"{slug}/{path.name}"] = sorted(others)
    assert taken == {}
