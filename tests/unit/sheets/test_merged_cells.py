"""Merged cells: what stands in the first one counts in each row of the range, and of headings in each column."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.sheets import SHEET, numbers, rows_of, with_part, xlsx_of

from everyleg.sheets import xlsx_merges
from everyleg.sheets.notes import SheetError
from everyleg.sheets.traces.rows import read
from everyleg.sheets.xlsx import Workbook
from everyleg.sheets.xlsx_merges import Merges

YT = "YT26307007000000{:02}".format
MAWB, OTHER = "784-55501121", "784-55501132"


def merged(table, *ranges):
    """A workbook of rows with merged ranges."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(*table)))
    for one in ranges:
        book.active.merge_cells(one)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(file):
    with Workbook(file) as book:
        return [list(row.values()) for _, row in book.rows(0)]


def waybills(file):
    """By number, the waybill it is inside; and what happened."""
    return [
        (trace.row.numbers[0].tracking_number, trace.inside[0].reference, [step.text for step in trace.steps])
        for trace in read(file)
    ]


def test_a_waybill_a_flight_and_a_status_over_many_rows_are_of_each():
    file = merged(
        [
            ["提单号", "状态", "时间", "运单号"],
            [MAWB, "起飞", "2026-11-19 23:05", YT(1)],
            ["", "", "", YT(2)],
            ["", "", "", YT(3)],
            [OTHER, "到港", "2026-11-20 08:00", YT(4)],
            ["", "", "", YT(5)],
        ],
        *("A2:A4", "B2:B4", "C2:C4", "A5:A6", "B5:B6", "C5:C6"),
    )
    assert waybills(file) == [
        *((YT(n), MAWB, ["起飞"]) for n in (1, 2, 3)),
        *((YT(n), OTHER, ["到港"]) for n in (4, 5)),
    ]


def test_titles_and_headings_of_two_rows():
    file = merged(
        [
            ["某某货代 批次轨迹表", "", "", ""],
            ["", "", "", ""],
            ["运单号", "轨迹", "", ""],
            ["", "时间", "地点", "内容"],
            [YT(1), "2026-11-19 23:05", "广州", "起飞"],
        ],
        *("A1:D2", "A3:A4", "B3:D3"),
    )
    (trace,) = read(file)
    assert trace.row.numbers[0].tracking_number == YT(1)
    assert (trace.steps[0].at, trace.steps[0].place, trace.steps[0].text) == ("2026-11-19T23:05:00", "广州", "起飞")


def test_a_heading_over_several_columns_names_each_of_them():
    file = merged([["运单号", "时间", "状态", "备注", ""], [YT(1), "2026-11-19", "起飞", "一", "二"]], "D1:E1")
    (trace,) = read(file)
    assert trace.row.layout.headings[4] == "备注"
    daily = merged([["运单号", "订单号", "颜色", ""], [YT(1), "O-1", "红", "蓝"]], "C1:D1")
    (row,) = rows_of(daily)
    assert (row.attributes, row.refusals) == ({"颜色": "红", "颜色 (2)": "蓝"}, ())


def test_a_record_that_is_two_rows_high_is_one():
    file = merged(
        [["运单号", "时间", "状态"], [YT(1), "2026-11-19", "起飞"], ["", "", ""], [YT(2), "2026-11-19", "起飞"]],
        *("A2:A3", "B2:B3", "C2:C3"),
    )
    assert [trace.row.at for trace in read(file)] == [2, 4]


def test_a_section_that_is_written_over_all_columns_is_one_cell():
    file = merged([["运单号", "袋号", "颜色"], ["第二票", "", ""], [YT(1), "BG-1", ""]], "A2:C2")
    first, second = read(file)
    assert [note.kind for note in first.row.refusals] == ["not_a_number"]
    assert second.row.refusals == ()


