"""Which files are read, and how those that are not are refused."""

import io
import zipfile

import openpyxl
import pytest
from tests.factories.sheets import SHEET, csv_of, kinds, numbers, row_of, rows_of, with_part, xlsx_of

from everyleg.sheets import xlsx_parts
from everyleg.sheets.notes import SheetError
from everyleg.sheets.outgoing import template

NUMBER = "YT2630700700000001"
HEAD = ["订单号", "运单号", "国家", "颜色"]
ROW = ["O-1", NUMBER, "美国", "红"]


def error(source):
    with pytest.raises(SheetError) as caught:
        rows_of(source)
    assert caught.value.note.said("zh") != caught.value.note.said("en")
    return caught.value.note.kind


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_is_read_in_every_usual_encoding_and_with_every_usual_delimiter(encoding, delimiter):
    row = row_of(csv_of(HEAD, ROW, encoding=encoding, delimiter=delimiter))
    assert (row.order, numbers(row), row.country, row.attributes) == ("O-1", [NUMBER], "US", {"颜色": "红"})


def test_utf_16_of_the_other_order_is_known_by_its_mark():
    assert row_of(b"\xfe\xff" + csv_of(HEAD, ROW, encoding="utf-16-be")).order == "O-1"


def test_a_first_line_that_names_the_delimiter_is_obeyed_and_no_row():
    assert row_of(b"sep=;\r\n" + csv_of(HEAD, ROW, delimiter=";")).order == "O-1"


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_titles_above_the_headings_are_passed_over_and_rows_keep_their_number(make):
    row = row_of(make(["我的发货表", "", "", ""], ["", "", "", ""], HEAD, ROW))
    assert (row.at, row.order) == (4, "O-1")


@pytest.mark.parametrize(
    "heading",
    [
        "运单号",
        "运单号*",
        "运单号（必填）",
        "Tracking No.",
        "TRACKING_NUMBER",
        "跟踪号",
        "运单号/Tracking number",
        "\ufeff运单号",
        "Waybill No",
    ],
)
def test_a_heading_is_known_by_either_name_or_what_exports_call_it(heading):
    assert numbers(row_of(csv_of([heading, "x"], [NUMBER, "y"]))) == [NUMBER]


def test_of_two_columns_of_one_field_the_first_counts_and_the_other_is_kept():
    row = row_of(csv_of(["运单号", "跟踪号"], [NUMBER, "92001903000000"]))
    assert (numbers(row), row.attributes) == ([NUMBER], {"跟踪号": "92001903000000"})


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
@pytest.mark.parametrize("title", [["运单号"], ["my numbers"], None])
def test_a_column_of_numbers_is_a_sheet(make, title):
    rows = [[NUMBER], ["LK123456785CN"]]
    assert [numbers(row) for row in rows_of(make(*([title] if title else []), *rows))] == rows


def test_one_pasted_line_of_numbers_is_a_list():
    assert [numbers(row) for row in rows_of(f"{NUMBER}, LK123456785CN".encode())] == [[NUMBER], ["LK123456785CN"]]


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_columns_without_headings_are_not_guessed(make):
    assert error(make(["O-1", NUMBER], ["O-2", "LK123456785CN"])) == "no_headings"


def test_headings_without_a_tracking_number_are_refused():
    assert error(csv_of(["订单号", "国家"], ["O-1", "US"])) == "no_number_column"


