"""What is written about carriers, and where their own pages are."""

from pathlib import Path
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from everyleg.app.plugins import registry
from everyleg.ports.kit.table import markdown
from everyleg.ports.manifest.schema import Manifest, Names
from everyleg.ports.pages import tracking_page

ROOT = Path(__file__).parents[3]


def carrier(page: str | None) -> Manifest:
    return Manifest(slug="some", names=Names(en="Some", zh="Some"), tracking_page=page)


def test_the_page_of_carriers_is_what_the_manifests_say():
    written = (ROOT / "docs/carriers.md").read_text(encoding="utf-8")
    assert written == markdown(registry()), "run: everyleg carriers table > docs/carriers.md"


def test_a_number_stands_in_the_address_of_its_carriers_page():
    assert (
        tracking_page(carrier("https://example.com/track?n={n}"), "AB 1/2") == "https://example.com/track?n=AB%201%2F2"
    )


def test_a_page_that_takes_no_number_is_led_to_as_it_is():
    assert tracking_page(carrier("https://example.com/"), "AB12") == "https://example.com/"
    assert tracking_page(carrier(None), "AB12") is None


@given(st.text(st.characters(codec="utf-8")))
def test_any_number_stays_one_part_of_the_address(number):
    address = tracking_page(carrier("https://example.com/{n}/x"), number) or ""
    middle = address.removeprefix("https://example.com/").removesuffix("/x")
    assert unquote(middle) == number
    assert not set("/?#&<>\"' ") & set(middle)


def test_every_page_of_a_carrier_is_an_address_with_one_kind_of_gap():
    pages = {m.slug: m.tracking_page for m in registry().manifests() if m.tracking_page}
    wrong = [
        s for s, page in pages.items() if not page.startswith(("https://", "http://")) or "{" in page.replace("{n}", "")
    ]
    assert wrong == []
