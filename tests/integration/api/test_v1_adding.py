"""`POST /v1/parcels`: what is taken, what is refused, and that nothing happens twice."""

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.accounts.tidying import tidy
from everyleg.api.v1.items import Reading, rows_of
from everyleg.api.v1.shapes import NewLine, NewParcel

NUMBER = "9400100000000000000001"


def sent(caller, *parcels, name=None, **headers):
    named = {"Idempotency-Key": name} if name else {}
    return caller.post("/v1/parcels", json={"parcels": list(parcels)}, headers=named | headers)


def outcomes(answer):
    return [one["outcome"] for one in answer.json()["parcels"]]


def rows(database, workspace, table):
    with database.transaction(workspace) as app:
        return app.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


def test_a_parcel_is_added_and_can_be_read(shop):
    (one,) = sent(
        shop, {"tracking_number": NUMBER, "carrier": "USPS", "order_reference": "SO-1", "country": "美国"}
    ).json()["parcels"]
    read = shop.get(f"/v1/parcels/{one['id']}").json()
    assert (one["outcome"], one["index"], read["country"], read["order_reference"]) == ("added", 0, "US", "SO-1")
    assert read["numbers"] == [{"carrier": "usps", "tracking_number": NUMBER, "leg": 0}]


def test_the_same_again_changes_nothing(shop, database, workspace):
    parcel = {
        "tracking_number": NUMBER,
        "order_reference": "SO-1",
        "lines": [{"sku": "MUG"}, {"sku": "CUP", "quantity": 3}],
    }
    first = sent(shop, parcel).json()["parcels"][0]
    again = sent(shop, parcel).json()["parcels"][0]
    assert (first["outcome"], again["outcome"], first["id"]) == ("added", "unchanged", again["id"])
    assert (rows(database, workspace, "parcels"), rows(database, workspace, "shipment_lines")) == (1, 2)


def test_what_is_new_updates_and_what_is_left_out_stays(shop):
    sent(shop, {"tracking_number": NUMBER, "order_reference": "SO-1", "country": "US"})
    answer = sent(shop, {"tracking_number": NUMBER, "order_reference": "SO-1", "postcode": "8540"})
    (one,) = answer.json()["parcels"]
    assert one["outcome"] == "updated"
    assert [note["field"] for note in one["notes"] if note["code"] == "changed"] == ["postcode"]
    read = shop.get(f"/v1/parcels/{one['id']}").json()
    assert (read["country"], read["postcode"]) == ("US", "8540")


def test_each_parcel_is_judged_by_itself(shop):
    answer = sent(
        shop,
        {"tracking_number": NUMBER},
        {"tracking_number": "nonsense"},
        {"tracking_number": NUMBER[:-1] + "2", "country": "Atlantis"},
        {"tracking_number": "9.4E+21"},
        {"tracking_number": f"{NUMBER}, {NUMBER[:-1]}3"},
        {"tracking_number": NUMBER[:-1] + "4", "carrier": "no such carrier"},
        {"tracking_number": NUMBER[:-1] + "5", "carrier": "UPS"},
    )
    assert answer.status_code == 200
    assert outcomes(answer) == ["added", "refused", "refused", "refused", "refused", "refused", "added"]
    assert answer.json()["counts"] == {"added": 2, "updated": 0, "unchanged": 0, "refused": 5}
    codes = [[note["code"] for note in one["notes"]] for one in answer.json()["parcels"]]
    assert [c[-1] if c else None for c in codes[1:6]] == [
        "not_a_number",
        "bad_country",
        "destroyed",
        "one_number",
        "unknown_carrier",
    ]


def test_reasons_are_said_in_the_callers_language(shop):
    said = [
        sent(shop, {"tracking_number": NUMBER, "country": "Atlantis"}, **{"Accept-Language": lang}).json()
        for lang in ("en-GB,en;q=0.8", "zh-CN,zh;q=0.9")
    ]
    assert ["is no country" in said[0]["parcels"][0]["notes"][0]["detail"], "不是国家" in str(said[1])] == [True, True]


def test_a_reason_does_not_repeat_an_address(shop):
    answer = sent(shop, {"tracking_number": NUMBER, "buyer_email": "not-an-address-of-jane"})
    assert outcomes(answer) == ["refused"]
    assert "jane" not in answer.text


