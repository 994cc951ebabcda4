"""What a row of a forwarder's file tells, in whatever shape people have it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.sheets import csv_of, xlsx_of

from everyleg.pipeline.traces import Inside, Step
from everyleg.sheets.headings import folded, headings
from everyleg.sheets.notes import SheetError
from everyleg.sheets.traces.rows import read

NUMBER = "YT2630700700000001"
MAWB = "784-55501121"


def rows(*table, make=csv_of):
    return list(read(make(*table)))


def one(*table, make=csv_of):
    (trace,) = rows(*table, make=make)
    return trace


def refused(*table, make=csv_of):
    return [note.kind for trace in rows(*table, make=make) for note in trace.row.refusals]


def test_no_heading_means_two_columns():
    names = [(folded(n), h.field) for h in headings("traces") for n in (h.zh, h.en, *h.aliases)]
    assert len(dict(names)) == len(set(names))


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_a_trace_in_chinese(make):
    trace = one(
        ["客户", "运单号", "轨迹时间", "时区", "地点", "轨迹内容", "代码"],
        ["A", NUMBER, "2026-11-18 16:20", "GMT+8", "深圳", "已装车", "C7"],
        make=make,
    )
    assert [ref.tracking_number for ref in trace.row.numbers] == [NUMBER]
    assert trace.steps == (Step("2026-11-18T16:20:00", "+08:00", "深圳", "C7", "已装车"),)
    assert trace.beside == {"客户": "A"}


def test_a_trace_in_english_with_its_columns_in_another_order():
    trace = one(
        ["Status", "Location", "Tracking No.", "Date Time", "Timezone"],
        ["Departed", "HKG", NUMBER, "18/11/2026 04:20 PM", "Asia/Hong_Kong"],
    )
    assert trace.steps == (Step("2026-11-18T16:20:00", "Asia/Hong_Kong", "HKG", None, "Departed"),)


def test_a_cell_that_is_a_date_of_the_workbook():
    trace = one(["单号", "时间", "状态"], [NUMBER, dt.datetime(2026, 11, 18, 16, 20), "入库"], make=xlsx_of)  # noqa: DTZ001
    assert trace.steps == (Step("2026-11-18T16:20:00", text="入库"),)


def test_a_day_stays_a_day():
    assert one(["单号", "日期", "状态"], [NUMBER, "2026-11-18", "入库"]).steps[0].at == "2026-11-18"


def test_a_zone_beside_the_time_counts_before_the_column_of_zones():
    trace = one(["单号", "时间", "时区", "状态"], [NUMBER, "2026-11-18 16:20 -05:00", "+08:00", "到达"])
    assert (trace.steps[0].at, trace.steps[0].zone) == ("2026-11-18T16:20:00", "-05:00")


@pytest.mark.parametrize(
    ("said", "zone"), [("东八区", "+08:00"), ("北京时间", "Asia/Shanghai"), ("当地时间", None), ("UTC-7", "-07:00")]
)
def test_zones_as_people_write_them(said, zone):
    assert one(["单号", "时间", "时区", "状态"], [NUMBER, "2026-11-18 16:20", said, "到达"]).steps[0].zone == zone


def test_a_list_of_what_is_inside():
    trace = one(
        ["运单号", "提单号", "航班号", "航班日期", "袋号", "批次号", "装袋时间"],
        [
            NUMBER,
            "784 5550 1121".replace(" ", ""),
            "cz 3099",
            "2026/11/19",
            "bg-0041",
            "20261118-A",
            "2026-11-18 21:10",
        ],
    )
    since = dt.datetime(2026, 11, 18, 13, 10, tzinfo=dt.UTC)
    assert trace.inside == (
        Inside("bag", "BG-0041", since),
        Inside("mawb", MAWB, since),
        Inside("batch", "20261118-A", since),
        Inside("flight", "CZ3099@2026-11-19"),
    )


def test_what_was_taken_out_says_when():
    trace = one(["运单号", "提单号", "甩货时间", "时区"], [NUMBER, MAWB, "2026-11-19 02:00", "+09:00"])
    assert trace.inside == (Inside("mawb", MAWB, None, dt.datetime(2026, 11, 18, 17, tzinfo=dt.UTC)),)


def test_a_row_without_a_tracking_number_is_about_the_waybill_which_is_on_the_flight():
    trace = one(
        ["提单号", "航班号", "航班日期", "状态", "时间", "地点", "预计到达"],
        [MAWB, "CZ3099", "2026-11-19", "起飞", "2026-11-19 23:05", "CAN", "2026-11-20"],
    )
    assert (trace.row.numbers, trace.consolidations, trace.estimated) == ((), (f"mawb:{MAWB}",), "2026-11-20")
    assert trace.inside == (Inside("flight", "CZ3099@2026-11-19"),)
    assert trace.steps == (Step("2026-11-19T23:05:00", None, "CAN", None, "起飞"),)


def test_an_air_waybill_in_the_column_of_numbers_is_one():
    assert one(["单号", "时间", "状态"], [MAWB, "2026-11-19 23:05", "起飞"]).consolidations == (f"mawb:{MAWB}",)


def test_a_column_for_each_step():
    trace = one(
        ["柜号", "ATD", "ATA", "清关放行时间"], ["MSKU 555001-0".replace(" ", ""), "2026-10-01", "2026-10-20 08:00", ""]
    )
    assert trace.consolidations == ("container:MSKU5550010",)
    assert trace.steps == (
        Step("2026-10-01", code="DEPARTED", text="ATD"),
        Step("2026-10-20T08:00:00", code="ARRIVED", text="ATA"),
    )


def test_several_numbers_of_a_cell_are_told_alike():
    trace = one(["运单号", "袋号"], [f"{NUMBER},YT2630700700000002", "BG-1"])
    assert len(trace.row.numbers) == 2


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ([NUMBER, "", "入库", ""], "no_time"),
        (["", "2026-11-18", "入库", ""], "no_subject"),
        ([NUMBER, "2026-11-18", "", ""], "nothing_told"),
        ([NUMBER, "someday", "入库", ""], "bad_date"),
        (["9.4E+21", "2026-11-18", "入库", ""], "destroyed"),
        ([NUMBER, "2026-11-18", "入库", "784-55501125"], "bad_mawb"),
    ],
)
def test_a_row_that_is_not_understood_is_refused_with_the_reason_and_the_others_are_not(row, kind):
    headed = ["运单号", "时间", "状态", "提单号"]
    good = [NUMBER, "2026-11-18", "入库", ""]
    assert refused(headed, row, good) == [kind]


def test_a_flight_of_an_unknown_day_ties_nobody_and_that_is_said():
    trace = one(["运单号", "航班号", "袋号"], [NUMBER, "CZ3099", "BG-1"])
    assert [one.kind for one in trace.inside] == ["bag"]
    assert [note.kind for note in trace.row.repairs] == ["flight_without_day"]


def test_day_or_month_first_is_seen_in_the_other_rows():
    found = rows(["单号", "时间", "状态"], [NUMBER, "03/11/2026 10:00", "入库"], [NUMBER, "18/11/2026 10:00", "出库"])
    assert [trace.steps[0].at[:10] for trace in found] == ["2026-11-03", "2026-11-18"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_encodings_and_titles_above_the_headings(encoding):
    body = csv_of(["某某货代 批次轨迹"], ["单号", "时间", "状态"], [NUMBER, "2026-11-18", "入库"], encoding=encoding)
    (trace,) = read(body)
    assert (trace.row.at, trace.steps[0].text) == (3, "入库")


def test_a_file_without_such_columns_is_refused_with_what_to_do():
    with pytest.raises(SheetError, match="提单号"):
        rows(["姓名", "电话"], ["小陈", "1"])


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6), st.booleans())
def test_any_table_gives_rows_or_says_why_not(table, headed):
    try:
        found = rows(["单号", "时间", "状态", "提单号", "航班号", "装袋时间"], *table) if headed else rows(*table)
    except SheetError:
        return
    assert all(trace.row.refusals or trace.steps or trace.inside or trace.estimated for trace in found)