@pytest.mark.parametrize("nothing", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_sheet_is_refused(nothing):
    assert error(nothing) == "empty"


def test_an_empty_workbook_is_refused():
    assert error(xlsx_of()) == "empty"


def test_headings_alone_are_no_rows():
    assert rows_of(csv_of(HEAD)) == []


def test_the_sheet_with_the_headings_is_taken_wherever_it_stands_and_hidden_ones_never():
    book = openpyxl.Workbook()
    book.active.append(["说明"])
    hidden = book.create_sheet()
    hidden.append(["运单号"])
    hidden.append(["HIDDEN00001"])
    hidden.sheet_state = "hidden"
    book.create_sheet().append(["运单号"])
    book.worksheets[-1].append([NUMBER])
    out = io.BytesIO()
    book.save(out)
    assert numbers(row_of(out.getvalue())) == [NUMBER]


def test_what_people_see_is_read_of_formulas_and_rich_text():
    def rich(xml):
        return xml.replace(b"<t>vip</t>", b"<r><t>v</t></r><r><t>ip</t></r><rPh><t>VIP</t></rPh>")

    row = row_of(with_part(xlsx_of(["运单号", "标签"], [NUMBER, "vip"]), "xl/sharedStrings.xml", rich))
    assert row.tags == ("vip",)
    formula = with_part(
        xlsx_of(["运单号", "数量"], [NUMBER, 7]), SHEET, lambda xml: xml.replace(b"<v>7</v>", b"<f>3+4</f><v>7</v>")
    )
    assert row_of(formula).quantity == 7


def test_a_cell_of_a_quarter_million_characters_is_refused():
    assert error(csv_of(HEAD, ["O-1", NUMBER, "US", "x" * 40_000])) == "cell_too_long"


def test_a_quotation_mark_never_closed_is_refused_with_its_row():
    assert error(csv_of(HEAD) + b'O-1,"' + b"x,\n" * 60_000) == "cell_too_long"


def test_a_file_that_is_too_big_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(SheetError, match="100 MB; 50 MB is the most"):
        rows_of(path)


def bomb(declared=None):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_of(HEAD, ROW))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
        with new.open(SHEET, "w", force_zip64=True) as part:
            part.write(b"<worksheet><sheetData>")
            for _ in range(64):
                part.write(b" " * (1 << 20))
            part.write(b"</sheetData></worksheet>")
    data = out.getvalue()
    if declared is not None:  # the directory says less than there is
        true = (64 * 2**20 + 46).to_bytes(4, "little")
        assert true in data
        data = data.replace(true, declared.to_bytes(4, "little"))
    return data


def test_a_zip_bomb_is_refused_by_its_directory():
    assert error(bomb()) == "bomb"


def test_a_zip_bomb_whose_directory_lies_is_refused_while_it_unfolds():
    assert error(bomb(declared=1000)) in ("bomb", "damaged")


def test_what_unfolds_is_counted(monkeypatch):
    monkeypatch.setattr(xlsx_parts, "MOST_UNPACKED", 20_000)
    workbook = xlsx_of(HEAD, *[ROW] * 10)
    monkeypatch.setattr(xlsx_parts.Parts, "_check", lambda self: None)
    assert rows_of(workbook)
    assert error(xlsx_of(HEAD, *[ROW] * 1000)) == "bomb"


def test_entities_are_not_unfolded():
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
    assert error(with_part(xlsx_of(HEAD, ROW), SHEET, lambda xml: evil + xml)) == "damaged"


def test_an_old_workbook_and_a_protected_one_are_told_apart():
    compound = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1000)
    assert error(compound) == "old_xls"
    assert error(compound + "EncryptedPackage".encode("utf-16-le")) == "encrypted"


def test_other_files_are_called_by_their_name():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        new.writestr("content.xml", "<x/>")
    assert error(out.getvalue()) == "other_workbook"
    assert error(b"<html><table><tr><td>1</td></tr></table></html>") == "page"
    assert error(bytes(range(256)) * 4) == "not_text"


def test_a_cut_workbook_is_refused():
    whole = xlsx_of(HEAD, *[ROW] * 50)
    assert {error(whole[:cut]) for cut in range(10, len(whole) - 1, 97)} == {"damaged"}


def test_a_workbook_with_a_broken_part_is_refused():
    assert error(with_part(xlsx_of(HEAD, ROW), SHEET, lambda xml: xml[: len(xml) // 2])) == "damaged"


def test_too_many_columns_are_refused():
    wide = [*HEAD, *(f"c{i}" for i in range(500))]
    assert error(xlsx_of(wide, ROW)) == "too_many_columns"
    assert error(csv_of(wide, ROW)) == "too_many_columns"


def test_texts_are_kept_out_of_memory_and_given_in_any_order():
    rows = [[f"O-{i}", NUMBER, "US", f"颜色 {i}"] for i in range(3000)]
    assert [row.attributes["颜色"] for row in rows_of(xlsx_of(HEAD, *rows))] == [row[3] for row in rows]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_is_read_and_its_example_is_no_parcel(lang):
    row = row_of(template(lang))
    assert kinds(row.refusals) == ["example_row"]
    assert len(row.layout.fields) == 14
    assert (row.country, row.postcode, row.quantity, row.tags) == ("US", "08540", 2, ("vip", "Q4"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_templates_columns_are_formatted_as_text_and_a_second_sheet_explains(lang):
    book = openpyxl.load_workbook(io.BytesIO(template(lang)))
    assert len(book.worksheets) == 2
    assert {cell.number_format for cell in book.worksheets[0][2] if cell.value} == {"@"}
    assert all(line[1].value for line in book.worksheets[1].iter_rows(min_row=2))
