"""Sheets as forwarders really keep them: several waybills in a cell, tables below each other, clocks of many airports."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.sheets import csv_of, xlsx_of

from everyleg.sheets.notes import SheetError
from everyleg.sheets.traces.rows import read

YT, SECOND = "YT2630700700000001", "YT2630700700000002"
MAWB, OTHER, THIRD = "784-55501121", "784-55501132", "784-55501143"


def rows(*table, make=xlsx_of):
    return list(read(make(*table)))


def one(*table, make=xlsx_of):
    (trace,) = rows(*table, make=make)
    return trace


def kinds(notes):
    return [note.kind for note in notes]


def at(cell, heading="时间", *more):
    """How a row's time is read, below other rows."""
    found = rows(["提单号", "状态", heading], *([OTHER, "到港", other] for other in more), [MAWB, "到港", cell])[-1]
    return [step.at for step in found.steps] or kinds(found.row.refusals)


@pytest.mark.parametrize("between", ["\n", "、", "/", ",", "；", " "])
def test_several_waybills_in_a_cell_are_told_alike(between):
    assert one(["主单号", "状态", "时间"], [f"{MAWB}{between}{OTHER}", "到港", "2026-11-20"]).consolidations == (
        f"mawb:{MAWB}",
        f"mawb:{OTHER}",
    )


@pytest.mark.parametrize(
    "said", ["７８４－５５５０１１２１", "784 5550 1121", "784-5550 1121", "784—55501121", "78455501121"]
)
def test_a_waybill_in_whatever_width_and_groups(said):
    assert one(["提单号", "状态", "时间"], [said, "到港", "2026-11-20"]).consolidations == (f"mawb:{MAWB}",)


def test_containers_in_one_cell_and_bills_of_lading_as_they_are():
    trace = one(["柜号", "提单号", "ATD"], ["MSKU 555001-0 / MSKU5550026", "OOLU/2345678", "2026-11-02"])
    assert trace.consolidations == ("container:MSKU5550010", "container:MSKU5550026")
    assert [(inside.kind, inside.reference) for inside in trace.inside] == [("mawb", "OOLU/2345678")]


@pytest.mark.parametrize(
    "said", ["CZ3099/19NOV26", "CZ3099 / 2026-11-19", "ＣＺ３０９９/１９NOV", "cz3099@19-Nov-2026"]
)
def test_a_flight_with_its_day_in_one_cell(said):
    trace = one(["提单号", "航班号/日期", "状态", "时间"], [MAWB, said, "起飞", "2026-11-19 23:05"])
    assert [inside.reference for inside in trace.inside] == ["CZ3099@2026-11-19"]


def test_each_step_goes_by_the_clock_of_its_airport_unless_its_heading_names_one():
    trace = one(
        ["提单号", "起飞机场", "起飞时间（北京时间）", "目的港", "到港时间（当地）", "清关放行时间"],
        [MAWB, "NRT", "2026-11-19 23:05", "LAX", "2026-11-19 20:10", "2026-11-20 15:00"],
    )
    assert [(step.zone, step.place) for step in trace.steps] == [
        ("Asia/Shanghai", "NRT"),
        ("America/Los_Angeles", "LAX"),
        ("America/Los_Angeles", "LAX"),
    ]


def test_the_clock_of_a_column_of_airports_holds_also_where_its_code_is_a_country_too():
    found = rows(
        ["MAWB", "Status", "Date/Time (LT)", "Stn"],
        [MAWB, "DEP", "19NOV26 2305", "CAN"],
        [MAWB, "ARR", "19-Nov-26 20:10", "LAX"],
    )
    assert [(s.at, s.zone, s.place) for trace in found for s in trace.steps] == [
        ("2026-11-19T23:05:00", "Asia/Shanghai", "CAN"),
        ("2026-11-19T20:10:00", "America/Los_Angeles", "LAX"),
    ]


