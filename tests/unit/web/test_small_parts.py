"""Links of buyers, raw answers laid out, tags that somebody typed, paths to lead on to."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.web.buyer import links
from everyleg.web.page import safe_path
from everyleg.web.seller.parcel.raw import laid_out
from everyleg.web.seller.parcel.writing import LONGEST_TAG, MOST_TAGS, tag_names

secrets = st.text(string.ascii_letters + string.digits + "-_", min_size=22, max_size=22)


@given(st.integers(1, 10**9 - 1), secrets)
def test_a_link_names_its_workspace(workspace, secret):
    assert links.read(links.token(workspace, secret)) == (workspace, secret)


@given(st.text())
def test_any_text_is_a_link_or_none(text):
    links.read(text)


def test_a_parcel_without_a_secret_has_no_link():
    assert links.token(1, None) is None


@given(st.binary(max_size=300))
def test_any_bytes_can_be_laid_out(body):
    assert isinstance(laid_out(body), str)


def test_json_and_xml_are_indented_and_keep_their_words():
    assert laid_out('{"a": ["签收"]}'.encode()) == '{\n  "a": [\n    "签收"\n  ]\n}'
    assert laid_out(b"<a><b>1</b></a>") == "<a>\n  <b>1</b>\n</a>\n"


def test_xml_entities_are_not_followed():
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert "root:" not in laid_out(bomb)


@given(st.text())
def test_any_text_gives_few_short_tags_each_once(text):
    names = tag_names(text)
    assert len(names) == len(set(names)) <= MOST_TAGS
    assert all(0 < len(name) <= LONGEST_TAG and name.strip() == name for name in names)


def test_tags_are_separated_by_commas_of_any_kind():
    assert tag_names(" 易碎, VIP ，易碎;  late  one ") == ["易碎", "VIP", "late one"]


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "", None, "javascript:1"]
)
def test_nobody_is_led_away_from_these_pages(path):
    assert safe_path(path, "/parcels") == "/parcels"


def test_a_path_of_ours_is_kept():
    assert safe_path("/parcels?q=1") == "/parcels?q=1"
