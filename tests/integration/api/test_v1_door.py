"""What holds for all of the API: keys, limits, problems, and its description."""

import re
from datetime import timedelta

import httpx
import msgspec
import pytest
from openapi_spec_validator import validate

from everyleg.accounts import keys
from everyleg.accounts.actors import command_line
from everyleg.api.v1.access import RATE
from everyleg.api.v1.docs import OPERATIONS, description
from everyleg.api.v1.problems import KINDS
from everyleg.app.plugins import registry
from everyleg.app.site import pages_and_api
from tests.factories.api import api, caller, key, serving
from tests.factories.site import NOW

PARCEL = {"parcels": [{"tracking_number": "9400100000000000000001"}]}


def told(answer):
    """Status and kind of a problem; fails where it is none."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("/v1/docs#")


@pytest.mark.parametrize("sent", [None, "elk_1_" + "A" * 43, "not a key", "elk_999999_" + "A" * 43])
def test_without_a_key_that_works_nothing_is_seen(address, sent):
    with caller(address, sent) as client:
        for answer in (client.get("/v1/parcels"), client.get("/v1/parcels/1"), client.post("/v1/parcels", json={})):
            assert told(answer) == (401, "no-key")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_ends_at_once(address, database, workspace):
    with caller(address, key(database, workspace)) as client:
        assert client.get("/v1/parcels").status_code == 200
        with database.transaction(workspace) as app:
            (one,) = keys.listed(app, workspace)
            keys.revoke(app, database.keys, command_line(workspace), one.api_key_id, NOW)
        assert told(client.get("/v1/parcels")) == (401, "no-key")


def test_a_key_that_asks_too_often_waits_and_others_do_not(database, workspace, other_workspace):
    now = [NOW]
    with serving(api(database, lambda: now[0])) as address:
        one, other = (caller(address, key(database, w)) for w in (workspace, other_workspace))
        answers = [one.get("/v1/parcels", params={"limit": 1}) for _ in range(RATE.burst + 1)]
        assert {a.status_code for a in answers[:-1]} == {200}
        assert told(answers[-1]) == (429, "too-often")
        assert other.get("/v1/parcels").status_code == 200
        now[0] += timedelta(seconds=int(answers[-1].headers["retry-after"]))
        assert one.get("/v1/parcels").status_code == 200
        one.close()
        other.close()


@pytest.mark.parametrize(
    ("method", "path", "how", "expected"),
    [
        ("GET", "/v1/nothing", {}, (404, "not-found")),
        ("GET", "/v1/parcels/9999999999", {}, (404, "not-found")),
        ("GET", "/v1/parcels/99999999999999999999999", {}, (404, "not-found")),
        ("GET", "/v1/parcels/abc", {}, (404, "not-found")),
        ("DELETE", "/v1/parcels", {}, (405, "method")),
        ("GET", "/v1/parcels?limit=0", {}, (422, "invalid")),
        ("GET", "/v1/parcels?limit=many", {}, (422, "invalid")),
        ("GET", "/v1/parcels?after=%00", {}, (422, "invalid")),
        ("GET", "/v1/parcels?after=nonsense", {}, (422, "invalid")),
        ("POST", "/v1/parcels", {"content": b"{"}, (400, "malformed")),
        ("POST", "/v1/parcels", {"content": b"\xff\xfe"}, (400, "malformed")),
        ("POST", "/v1/parcels", {"content": b""}, (422, "invalid")),
        ("POST", "/v1/parcels", {"content": b"null"}, (422, "invalid")),
        ("POST", "/v1/parcels", {"content": b"[" * 100_000}, (400, "malformed")),
        ("POST", "/v1/parcels", {"content": b"{}"}, (422, "invalid")),
        ("POST", "/v1/parcels", {"content": b" " * (9 << 20)}, (413, "too-large")),
        ("POST", "/v1/parcels", {"json": PARCEL, "headers": {"content-type": "text/csv"}}, (415, "media-type")),
    ],
)
def test_every_refusal_is_a_problem_document(shop, method, path, how, expected):
    how.setdefault("headers", {}).setdefault("content-type", "application/json")
    assert told(shop.request(method, path, **how)) == expected


def test_what_does_not_fit_is_named(shop):
    body = {"parcels": [PARCEL["parcels"][0], {"tracking_number": "94001", "shiped_at": "2026-11-03"}]}
    answer = shop.post("/v1/parcels", json=body)
    assert told(answer) == (422, "invalid")
    (fault,) = answer.json()["errors"]
    assert "/parcels/1" in fault["pointer"]
    assert "shiped_at" in fault["detail"]


def test_a_time_without_a_zone_is_refused(shop):
    parcel = {**PARCEL["parcels"][0], "promised_by": "2026-11-20T10:00:00"}
    assert told(shop.post("/v1/parcels", json={"parcels": [parcel]})) == (422, "invalid")


def test_a_method_that_is_not_there_says_which_are(shop):
    assert set(shop.request("DELETE", "/v1/parcels").headers["allow"].split(", ")) >= {"GET", "POST"}


def test_the_description_is_openapi_3_1_and_open_to_all(nobody):
    document = nobody.get("/v1/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert msgspec.json.decode(msgspec.json.encode(description())) == document


def test_the_description_is_the_same_every_time():
    once = msgspec.json.encode(description())
    description.cache_clear()
    assert msgspec.json.encode(description()) == once


def test_every_problem_and_every_route_is_described():
    described = {(verb, path) for path, item in description()["paths"].items() for verb in item}
    routes = {
        (method.lower(), re.sub(":int", "", f"/v1{path}"))
        for handler in OPERATIONS
        for path in handler.paths
        for method in handler.http_methods
    }
    assert described == routes
    for item in description()["paths"].values():
        for operation in item.values():
            assert {"401", "403", "429", "500", "503", "422"} <= set(operation["responses"])
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]


def test_the_page_of_the_description_needs_nothing_from_elsewhere(nobody):
    page = nobody.get("/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert {one for one in loaded if not one.startswith("/v1/")} == set()
    assert "<script" not in page.text
    assert all(f'id="{name}"' in page.text for name in (*KINDS, "addParcels", "NewParcel", "Check"))
    assert nobody.get("/v1/docs.css").headers["content-type"].startswith("text/css")


def test_api_and_pages_stand_side_by_side(database):
    with serving(pages_and_api(database, registry())) as address:
        assert told(httpx.get(f"{address}/v1/parcels")) == (401, "no-key")
        assert told(httpx.get(f"{address}/v1/nothing"))[0] == 404
        for path in ("/dev/components", "/v10"):
            assert httpx.get(address + path).headers["content-type"].startswith("text/html")
