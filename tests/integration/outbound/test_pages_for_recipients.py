"""The page that a carrier made for recipients is left alone until somebody allows it."""

import asyncio

import pytest

from everyleg.app.plugins import registry
from everyleg.ports.asking import Account, Ask
from everyleg.ports.carrier_source import CarrierSource
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Gateway
from tests.integration.outbound.servers import Says, serving

PAGES = [m.slug for m in registry().manifests() if m.needs.consumer_site]


def ask(slug, url, **settings):
    """The answers to one number, and the kind and detail of what went wrong with each."""
    manifest = registry().manifest(slug)
    known = {name: name for name in manifest.needs.settings if name != "page_allowed"}
    account = Account(1, 1, slug, known | {"base_url": url} | settings)
    one = Ask("A1", slug, dict.fromkeys(manifest.needs.fields, "2000"))

    async def run():
        async with Gateway(parse_networks("127.0.0.0/8")) as gateway:
            return await CarrierSource(manifest).ask(gateway, account, [one])

    return asyncio.run(run())


def test_there_are_such_pages():
    assert {"uniuni", "gofo", "evri", "poste-italiane", "austrian-post"} <= set(PAGES)


@pytest.mark.parametrize("slug", PAGES)
def test_no_call_is_made_before_the_page_is_allowed(slug):
    with serving(lambda _: Says(b"{}")) as here:
        for settings in ({}, {"page_allowed": "no"}):
            (one,) = ask(slug, here.url, **settings)
            assert "page_allowed" in str(one.answer)
    assert here.seen == []


def test_a_page_that_is_allowed_is_asked():
    with serving(lambda _: Says(b"{}")) as here:
        (one,) = ask("uniuni", here.url, page_allowed="yes")
    assert [seen.path for seen in here.seen] == ["/cargo/trackinguniuninew"]
    assert one.answer.status == 200
