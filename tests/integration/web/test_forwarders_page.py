"""The form that makes a forwarder on a known system: whole or not at all, and nobody else's name."""

from contextlib import ExitStack
from pathlib import Path

import pytest

import everyleg.carriers
from everyleg.app.plugins import load_hook
from everyleg.ports.registry import Registry
from tests.factories.site import serving, somebody
from tests.integration.web.conftest import Visitor

FIELDS = {"family": "k5", "base_url": "https://mine.example", "zh": "示例货代", "en": "", "slug": "example-forwarder"}


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return tmp_path_factory.mktemp("plugins")


@pytest.fixture(scope="module")
def carriers(plugins):
    return Registry([Path(everyleg.carriers.__file__).parent, plugins], load_hook)


@pytest.fixture(scope="module")
def site(database, carriers, plugins):
    with serving(database, carriers=carriers, forwarders=plugins) as address:
        yield address


@pytest.fixture
def visitor_as(site, database, workspace):
    with ExitStack() as opened:

        def entering(role="owner", language="en"):
            client = opened.enter_context(Visitor(base_url=site, headers={"accept-language": language}))
            client.cookies.set("everyleg_session", somebody(database, workspace, role)[1])
            return client

        yield entering


def test_a_forwarder_is_made_and_read_at_once(visitor_as, carriers, plugins):
    said = visitor_as().send_form("/forwarders", **FIELDS)
    assert said.url.params["made"] == "example-forwarder"
    assert "held to the 4 sample answers" in said.text
    assert carriers.manifest("example-forwarder").settings == {"base_url": "https://mine.example"}
    assert (plugins / "example_forwarder" / "carrier.yaml").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "No Slug"}, "Only lower-case letters"),
        ({"slug": "usps"}, "has this short name already"),
        ({"family": "nothing"}, "Choose one of the systems"),
        ({"base_url": "https://mine.example/?q=1"}, "This is no address"),
        ({"base_url": "https://someone:secret@mine.example"}, "This is no address"),
        ({"zh": "顺丰国际", "slug": "another"}, "Another carrier is called that"),
        ({"zh": "USPS", "slug": "another"}, "Another carrier is called that"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(visitor_as, plugins, wrong, said):
    before = sorted(path.name for path in plugins.iterdir())
    answer = visitor_as().send_form("/forwarders", **{**FIELDS, "slug": "not-made", "zh": "未建", **wrong})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert "https://mine.example" in answer.text, "what was typed stays"
    assert sorted(path.name for path in plugins.iterdir()) == before


def test_who_keeps_no_settings_makes_no_forwarder(visitor_as, plugins):
    operator = visitor_as("operator")
    assert operator.get("/forwarders").status_code == 403
    sent = operator.send_form("/parcels", "/forwarders", **{**FIELDS, "slug": "by-an-operator", "zh": "运营货代"})
    assert sent.status_code == 403
    assert not (plugins / "by_an_operator").exists()


def test_the_page_speaks_chinese(visitor_as):
    assert "已知系统上的货代" in visitor_as(language="zh-CN").get("/forwarders").text


def test_without_a_folder_of_its_own_the_page_says_what_to_set(database, workspace):
    with serving(database) as address, Visitor(base_url=address, headers={"accept-language": "en"}) as client:
        client.cookies.set("everyleg_session", somebody(database, workspace)[1])
        assert "EVERYLEG_PLUGINS" in client.get("/forwarders").text
