"""The pages of forwarders' files and of flights and batches."""

import re

import pytest

from everyleg.app.plugins import registry
from everyleg.core.model import Ref
from everyleg.pipeline.numbers import ensure_numbers
from everyleg.pipeline.work import drain
from everyleg.store.due import arm
from tests.factories.sheets import csv_of
from tests.factories.site import parcel_of

from ..pipeline.aboard import MAWB, consolidation
from ..pipeline.acme import NOW, rows

ONE, TWO = "YT2630700700000001", "YT2630700700000002"
LIST = csv_of(["运单号", "提单号"], [ONE, MAWB], [TWO, MAWB], ["", ""], ["9.4E+21", MAWB])
STEPS = csv_of(
    ["单号", "时间", "状态"],
    [MAWB, "2026-11-10 08:00", "起飞"],
    [MAWB, "2026-11-11 08:00", "到港"],
    [ONE, "2026-11-12 08:00", "已入库"],
)


@pytest.fixture
def brought(owner, database):
    """Both files, brought by the page and taken in."""

    def bring(body):
        answer = owner.send_form("/traces", files={"file": ("some.csv", body)}, carrier="云途物流")
        drain(database, registry())
        return answer

    return [bring(LIST), bring(STEPS)]


def words(answer):
    return re.sub(r"<[^>]+>|\s+", " ", answer.text)


def test_a_file_is_taken_in_and_refused_rows_come_back(owner, brought):
    said = words(brought[0])
    assert "2 rows were taken in" in said
    assert "destroyed by a spreadsheet" in said
    back = owner.get(brought[0].url.path + "/rejected.xlsx")
    assert back.content.startswith(b"PK")


def test_what_is_no_such_file_is_said(owner):
    answer = owner.send_form("/traces", files={"file": ("a.csv", csv_of(["name", "phone"], ["a", "b"]))})
    assert answer.status_code == 422
    assert "no row of headings names a number" in words(answer)
    assert "No carrier is called that" in words(
        owner.send_form("/traces", files={"file": ("a.csv", LIST)}, carrier="Nobody at all")
    )


def test_a_parcel_says_what_it_travels_in_and_which_events_were_told_of_that(owner, database, workspace, brought):
    one = consolidation(database, workspace)
    said = owner.get(f"/parcels/{parcel_of(database, workspace, TWO)}").text
    assert f'href="/consolidations/{one}">waybill {MAWB}' in said
    assert f"told of waybill {MAWB}" in said


def test_each_who_told_of_a_waybills_event_is_counted_once(owner, database, workspace, brought):
    owner.send_form("/traces", files={"file": ("some.csv", STEPS)}, carrier="USPS")
    drain(database, registry())
    said = words(owner.get(f"/parcels/{parcel_of(database, workspace, TWO)}"))
    assert (said.count("2 sources agree"), said.count("4 sources agree")) == (2, 0)


def test_a_waybill_shows_its_events_its_parcels_and_who_is_missing(owner, database, workspace, brought):
    said = words(owner.get(f"/consolidations/{consolidation(database, workspace)}"))
    assert f"Waybill {MAWB}: 2 parcels" in said
    assert "One not heard of since it arrived, while others were" in said
    assert said.index(TWO) < said.index(ONE)
    assert MAWB in words(owner.get("/consolidations"))


def test_a_flight_shows_the_parcels_of_the_waybills_on_it(owner, database, workspace, brought):
    flown = csv_of(["提单号", "航班号", "航班日期"], [MAWB, "CZ3099", "2026-11-10"])
    owner.send_form("/traces", files={"file": ("some.csv", flown)}, carrier="yunexpress")
    drain(database, registry())
    said = words(owner.get(f"/consolidations/{consolidation(database, workspace, 'CZ3099@2026-11-10')}"))
    assert "Flight CZ3099 (2026-11-10): 2 parcels" in said
    assert f"waybill {MAWB}" in said
    assert "flight CZ3099" in words(owner.get("/consolidations"))


def test_a_person_says_that_a_parcel_was_never_inside_and_takes_it_back(owner, database, workspace, brought):
    page = f"/consolidations/{consolidation(database, workspace)}"
    (number,) = rows(
        database, "SELECT number_id FROM numbers WHERE tracking_number = %s AND workspace_id = %s", TWO, workspace
    )[0]
    milestones = []
    for deed in ("never", "again"):
        owner.send_form(page, f"{page}/parcels", number=str(number), deed=deed)
        drain(database, registry())
        query = "SELECT milestone FROM states WHERE workspace_id = %s AND parcel_id = %s"
        milestones += rows(database, query, workspace, parcel_of(database, workspace, TWO))[0]
    assert milestones == ["pending", "line_haul"]


def test_who_may_only_look_corrects_nothing(enter, owner, database, workspace, brought):
    page = f"/consolidations/{consolidation(database, workspace)}"
    viewer = enter(workspace, "analyst")
    assert "deed" not in viewer.get(page).text
    assert viewer.send_form("/parcels", f"{page}/parcels", number="1", deed="never").status_code == 403
    assert viewer.get("/traces").status_code == 403


def test_nobody_sees_a_waybill_of_another_workspace(enter, owner, database, workspace, other_workspace, brought):
    stranger = enter(other_workspace)
    assert stranger.get(f"/consolidations/{consolidation(database, workspace)}").status_code == 404


def test_whoever_is_limited_to_shops_sees_only_their_parcels_inside(enter, owner, database, workspace, brought):
    clerk = enter(workspace, "operator", [1])
    said = words(clerk.get(f"/consolidations/{consolidation(database, workspace)}"))
    assert ONE not in said


def test_an_air_waybill_says_who_is_asked_for_it_and_when(owner, database, workspace, brought):
    one = consolidation(database, workspace)
    assert "next check" not in words(owner.get(f"/consolidations/{one}"))
    with database.transaction(None, "worker") as worker:
        number = ensure_numbers(worker, workspace, {Ref("smartkargo", MAWB)})[Ref("smartkargo", MAWB)]
        arm(worker, (workspace, "check", number), NOW)
    said = " ".join(words(owner.get(f"/consolidations/{one}")).split())
    assert "SmartKargo · not checked yet · next check" in said
