"""A browser before the real pages, over a store with a few parcels."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.factories.site import NOW, journey, serving, shipped, somebody
from tests.integration.conftest import database, new_workspace, server  # noqa: F401 (fixtures)

from everyleg.pipeline.parcels import NewParcel, ensure_parcels

CHROMIUM = next(
    (
        p
        for p in ("/usr/bin/chromium", shutil.which("chromium"), shutil.which("google-chrome"))
        if p and Path(p).exists()
    ),
    None,
)


@pytest.fixture(scope="module")  # not longer: while it is open, nobody else in the process can run an event loop
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install Debian's package `chromium` (as root: apt-get install chromium)")
    args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site(database, tmp_path_factory):  # noqa: F811
    with serving(database, forwarders=tmp_path_factory.mktemp("carriers")) as address:
        yield address


class Here:
    """A workspace with a parcel of three carriers and forty that nobody told of yet."""

    def __init__(self, database, site):  # noqa: F811
        self.database, self.site = database, site
        self.workspace = new_workspace(database)
        self.parcel = journey(database, self.workspace)
        shipped(database, self.workspace, self.parcel, order_reference="SO-2026-77", promised_by=NOW)
        with database.transaction(self.workspace) as app:
            more = [NewParcel("usps", f"94001000000000000{n:05}") for n in range(40)]
            ensure_parcels(app, self.workspace, more)
        self.email, self.token = somebody(database, self.workspace)


@pytest.fixture(scope="module")
def here(database, site):  # noqa: F811
    return Here(database, site)


@pytest.fixture
def open_page(browser, here):
    """Opens a page for somebody who has signed in; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def opened(path="/parcels", *, signed_in=True, cookies=(), **how):
        how = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "timezone_id": "Asia/Shanghai"} | how
        context = browser.new_context(**how)
        context.set_default_timeout(8000)
        contexts.append(context)
        if signed_in:
            context.add_cookies([{"name": "everyleg_session", "value": here.token, "url": here.site}])
        context.add_cookies([{"name": n, "value": v, "url": here.site} for n, v in cookies])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(here.site + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