@pytest.mark.parametrize(
    ("heading", "zone"),
    [("时间(UTC)", "+00:00"), ("时间（GMT+8）", "+08:00"), ("时间（美西时间）", "America/Los_Angeles")],
)
def test_a_heading_names_the_zone(heading, zone):
    assert one(["提单号", "状态", heading], [MAWB, "到港", "2026-11-20 08:00"]).steps[0].zone == zone


@pytest.mark.parametrize(
    ("said", "zone"), [("LAX", "America/Los_Angeles"), ("美东时间", "America/New_York"), ("PST", "PST")]
)
def test_zones_of_a_column_as_people_write_them(said, zone):
    assert one(["提单号", "状态", "时间", "时区"], [MAWB, "到港", "2026-11-20 08:00", said]).steps[0].zone == zone


def test_a_zone_that_nobody_knows_is_said():
    trace = one(["提单号", "状态", "时间", "时区"], [MAWB, "到港", "2026-11-20 08:00", "某地"])
    assert (trace.steps[0].zone, kinds(trace.row.repairs)) == (None, ["unknown_zone"])


@pytest.mark.parametrize(
    ("cell", "read_as"),
    [
        ("19NOV26 2110", "2026-11-19T21:10:00"),
        ("19-Nov-26 21:10", "2026-11-19T21:10:00"),
        ("20NOV 2010", "2026-11-20T20:10:00"),
        ("20 Nov 2026", "2026-11-20"),
        ("20261120 0830", "2026-11-20T08:30:00"),
        ("２０２６－１１－２０　０８：３０", "2026-11-20T08:30:00"),
        ("2026年11月20日上午8时30分", "2026-11-20T08:30:00"),
        ("11月20日 18:30", "2026-11-20T18:30:00"),
        ("11-20 15:00", "2026-11-20T15:00:00"),
        ("11/2", "2026-11-02"),
        ("20/11 15:00", "2026-11-20T15:00:00"),
    ],
)
def test_dates_as_they_are_written(cell, read_as):
    assert at(cell, "时间", "2026-11-18 10:00") == [read_as]


def test_a_day_without_its_year_is_of_that_of_the_other_dates_or_refused():
    assert at("11-20 15:00") == ["no_year"]
    assert at("12-30 15:00", "时间", "2026-12-29", "2027-01-02") == ["2026-12-30T15:00:00"]
    assert at("1-3 15:00", "时间", "2026-12-29", "2027-01-02") == ["2027-01-03T15:00:00"]
    assert at("11-20 15:00", "时间", "2024-12-29", "2027-01-02") == ["no_year"]
    assert at("11-20 15:00", "时间", dt.datetime(2026, 11, 18)) == ["2026-11-20T15:00:00"]  # noqa: DTZ001


@pytest.mark.parametrize("said", ["待定", "TBA", "未放行", "预计21号", "ETA 11/21"])
def test_what_has_not_happened_yet_is_no_fact_and_holds_up_no_other_step_of_its_row(said):
    trace = one(["提单号", "ATD", "清关放行时间"], [MAWB, "2026-11-19 23:05", said])
    assert [step.code for step in trace.steps] == ["DEPARTED"]
    assert kinds(trace.row.repairs) == ["not_yet"]
    assert one(["提单号", "ATD", "ETA"], [MAWB, "2026-11-19", "预计11/21"]).estimated == "2026-11-21"


@pytest.mark.parametrize("clock", ["16:20", "16点20分", dt.time(16, 20)])
@pytest.mark.parametrize("day", ["2026-11-18", dt.datetime(2026, 11, 18)])  # noqa: DTZ001
def test_a_column_of_days_and_one_of_clocks_are_one_time(day, clock):
    assert one(["单号", "日期", "时间", "轨迹"], [YT, day, clock, "入库"]).steps[0].at == "2026-11-18T16:20:00"
    assert one(["单号", "时间", "日期", "轨迹"], [YT, clock, day, "入库"]).steps[0].at == "2026-11-18T16:20:00"


