"""The pages, served over the tests' own database; clients that are signed in."""

import re

import httpx
import pytest

from tests.factories.site import serving, somebody


@pytest.fixture(scope="module")
def site(database):
    with serving(database) as address:
        yield address


@pytest.fixture
def visitor(site):
    """Nobody that the pages know."""
    with Visitor(base_url=site, headers={"accept-language": "en"}) as client:
        yield client


@pytest.fixture
def enter(site, database):
    """Signs somebody in and gives their client."""
    opened = []

    def signed_in(workspace, role="owner", shop_ids=None):
        client = Visitor(base_url=site, headers={"accept-language": "en"})
        client.cookies.set("everyleg_session", somebody(database, workspace, role, shop_ids)[1])
        opened.append(client)
        return client

    yield signed_in
    for client in opened:
        client.close()


@pytest.fixture
def owner(enter, workspace):
    return enter(workspace)


class Visitor(httpx.Client):
    """A browser that sends forms with their tokens."""

    def send_form(self, page, path=None, files=None, **fields):
        """Load a page, send a form of it to a path (the page's own, unless given), and follow where it leads."""
        body = self.get(page).text
        hidden = {name: re.search(f'name="{name}" value="([^"]*)"', body)[1] for name in ("_csrf_token", "once")}
        return self.post(path or page, data=hidden | fields, files=files, follow_redirects=True)
