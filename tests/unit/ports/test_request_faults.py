"""A request part that cannot be used with what the manifest says is needed is found before anybody asks."""

import msgspec
import pytest

from everyleg.app.plugins import registry
from everyleg.ports.kit.requests import request_faults
from everyleg.ports.manifest.schema import Manifest


def faults(needs, request, **said):
    carrier = {"slug": "acme", "names": {"en": "Acme", "zh": "Acme"}, "needs": needs, "request": request, **said}
    return request_faults(msgspec.convert(carrier, Manifest))


URL = "https://acme.example/{number}"


def test_a_request_made_of_its_settings_and_facts_is_well():
    needs = {"auth": "key", "settings": ["api_key"], "fields": ["postal_code"]}
    assert faults(needs, {"url": URL, "query": {"key": "{api_key}", "zip": "{postal_code}"}}) == []


def test_a_setting_that_nobody_is_asked_for_is_named():
    (fault,) = faults({"auth": "key"}, {"url": URL, "query": {"key": "{api_key}"}})
    assert "api_key" in fault and fault.startswith("request")


def test_a_setting_or_fact_that_no_request_uses_is_not_asked_of_people():
    needs = {"auth": "key", "settings": ["account"], "fields": ["postal_code"]}
    assert [fault.partition(" ")[0] for fault in faults(needs, {"url": URL})] == ["account", "postal_code"]


def test_a_setting_that_only_the_token_needs_is_named_with_the_token():
    login = {"token": {"url": "https://acme.example/token", "form": {"user": "{user}"}}}
    (fault,) = faults({"auth": "oauth2"}, {"url": URL, "auth": login})
    assert "user" in fault and fault.startswith("token")


def test_a_member_says_where_it_stands_and_its_family_need_not():
    request = {"url": "{base_url}/{number}"}
    assert faults({}, request, kind="family") == []
    assert faults({}, request, settings={"base_url": "https://acme.example"}) == []
    assert len(faults({}, request)) == 1


def test_a_page_for_recipients_has_to_be_switched_on_and_to_be_said():
    unsaid = faults({"consumer_site": True}, {"url": URL})
    assert len(unsaid) == 2
    said = {"consumer_site": True, "settings": ["page_allowed"], "note": "the page's own interface"}
    assert faults(said, {"url": URL}) == []


@pytest.mark.parametrize("slug", [m.slug for m in registry().manifests() if m.request is not None])
def test_every_carrier_can_be_asked_with_what_its_manifest_asks_for(slug):
    assert request_faults(registry().manifest(slug)) == []
