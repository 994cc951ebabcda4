"""Every aggregator, held to one contract: nobody writes a test file for one."""

import pytest
import yaml

from everyleg.app.plugins import aggregators, registry
from everyleg.core.vocabulary import STATUSES
from everyleg.ports.answer import Answer
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.push import Push

SLUGS = list(registry().upstream_folders)
SAMPLES = [
    (slug, path)
    for slug, folder in registry().upstream_folders.items()
    for path in sorted((folder / "samples").iterdir())
    if path.suffix != ".yaml"
]
NAMED = {"ids": lambda value: getattr(value, "name", value)}


def answered(slug, body, *asked):
    return registry().carrier(slug).read(Answer(body), Asked(tuple(asked), source=slug), audit=False)


def said(result, owner):
    """A result as people write it down."""
    found = {"carrier": owner, "number": result.tracking_number, "outcome": result.outcome}
    if result.reason:
        found["reason"] = result.reason.kind
    if result.state_hint:
        found["state_hint"] = result.state_hint
    if result.aliases:
        found["aliases"] = [f"{a.relation} {a.carrier} {a.tracking_number}" for a in result.aliases]
    if result.events:
        found["events"] = [f"{e.occurred_at:%Y-%m-%dT%H:%MZ} {e.time_basis} {e.sub_status}" for e in result.events]
    return found


def test_there_are_aggregators():
    assert SLUGS == ["17track", "kuaidi100"]


@pytest.mark.parametrize(("slug", "sample"), SAMPLES, **NAMED)
def test_a_sample_is_read_as_a_person_reviewed_it(slug, sample):
    expected = yaml.safe_load(sample.with_suffix(".reading.yaml").read_text(encoding="utf-8"))
    read = answered(slug, sample.read_bytes())
    assert read.understood
    assert [said(r, o) for r, o in zip(read.reading.results, read.owners, strict=True)] == expected["results"]
    assert [f"{w.kind} {w.value}" for w in read.reading.warnings] == expected.get("warnings", [])


@pytest.mark.parametrize(("slug", "sample"), SAMPLES, **NAMED)
def test_statements_are_the_real_carriers_and_their_source_is_the_aggregator(slug, sample):
    read = answered(slug, sample.read_bytes())
    for result, owner in zip(read.reading.results, read.owners, strict=True):
        assert {e.carrier for e in result.events} <= {owner}
        assert {e.source for e in result.events} <= {slug}
        assert {e.sub_status for e in result.events} <= STATUSES.keys() - {"other"}
        assert owner == slug or owner in registry().folders


@pytest.mark.parametrize(("slug", "sample"), SAMPLES, **NAMED)
@pytest.mark.parametrize("damage", [b"", b"\x00", b"<html>busy</html>", b"[]", b"{}", b"null"])
def test_whatever_comes_instead_is_said_and_never_raises(slug, sample, damage):
    read = answered(slug, damage + sample.read_bytes()[:40] if damage == b"\x00" else damage, "AB1")
    assert [result.outcome for result in read.reading.results] == ["failed"]
    assert [result.asked for result in read.reading.results] == ["AB1"]


@pytest.mark.parametrize(("slug", "sample"), SAMPLES, **NAMED)
def test_every_number_that_was_asked_is_answered_for(slug, sample):
    numbers = [r.tracking_number for r in answered(slug, sample.read_bytes()).reading.results if r.tracking_number]
    asked = {*numbers, "NEVER SAID 1"}
    read = answered(slug, sample.read_bytes(), *asked)
    assert {r.asked for r in read.reading.results} >= asked


@pytest.mark.parametrize("slug", SLUGS)
def test_its_manifest_says_what_an_account_needs_what_it_allows_and_how_it_signs(slug):
    manifest = registry().manifest(slug)
    assert manifest.kind == "aggregator"
    assert manifest.needs.settings
    assert manifest.needs.apply
    assert manifest.limits.batch
    assert isinstance(manifest.push, Push)
    assert manifest.push.signature


@pytest.mark.parametrize("slug", SLUGS)
def test_it_can_be_asked_under_the_slug_of_its_answers(slug):
    source = aggregators(registry(), None)[slug]
    assert (source.slug, source.observed_as, source.batch) == (slug, slug, registry().manifest(slug).limits.batch)
