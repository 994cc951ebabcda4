"""Parcels out of the store, and in again."""

import csv
import io

import openpyxl
import pytest

from everyleg.accounts.actors import Actor
from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.roles import Permission
from everyleg.sheets.adding import add
from everyleg.sheets.exporting import Wish, export
from everyleg.sheets.incoming import Habits, read
from tests.integration.sheets.test_adding_sheets import FULL, HEAD, NOW, A, B, C, Store, fates

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"]
NASTY = ["O-2", B, "=cmd|'/c calc'!A1", "@x", "-2+3", "GB", "+44", "", "", "=A1", "1.5", "-x", "=1+1", "@y"]


@pytest.fixture
def store(database, workspace):
    return Store(database, workspace)


def exported(store, kind="xlsx", lang="zh", author=None):
    out = io.BytesIO()
    count = export(store.database, store.workspace, out, author or store.author, Wish(kind, lang))
    return out.getvalue(), count


def table(source):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(source)).active.iter_rows(values_only=True)]


def records(source):
    head, *rows = table(source)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_exported_is_read_back_without_a_change(store, kind, lang):
    store.add(FULL, ["O-1", A, *FULL[2:9], "CUP", "1", *FULL[11:]], NASTY, ["O-3", f"{C} 123456789012", *FULL[2:]])
    store.add(["123456789013"], head=["运单号"])
    source, count = exported(store, kind, lang)
    assert count == 6
    before = store.everything()
    again = list(add(store.database, store.workspace, read(source, Habits()), store.author, NOW))
    assert [(fate.said("en"), fate.kind) for fate in again if fate.kind != "unchanged"] == []
    assert (len(again), store.everything()) == (6, before)


def test_another_workspace_gets_the_same_parcels_from_it(store, database, other_workspace):
    store.add(FULL, NASTY)
    other = Store(database, other_workspace)
    assert fates(other.sheet(exported(store)[0])) == ["added", "added"]
    assert exported(other)[0] != b"" and records(exported(other)[0]) == records(exported(store)[0])


def test_how_far_a_parcel_has_come_stands_in_columns_more(store):
    store.add(FULL)
    with store.database.transaction(store.workspace) as connection:
        connection.execute(
            "UPDATE states SET milestone = 'delivered', sub_status = 'delivered', stage = 'last_mile',"
            " last_event_at = '2026-11-13T08:00:00Z', delivered_at = '2026-11-13T08:00:00Z'"
        )
    (record,) = records(exported(store, lang="en")[0])
    assert record["Stage (Everyleg)"] == "Last mile"
    assert record["Milestone (Everyleg)"] == "Delivered"
    assert record["Delivered at (Everyleg)"] == record["Last event at (Everyleg)"] == "2026-11-13 08:00:00"


def test_numbers_are_texts_and_times_stand_on_the_workspaces_clock(store):
    with store.database.transaction(None, "worker") as worker:
        worker.execute("UPDATE workspaces SET time_zone = 'Asia/Shanghai' WHERE workspace_id = %s", (store.workspace,))
    store.add(["123456789012345678901", "2026-11-03"], head=["运单号", "发货时间"])
    source, _ = exported(store)
    assert records(source)[0]["运单号"] == "123456789012345678901"
    assert records(source)[0]["发货时间"] == "2026-11-03 08:00:00"
    cell = openpyxl.load_workbook(io.BytesIO(source)).active["B2"]
    assert (cell.data_type, cell.number_format) == ("s", "@")


def test_the_hour_that_clocks_show_twice_is_told_with_its_offset(store):
    with store.database.transaction(None, "worker") as worker:
        worker.execute("UPDATE workspaces SET time_zone = 'Europe/Paris' WHERE workspace_id = %s", (store.workspace,))
    store.add([A, "2026-10-25 01:30Z"], head=["运单号", "发货时间"])
    assert records(exported(store)[0])[0]["发货时间"] == "2026-10-25 02:30:00+0100"


def test_no_cell_of_a_csv_begins_as_a_formula_does(store):
    store.add(["O-1", A, *EVIL], head=["订单号", "运单号", "店铺", "备注", "颜色", "SKU", "大小", "渠道"])
    rows = csv.reader(io.StringIO(exported(store, "csv")[0].decode("utf-8-sig")))
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r＝")]


def test_no_cell_of_a_workbook_is_a_formula(store):
    store.add(["O-1", A, *EVIL], head=["订单号", "运单号", "店铺", "备注", "颜色", "SKU", "大小", "渠道"])
    book = openpyxl.load_workbook(io.BytesIO(exported(store)[0]))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert "=1+1" in [cell.value for cell in cells]


def test_who_may_not_see_buyers_exports_nothing_that_tells_of_them(store):
    store.add(FULL)
    author = Actor(store.workspace, "person", None, frozenset({Permission.EXPORT}))
    (record,) = records(exported(store, author=author)[0])
    assert (record["邮编"], record["买家邮箱"], record["备注"]) == (None, None, None)
    assert "颜色" not in record and record["运单号"] == A


def test_who_is_limited_to_shops_exports_theirs(store):
    store.add(["O-1", A, "mine"], ["O-2", B, "theirs"], head=HEAD[:3])
    (mine,) = store.one("SELECT shop_id FROM shops WHERE name = 'mine'")
    author = Actor(store.workspace, "person", None, frozenset(Permission), (mine,))
    assert [record["订单号"] for record in records(exported(store, author=author)[0])] == ["O-1"]


def test_who_may_not_export_is_refused(store):
    with pytest.raises(NotAllowedError):
        exported(store, author=Actor(store.workspace, "person"))


def test_another_workspaces_parcels_are_not_in_it(store, database, other_workspace):
    store.add(FULL)
    assert exported(Store(database, other_workspace))[1] == 0
