"""`GET /v1/parcels…`: who sees what, how fresh it says it is, and how one pages through it."""

from datetime import timedelta
from importlib import resources

from jsonschema import Draft202012Validator

from everyleg.accounts.actors import Actor
from everyleg.api.v1 import queries
from everyleg.api.v1.docs import description
from everyleg.app.plugins import registry
from everyleg.core.model import Reason
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.outcomes import record_failure
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.work import drain
from everyleg.store import due
from tests.factories.site import NOW, journey, shipped


def added(database, workspace, *numbers):
    with database.transaction(workspace) as app:
        return [e.parcel_id for e in ensure_parcels(app, workspace, [NewParcel("usps", n) for n in numbers])]


def delivered(database, workspace):
    """The journey to its end."""
    parcel = journey(database, workspace)
    body = resources.files("everyleg.lab").joinpath("journey/4-usps-delivered.json").read_bytes()
    receive(database, [Received(workspace, "carrier_api", "usps", body, (), NOW + timedelta(hours=1))])
    drain(database, registry())
    return parcel


def number_ids(database, workspace, number):
    with database.transaction(workspace) as app:
        rows = app.execute("SELECT number_id FROM numbers WHERE tracking_number = %s", (number,))
        return [row[0] for row in rows]


def pages(caller, path, what, **params):
    """Every page's entries, one after the other."""
    after = ""
    while after is not None:
        page = caller.get(path, params={**params, **({"after": after} if after else {})}).json()
        yield page[what]
        after = page["next"]


def fits(document, shape):
    """Whether a document is what the description says; raises where it is not."""
    schema = {"$ref": f"#/components/schemas/{shape}", "components": description()["components"]}
    Draft202012Validator(schema).validate(document)
    return True


# --- what holds for all ---------------------------------------------------------------------------------------------


def test_every_answer_is_what_the_description_says(shop, enter, database, workspace):
    sent = {"tracking_number": "9400100000000000000001", "lines": [{"sku": "MUG", "quantity": 2.5}], "tags": ["vip"]}
    assert fits(shop.post("/v1/parcels", json={"parcels": [sent, {**sent, "country": "?"}]}).json(), "TakenParcels")
    parcel = delivered(database, workspace)
    for caller in (shop, enter(workspace, "read")):
        assert fits(caller.get(f"/v1/parcels/{parcel}").json(), "Parcel")
        assert fits(caller.get(f"/v1/parcels/{parcel}/events").json(), "Events")
        assert fits(caller.get("/v1/parcels").json(), "Parcels")
    assert fits(shop.get("/v1/parcels/0").json(), "Problem")
    assert fits(shop.post("/v1/parcels", json={"parcels": 1}).json(), "Problem")


def test_whoever_is_limited_to_shops_sees_those(database, workspace, shop):
    sent = [{"tracking_number": f"940010000000000000000{n}", "shop": name} for n, name in enumerate(("A", "B"), 1)]
    mine, other = (one["id"] for one in shop.post("/v1/parcels", json={"parcels": sent}).json()["parcels"])
    with database.transaction(workspace) as app:
        (shop_id,) = app.execute("SELECT shop_id FROM shops WHERE name = 'A'").fetchone()
        limited = Actor(workspace, "api_key", 1, shop_ids=(shop_id,))
        assert [one.id for one in queries.page(app, limited, 0, 10, None)] == [mine]
        assert (queries.head(app, limited, mine).parcel_id, queries.head(app, limited, other)) == (mine, None)


# --- a parcel -------------------------------------------------------------------------------------------------------


def test_a_parcel_says_what_the_fold_says(shop, database, workspace):
    parcel = journey(database, workspace)
    read = shop.get(f"/v1/parcels/{parcel}").json()
    assert (read["milestone"], [leg["carrier"] for leg in read["legs"]]) == (
        "out_for_delivery",
        ["czl", "yunexpress", "usps"],
    )
    assert {n["leg"]: n["carrier"] for n in read["numbers"]} == {0: "czl", 1: "yunexpress", 2: "usps"}


def test_another_workspaces_parcel_is_not_there(enter, database, workspace, other_workspace):
    parcel = journey(database, workspace)
    stranger = enter(other_workspace)
    for path in (f"/v1/parcels/{parcel}", f"/v1/parcels/{parcel}/events"):
        assert stranger.get(path).status_code == 404
    found = stranger.get("/v1/parcels", params={"tracking_number": "YT2630700700000001"}).json()
    assert found == {"parcels": [], "next": None}


def test_what_tells_of_the_buyer_needs_its_own_scope(enter, shop, workspace):
    sent = {"tracking_number": "9400100000000000000001", "postcode": "08540", "buyer_email": "jane@example.com"}
    parcel = shop.post("/v1/parcels", json={"parcels": [sent]}).json()["parcels"][0]["id"]
    without = enter(workspace, "read").get(f"/v1/parcels/{parcel}")
    assert {"postcode", "buyer_email"}.isdisjoint(without.json())
    assert "jane" not in without.text
    assert shop.get(f"/v1/parcels/{parcel}").json()["buyer_email"] == "jane@example.com"


def test_a_parcel_that_was_joined_leads_to_the_other(shop, database, workspace):
    one, other = added(database, workspace, "9400100000000000000001", "9400100000000000000002")
    with database.transaction(workspace) as app:
        app.execute("UPDATE parcels SET merged_into = %s WHERE parcel_id = %s", (other, one))
    answer = shop.get(f"/v1/parcels/{one}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/parcels/{other}")
    assert shop.get(f"/v1/parcels/{one}/events").headers["location"] == f"/v1/parcels/{other}/events"


