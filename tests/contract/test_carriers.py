"""Every carrier folder, held to the contract: nobody writes a test file for a carrier."""

import pytest

from everyleg.app.plugins import registry
from everyleg.ports.kit.checks import CHECKS, check_folder

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


def test_no_sample_of_one_carrier_is_taken_for_another_s():
    from everyleg.ports.manifest.tree import parse

    shared = {}
    for slug, path in SAMPLES:
        kind, tree = parse(path.read_bytes())
        owners = {registry().manifest(o).extends or o for o in registry().owners(kind, tree)}
        if owners - {registry().manifest(slug).extends or slug}:
            shared[f"{slug}/{path.name}"] = sorted(owners)
    assert shared == {}
