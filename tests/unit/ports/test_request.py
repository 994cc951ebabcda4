"""The request part of manifests: what is filled in stays in its place, whatever it is."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import NotAskableError, Recipe, Setting, spelled_out
from everyleg.ports.manifest.schema import Request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1
)


def make(said, *numbers, facts=None, **known):
    request, _ = spelled_out(msgspec.convert(said, Request))
    asks = [Ask(number, "x", facts or {}) for number in numbers or ("A1",)]
    return Recipe(request).make(Setting(asks, known, NOW))


@given(TEXT, TEXT)
def test_any_number_and_setting_stay_inside_path_and_query(number, key):
    made = make({"url": "https://x.example/a/{number}/b?k={key}", "query": {"n": "{number}"}}, number, key=key)
    address = urlsplit(made.url)
    assert address.netloc == "x.example" and address.path.count("/") == 3 and "/../" not in address.path
    assert parse_qsl(address.query, keep_blank_values=True) == [("k", key), ("n", number)]


@given(TEXT, TEXT)
def test_any_value_stays_inside_a_json_string_or_becomes_one(number, key):
    body = '{"a": "{number}", "b": {number}, "c": "x-{key}-{number}", "d": {numbers}, "e": true}'
    made = make({"url": "https://x.example", "body": body}, number, "Z", key=key)
    expected = {"a": number, "b": number, "c": f"x-{key}-{number}", "d": [number, "Z"], "e": True}
    assert json.loads(made.body) == expected and made.headers["Content-Type"] == "application/json"


@given(TEXT)
def test_any_value_stays_inside_its_element_or_attribute(number):
    made = make({"url": "https://x.example", "body": '<a b="{number}"><c>{number}</c></a>'}, number)
    root = etree.fromstring(made.body)
    assert (root.get("b"), root.findtext("c"), len(root)) == (number, number, 1)


@given(TEXT, TEXT)
def test_any_value_stays_inside_its_field_of_a_form_json_in_it_too(number, key):
    form = {"k": "{key}", "data": '{"no": ["{number}"]}', "xml": "<n>{number}</n>"}
    made = make({"url": "https://x.example", "method": "POST", "form": form}, number, key=key)
    fields = dict(parse_qsl(made.body.decode(), keep_blank_values=True))
    assert fields["k"] == key and json.loads(fields["data"]) == {"no": [number]}
    assert etree.fromstring(fields["xml"].encode()).text == number


@given(st.text(min_size=1))
def test_no_value_breaks_out_of_a_header_or_leads_to_another_server(value):
    said = {"url": "{base_url}/x", "headers": {"X-Key": "Bearer {key}"}}
    try:
        made = make(said, key=value, base_url="https://x.example")
    except NotAskableError:
        assert not (value.isascii() and value.isprintable())
    else:
        assert made.headers["X-Key"] == f"Bearer {value}" and value.isprintable()
    with pytest.raises(NotAskableError, match="host"):
        make({"url": "https://{host}/x"}, host="a.example?b#" + value)


def test_a_batch_repeats_a_part_for_each_number_with_its_own_facts():
    said = {
        "url": "https://x.example",
        "body": '{"infos": [{items}]}',
        "repeat": {"items": {"text": '{"no": "{number}", "zip": {postal_code}}'}},
    }
    recipe = Recipe(msgspec.convert(said, Request))
    asks = [Ask("A", "x", {"postal_code": "1"}), Ask("B", "x", {"postal_code": "2"})]
    made = recipe.make(Setting(asks, {}, NOW))
    assert json.loads(made.body) == {"infos": [{"no": "A", "zip": "1"}, {"no": "B", "zip": "2"}]}
    assert recipe.takes_several and recipe.facts == set()


def test_a_part_that_is_repeated_in_xml_stays_xml():
    said = {
        "url": "https://x.example",
        "body": "<a>{items}</a>",
        "repeat": {"items": {"text": "<n>{number}</n>", "with": ""}},
    }
    assert make(said, "A", "B&").body == b"<a><n>A</n><n>B&amp;</n></a>"


def test_numbers_are_joined_as_the_carrier_wants_them():
    assert make({"url": "https://x.example/{numbers}"}, "A", "B/").url == "https://x.example/A,B%2F"
    assert make({"url": "https://x.example?n={numbers}", "numbers_with": ";"}, "A", "B").url.endswith("?n=A;B")


def test_what_may_be_missing_is_left_out_with_its_place():
    said = {
        "url": "https://x.example",
        "query": {"zip": "{postal_code?}", "n": "{number}"},
        "headers": {"L": "{lang?}"},
    }
    assert make(said).url == "https://x.example?n=A1"
    assert make(said, facts={"postal_code": "75001"}, lang="en").headers == {"L": "en"}


@pytest.mark.parametrize("where", ["url", "header", "body", "key"])
def test_what_is_missing_is_named_and_nothing_is_made(where):
    said = {"url": "https://x.example"}
    said |= {
        "url": {"url": "https://x.example/{api_key}"},
        "header": {"headers": {"K": "{api_key}"}},
        "body": {"body": '{"k": "{api_key}"}'},
        "key": {"headers": {"s": "{s}"}, "values": {"s": {"text": "x", "by": ["hmac_md5", "hex"], "key": "{api_key}"}}},
    }[where]
    with pytest.raises(NotAskableError, match=r"^needs api_key$"):
        make(said)


def test_a_value_that_needs_itself_is_missing():
    with pytest.raises(NotAskableError, match="needs"):
        make({"url": "https://x.example/{a}", "values": {"a": "{b}", "b": "{a}"}})


def test_basic_credentials_and_bearer_tokens_go_into_the_header():
    token = {"access_token": "T"}
    said = {"url": "https://x.example", "auth": {"basic": "{customer}&{code}"}}
    assert make(said, customer="C0001", code="s3cret").headers["Authorization"] == "Basic QzAwMDEmczNjcmV0"
    said = {"url": "https://x.example", "auth": {"oauth2": "https://x.example/token"}}
    assert make(said, **token).headers["Authorization"] == "Bearer T"
    said["headers"] = {"x-token": "{access_token}"}
    assert make(said, **token).headers == {"x-token": "T"}


def test_an_account_on_another_server_replaces_only_the_server():
    said = {"url": "https://api.example/v1/{number}?a=b"}
    assert make(said, base_url="http://127.0.0.1:9/lab/").url == "http://127.0.0.1:9/lab/v1/A1?a=b"
    assert make({"url": "{base_url}/v1"}, base_url="https://s.example/x").url == "https://s.example/x/v1"


@pytest.mark.parametrize(
    ("number", "query"),
    [
        ("784-55501121", [("prefix", "784"), ("serial", "55501121"), ("awb", "784-55501121")]),
        ("AC1", [("reference", "AC1")]),
        ("78455501121", [("reference", "78455501121")]),
    ],
)
def test_an_air_waybill_is_asked_for_in_its_own_words(number, query):
    said = {
        "url": "https://x.example",
        "query": {"reference": "{parcel?}", "prefix": "{airline?}", "serial": "{serial?}", "awb": "{waybill?}"},
    }
    assert parse_qsl(urlsplit(make(said, number).url).query) == query


def test_who_takes_air_waybills_says_how():
    asks = {"{number}": False, "{parcel?}": False, "{waybill?}": True, "{airline?}{serial?}": True}
    for text, takes in asks.items():
        recipe = Recipe(msgspec.convert({"url": "https://x.example", "query": {"n": text}}, Request))
        assert (recipe.takes_waybills, recipe.about_numbers) == (takes, True)