def test_a_title_says_in_which_waybill_all_below_it_are():
    found = rows(
        ["提单号：784-55501121   航班：CZ3099  日期：2026-11-19"],
        ["序号", "运单号", "袋号"],
        ["1", YT, "BG-1"],
        ["提单号：784-55501132", "", ""],
        ["2", SECOND, "BG-2"],
        ["合计", "2件", ""],
    )
    assert [[inside.reference for inside in trace.inside] for trace in found] == [
        ["BG-1", MAWB, "CZ3099@2026-11-19"],
        ["BG-2", OTHER],
    ]


def test_a_title_says_nothing_where_there_is_a_column():
    found = one(["提单号：784-55501121"], ["运单号", "提单号", "袋号"], [YT, OTHER, "BG-1"])
    assert [inside.reference for inside in found.inside] == ["BG-1", OTHER]


def test_tables_one_below_the_other_have_headings_of_their_own():
    found = rows(
        ["提单号", "状态", "时间"],
        [MAWB, "起飞", "2026-11-19 23:05"],
        [],
        ["运单号", "提单号", "袋号"],
        [YT, MAWB, "BG-1"],
        ["提单号", "状态", "时间"],
        [OTHER, "到港", "2026-11-20 08:00"],
    )
    assert [trace.row.at for trace in found] == [2, 5, 7]
    assert [trace.consolidations for trace in found] == [(f"mawb:{MAWB}",), (), (f"mawb:{OTHER}",)]
    assert not any(trace.row.refusals for trace in found)


def test_a_title_above_one_table_is_not_about_the_next():
    found = rows(["提单号：784-55501121"], ["运单号", "袋号"], [YT, "BG-1"], ["运单号", "批次号"], [SECOND, "B-1"])
    assert [[one.kind for one in trace.inside] for trace in found] == [["bag", "mawb"], ["batch"]]


@pytest.mark.parametrize("first", ["合计", "备注：以上均为当地时间", "Total", "注：含带电"])
def test_totals_and_remarks_are_no_rows(first):
    assert len(rows(["提单号", "状态", "时间"], [MAWB, "到港", "2026-11-20"], [first, "3票", ""])) == 1


@pytest.mark.parametrize(
    ("row", "kind", "what_to_do"),
    [
        (["784-5550112", "到港", "2026-11-20"], "short_mawb", "更正"),
        (["784-55501122", "到港", "2026-11-20"], "bad_mawb", "更正"),
        ([MAWB, "到港", "11-20"], "no_year", "请写成"),
        ([MAWB, "到港", "改天"], "bad_date", "请写成"),
        ([MAWB, "到港", "待定"], "no_time", "请填写"),
    ],
)
def test_what_is_refused_says_what_where_and_what_to_do(row, kind, what_to_do):
    trace = one(["提单号", "状态", "时间"], row)
    assert (trace.row.at, kinds(trace.row.refusals)) == (2, [kind])
    assert what_to_do in trace.row.refusals[0].said("zh")
    assert trace.row.refusals[0].said("en") != trace.row.refusals[0].said("zh")


TEXT = st.one_of(
    st.sampled_from(
        ["提单号：784-55501121", "运单号", "时间", "日期", "合计", MAWB, YT, "11-20", "20NOV 2010", "待定", "："]
    ),
    st.text(max_size=12),
)


@given(st.lists(st.lists(TEXT, min_size=1, max_size=6), max_size=8))
def test_any_rows_under_headings_are_understood_or_refused_never_lost_by_an_error(table):
    try:
        found = rows(["提单号", "单号", "日期", "时间", "状态", "航班/日期"], *table, make=csv_of)
    except SheetError:
        return
    assert all(trace.row.refusals or trace.steps or trace.inside or trace.estimated for trace in found)