def test_in_the_daily_sheet_an_order_over_several_rows_is_that_of_each():
    file = merged([["订单号", "运单号", "SKU"], ["O-1", YT(1), "A"], ["", "", "B"], ["", YT(2), "C"]], "A2:A4", "B2:B3")
    rows = rows_of(file)
    assert [(row.order, numbers(row)[0], row.sku) for row in rows] == [
        ("O-1", YT(1), "A"),
        ("O-1", YT(1), "B"),
        ("O-1", YT(2), "C"),
    ]


def test_what_was_left_under_a_merged_cell_is_not_what_people_see():
    file = merged([["单号", "袋号"], [YT(1), "BG-1"], [YT(2), ""]], "B2:B3")
    left = with_part(file, SHEET, lambda xml: xml.replace(b'<c r="B3" />', b'<c r="B3" t="str"><v>BG-9</v></c>'))
    assert left != file
    assert [trace.inside[0].reference for trace in read(left)] == ["BG-1", "BG-1"]


def test_an_empty_merged_cell_says_nothing():
    file = merged([["单号", "时间", "状态", "袋号"], *([YT(n), "2026-11-19", "起飞", ""] for n in (1, 2))], "D2:D3")
    assert [trace.inside for trace in read(file)] == [(), ()]


@pytest.mark.parametrize("prefix", [b"", b"x:"])
@pytest.mark.parametrize("quote", [b'"', b"'"])
@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_ranges_are_found_however_the_bytes_are_cut_and_written(prefix, quote, cut):
    tag = b"<" + prefix + b"mergeCell  ref=" + quote + b"B2:C9" + quote + b"/>"
    xml = b"<mergeCells count='2'>" + tag + tag.replace(b"B2:C9", b"AA10:AA11") + b"</mergeCells>" + b" " * 400
    found = Merges(xml[i : i + cut] for i in range(0, len(xml), cut))
    assert len(found) == 2
    assert found.across(2, {1: "x"}) == {1: "x", 2: "x"}


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(0, 2)), max_size=8))
def test_any_ranges_give_every_row_the_value_of_its_ranges_first_cell(wanted):
    taken, ranges = set(), []
    for first, high, column in wanted:
        rows = range(first, first + high)
        if not taken & {(at, column) for at in rows}:
            taken |= {(at, column) for at in rows}
            ranges.append((first, high, column))
    tags = (f'<mergeCell ref="{"ABC"[c]}{r}:{"ABC"[c]}{r + h - 1}"/>' for r, h, c in reversed(ranges))
    sheet = [(at, {0: f"A{at}", 1: f"B{at}", 2: f"C{at}", 3: "own"}) for at in range(1, 16)]
    seen = dict(Merges(["".join(tags).encode()]).down(sheet))
    first_of = {(at, c): r for r, h, c in ranges for at in range(r, r + h)}
    assert seen == {
        at: {**{c: f"{'ABC'[c]}{first_of.get((at, c), at)}" for c in range(3)}, 3: "own"} for at, _ in sheet
    }


def test_a_sheet_with_too_many_of_them_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(xlsx_merges, "MOST_MERGED", 1)
    file = merged([["单号", "袋号"], *([YT(n), ""] for n in range(6))], "B2:B3", "B4:B5")
    with pytest.raises(SheetError, match="Unmerge"):
        list(read(file))


def test_looking_for_them_does_not_count_as_unpacking(monkeypatch):
    file = xlsx_of(["单号", "袋号"], *([YT(n), f"BG-{n}"] for n in range(2_000)))
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        size = sum(info.file_size for info in parts.infolist())
        assert parts.getinfo(SHEET).file_size > size / 2
    monkeypatch.setattr("everyleg.sheets.xlsx_parts.MOST_UNPACKED", size)
    assert len(cells(file)) == 2_001


def test_coverage_counts_the_same_rows():
    table = [["运单号", "国家"], [YT(1), "US"], [YT(2), ""], [YT(3), ""]]
    file = merged(table, "B2:B4")
    assert [row.country for row in rows_of(file)] == ["US", "US", "US"]
