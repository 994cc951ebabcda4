"""What happens to tracking numbers in a cell."""

import pytest
from tests.factories.sheets import SHEET, csv_of, kinds, numbers, row_of, rows_of, with_part, xlsx_of

from everyleg.app.plugins import roots
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.sheets.incoming import Habits, read_numbers
from everyleg.sheets.notes import say_all

HEAD = ["Order", "Tracking number"]


def number_cell(digits):
    """A workbook's number whose text in the file is just so."""
    return row_of(with_part(xlsx_of(HEAD, ["O-1", 7777]), SHEET, lambda xml: xml.replace(b"7777", digits.encode())))


def cell(value, **more):
    return row_of(xlsx_of(HEAD, ["O-1", value], **more))


def text(value):
    return row_of(csv_of(HEAD, ["O-1", value]))


@pytest.mark.parametrize("destroyed", ["9.4E+21", "9.40011E+21", "1,23457E+17", "9.4e+21"])
def test_scientific_notation_has_lost_its_digits_and_is_refused(destroyed):
    row = text(destroyed)
    assert kinds(row.refusals) == ["destroyed"]
    assert destroyed in row.refusals[0].said("en")
    assert "文本格式" in row.refusals[0].said("zh")
    assert row.numbers == ()


@pytest.mark.parametrize("kept", [9.40011020088123e21, 1234567890123450, 123456789012345000])
def test_a_number_cell_of_more_digits_than_a_spreadsheet_keeps_is_refused(kept):
    assert kinds(cell(kept).refusals) == ["destroyed"]


def test_a_long_number_that_never_passed_through_floating_point_is_whole():
    assert numbers(number_cell("9400110200881234567897")) == ["9400110200881234567897"]


def test_a_long_number_that_floating_point_expanded_is_refused():
    assert kinds(number_cell(str(int(float(9400110200881234567897)))).refusals) == ["destroyed"]


def test_a_number_cell_of_fifteen_digits_is_whole():
    assert numbers(cell(123456789012345)) == ["123456789012345"]


def test_scientific_notation_of_a_short_number_in_a_workbook_is_exact():
    assert numbers(number_cell("1.23456789012E11")) == ["123456789012"]


def test_a_text_that_ends_as_a_spreadsheet_leaves_it_is_refused():
    assert kinds(text("9400110200881230000000").refusals) == ["destroyed"]


@pytest.mark.parametrize(
    ("given", "meant", "said"),
    [
        ("123456789012.0", "123456789012", "decimal zero"),
        ("９４００１１０２００", "9400110200", "full-width"),
        ("yt2630700700000001", "YT2630700700000001", "lower case"),
        ("9400 1102 0088", "940011020088", "blanks"),
        ("YT26307\u200b00700000001", "YT2630700700000001", "invisible"),
        ("'00123456789", "00123456789", "quotes"),
        ("160-12345675", "16012345675", "dashes"),
    ],
)
def test_what_is_sure_is_repaired_and_said(given, meant, said):
    row = text(given)
    assert (numbers(row), row.refusals) == ([meant], ())
    assert said in say_all(row.repairs, "en")


def test_every_repair_of_a_number_is_said_in_chinese_too():
    said = say_all(text("１２３ ４５６ａ-｀７８９.0'").repairs, "zh")
    assert not any(char.isalpha() and char.islower() for char in said.partition("：")[2])


def test_leading_zeros_of_a_text_stay():
    assert numbers(text("0012345678")) == ["0012345678"]


def test_leading_zeros_that_the_cells_format_shows_are_restored():
    row = cell(345678901, formats={"B2": "000000000000"})
    assert numbers(row) == ["000345678901"]
    assert kinds(row.repairs) == ["zeros_restored"]


def test_a_number_that_became_a_date_is_refused():
    assert kinds(cell(46329, formats={"B2": "yyyy-mm-dd"}).refusals) == ["became_date"]


@pytest.mark.parametrize("between", [",", "，", ";", "；", "/", "、", "|", "\n", " ", ", "])
def test_several_numbers_in_a_cell_are_parcels_of_one_shipment(between):
    row = text(f"YT2630700700000001{between}YT2630700700000002")
    assert numbers(row) == ["YT2630700700000001", "YT2630700700000002"]
    assert kinds(row.repairs) == ["several_numbers"]


def test_a_number_written_in_groups_is_one_number():
    assert numbers(text("1Z 999 AA1 01 2345 6784")) == ["1Z999AA10123456784"]


def test_the_same_number_twice_in_a_cell_is_one():
    assert numbers(text("YT2630700700000001,YT2630700700000001")) == ["YT2630700700000001"]


@pytest.mark.parametrize("no_number", ["合计", "ABCDEFGH", "1234", "1" * 51, "no/number", "{12345678}"])
def test_what_cannot_be_a_number_is_refused_with_why(no_number):
    assert kinds(text(no_number).refusals) == ["not_a_number"]


def test_an_error_of_the_spreadsheet_is_refused_as_that():
    assert kinds(text("#N/A").refusals) == ["error_cell"]


@pytest.mark.parametrize("blank", ["", "-", "--", "/", "N/A", "null", "无", "  "])
def test_a_row_without_a_number_is_refused(blank):
    assert kinds(text(blank).refusals) == ["no_number"]


def test_one_bad_number_in_a_cell_refuses_the_row():
    row = text("YT2630700700000001, 9.4E+21")
    assert (kinds(row.refusals), row.numbers) == (["destroyed"], ())


def test_the_templates_example_row_is_passed_over():
    assert kinds(text("EXAMPLE0001").refusals) == ["example_row"]


def test_the_carrier_is_taken_from_a_number_that_tells_it_and_left_open_otherwise():
    habits = Habits(detector=Detector(load_formats(roots())))
    rows = rows_of(csv_of(["YT2630700700000001"], ["LK123456785CN"], ["123456789012"]), habits)
    assert [row.numbers[0].carrier for row in rows] == ["yunexpress", "china-post", ""]


def test_bare_numbers_are_shipments_of_their_own():
    rows = list(read_numbers(["YT2630700700000001", "9.4E+21", "LK123456785CN"]))
    assert [(row.at, numbers(row), kinds(row.refusals)) for row in rows] == [
        (1, ["YT2630700700000001"], []),
        (2, [], ["destroyed"]),
        (3, ["LK123456785CN"], []),
    ]