def test_what_one_has_already_is_not_sent_again(shop, database, workspace):
    parcel = journey(database, workspace)
    for path in (f"/v1/parcels/{parcel}", f"/v1/parcels/{parcel}/events"):
        tag = shop.get(path).headers["etag"]
        again = shop.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    shipped(database, workspace, parcel, order_reference="SO-9")
    assert shop.get(f"/v1/parcels/{parcel}", headers={"If-None-Match": tag}).status_code == 200


# --- how fresh it is ------------------------------------------------------------------------------------------------


def test_a_parcel_that_nobody_asked_about_says_so(shop, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000001")
    (check,) = shop.get(f"/v1/parcels/{parcel}").json()["checks"]
    assert (check["tracking_number"], check["checked_at"], check["outcome"], check["failure"]) == (
        "9400100000000000000001",
        None,
        None,
        None,
    )


def test_a_check_says_when_who_and_what(shop, database, workspace):
    parcel = journey(database, workspace)
    (czl, *_) = shop.get(f"/v1/parcels/{parcel}").json()["checks"]
    assert (czl["carrier"], czl["source"], czl["outcome"], czl["checked_at"]) == (
        "czl",
        "carrier_api",
        "news",
        "2026-11-14T09:00:00Z",
    )
    assert czl["spoke_at"] < czl["checked_at"]


def test_a_check_that_failed_says_why_and_what_was_known_stands(shop, database, workspace):
    parcel = journey(database, workspace)
    before = shop.get(f"/v1/parcels/{parcel}").json()
    ids = number_ids(database, workspace, "CZLDEMO2026110301")
    with database.transaction(None, "worker") as worker:
        at = NOW + timedelta(hours=1)
        checks = [(number, "carrier_api", at) for number in ids]
        record_failure(worker, database.keys, workspace, checks, Reason("unreachable", "timed out"))
    after = shop.get(f"/v1/parcels/{parcel}").json()
    czl = after["checks"][0]
    assert (czl["outcome"], czl["failure"]) == ("failed", {"kind": "unreachable", "detail": "timed out"})
    assert czl["answered_at"] == before["checks"][0]["checked_at"]
    assert {k: v for k, v in after.items() if k != "checks"} == {k: v for k, v in before.items() if k != "checks"}


def test_a_parcel_says_when_it_is_asked_next(shop, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000001")
    (number,) = number_ids(database, workspace, "9400100000000000000001")
    with database.transaction(workspace) as app:
        due.arm(app, (workspace, "check", number), NOW + timedelta(hours=3))
    (check,) = shop.get(f"/v1/parcels/{parcel}").json()["checks"]
    assert check["next_check_at"] == "2026-11-14T12:00:00Z"


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_come_with_their_witnesses(shop, database, workspace):
    parcel = delivered(database, workspace)
    page = shop.get(f"/v1/parcels/{parcel}/events").json()
    assert [e["occurred_at"] for e in page["events"]] == sorted(e["occurred_at"] for e in page["events"])
    assert {key for e in page["events"] for key in e["witnesses"]} <= set(page["witnesses"])
    assert any(len(e["witnesses"]) > 1 for e in page["events"])
    assert all(told["source"] == "carrier_api" for one in page["witnesses"].values() for told in one)
    assert {"place", "sub_status", "stage", "uncertainty_s", "time_basis", "key"} <= set(page["events"][0])


def test_pages_of_events_are_the_events(shop, database, workspace):
    parcel = journey(database, workspace)
    path = f"/v1/parcels/{parcel}/events"
    whole = shop.get(path).json()["events"]
    for limit in (1, 2, 3, len(whole)):
        paged = list(pages(shop, path, "events", limit=limit))
        assert [e for page in paged for e in page] == whole
        assert max(map(len, paged)) == limit


def test_a_page_goes_on_where_it_was_when_events_come_in_between(shop, database, workspace):
    parcel = journey(database, workspace)
    path = f"/v1/parcels/{parcel}/events"
    first = shop.get(path, params={"limit": 4}).json()
    delivered(database, workspace)
    rest = [e for page in pages(shop, path, "events", limit=4, after=first["next"]) for e in page]
    assert rest[-1]["milestone"] == "delivered"
    assert not {e["key"] for e in first["events"]} & {e["key"] for e in rest}


# --- lists ----------------------------------------------------------------------------------------------------------


def test_parcels_are_found_by_number_and_order(shop, database, workspace):
    parcel, other = journey(database, workspace), added(database, workspace, "9400100000000000000001")[0]
    shipped(database, workspace, parcel, order_reference="SO-2026-77")

    def found(**params):
        return [one["id"] for one in shop.get("/v1/parcels", params=params).json()["parcels"]]

    assert found(tracking_number="yt2630700700000001") == [parcel]
    assert found(order_reference="SO-2026-77") == [parcel]
    assert found(tracking_number=["9400 1000 0000 0000 0000 01", "nothing"], order_reference="SO-2026-77") == [
        parcel,
        other,
    ]
    assert found(tracking_number="nothing") == []


def test_pages_of_parcels_are_the_parcels(shop, database, workspace):
    ids = added(database, workspace, *(f"94001000000000000{n:05}" for n in range(23)))
    for limit in (1, 7, 23, 100):
        paged = list(pages(shop, "/v1/parcels", "parcels", limit=limit))
        assert [one["id"] for page in paged for one in page] == ids


def test_a_parcel_in_a_list_says_where_it_stands(shop, database, workspace):
    journey(database, workspace)
    (one,) = shop.get("/v1/parcels").json()["parcels"]
    assert (one["milestone"], len(one["numbers"]), one["exception"]) == ("out_for_delivery", 3, False)