def test_the_same_key_and_body_give_the_same_answer(shop, database, workspace):
    first, again = (sent(shop, {"tracking_number": NUMBER}, name="request-1") for _ in range(2))
    assert (first.content, "idempotency-replayed" in first.headers) == (again.content, False)
    assert again.headers["idempotency-replayed"] == "true"
    assert outcomes(again) == ["added"]
    assert rows(database, workspace, "parcels") == 1


def test_the_same_key_with_another_body_is_refused(shop, database, workspace):
    sent(shop, {"tracking_number": NUMBER}, name="request-1")
    answer = sent(shop, {"tracking_number": NUMBER[:-1] + "2"}, name="request-1")
    assert (answer.status_code, answer.json()["type"]) == (422, "/v1/docs#other-request")
    assert rows(database, workspace, "parcels") == 1


def test_a_key_is_forgotten_after_a_day_and_what_it_did_stays(shop, database):
    sent(shop, {"tracking_number": NUMBER}, name="request-1")
    assert tidy(database, datetime.now(UTC) + timedelta(hours=25))["api_requests"] >= 1
    assert outcomes(sent(shop, {"tracking_number": NUMBER}, name="request-1")) == ["unchanged"]


def test_what_was_answered_lies_sealed(shop, database, workspace):
    sent(shop, {"tracking_number": NUMBER}, name="request-1")
    with database.transaction(workspace) as app:
        (answer,) = app.execute("SELECT answer FROM api_requests").fetchone()
    assert NUMBER.encode() not in answer


def test_two_keys_may_use_one_name(enter, workspace):
    answers = [sent(enter(workspace), {"tracking_number": NUMBER}, name="request-1") for _ in range(2)]
    assert [outcomes(answer) for answer in answers] == [["added"], ["unchanged"]]


def test_two_at_the_same_time_do_it_once(shop, database, workspace):
    answers = []
    parcels = [{"tracking_number": f"94001000000000000{n:05}"} for n in range(1, 51)]
    threads = [threading.Thread(target=lambda: answers.append(sent(shop, *parcels, name="race"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert rows(database, workspace, "parcels") == 50


@pytest.mark.parametrize("name", ["", "é" * 10, "x" * 256])
def test_what_is_no_idempotency_key_does_no_harm(shop, name):
    answer = shop.post(
        "/v1/parcels", json={"parcels": [{"tracking_number": NUMBER}]}, headers={"Idempotency-Key": name.encode()}
    )
    assert answer.status_code in (200, 422)


def test_a_key_that_may_only_read_adds_nothing(enter, workspace):
    answer = sent(enter(workspace, "read"), {"tracking_number": NUMBER})
    assert (answer.status_code, "write" in answer.json()["detail"]) == (403, True)


def test_a_thousand_at_once_and_no_more(shop):
    parcels = [{"tracking_number": f"94001000000000000{n:05}"} for n in range(1, 1002)]
    assert sent(shop, *parcels).status_code == 422
    assert sent(shop, *parcels[:1000]).json()["counts"]["added"] == 1000


TEXTS = st.text(max_size=60)


@given(
    st.lists(
        st.builds(
            NewParcel,
            tracking_number=st.one_of(TEXTS, st.from_regex("[0-9A-Z]{8,24}", fullmatch=True)),
            carrier=st.none() | TEXTS,
            order_reference=st.none() | TEXTS,
            country=st.none() | TEXTS,
            postcode=st.none() | TEXTS,
            buyer_email=st.none() | TEXTS,
            lines=st.lists(st.builds(NewLine, TEXTS, st.floats(0.0001, 1e8)), max_size=3),
            tags=st.lists(TEXTS, max_size=3),
            attributes=st.dictionaries(TEXTS, TEXTS, max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_parcel_becomes_rows_that_keep_nothing_invisible(parcels):
    found = rows_of(parcels, Reading(None, {"usps": "usps"}.get))
    assert {row.at for row in found} == set(range(1, len(parcels) + 1))
    for row in found:
        assert row.refusals or len(row.numbers) == 1
        kept = [row.order, row.country, row.postcode, row.email, row.sku, *row.tags, *row.attributes.values()]
        assert all("\x00" not in text for text in kept if text)
        assert msgspec.json.encode(row.order or "")
