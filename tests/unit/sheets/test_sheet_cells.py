"""What happens to the other cells of a row."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.factories.sheets import csv_of, kinds, row_of, rows_of, xlsx_of

from everyleg.sheets.incoming import Habits

NUMBER = "YT2630700700000001"
SHANGHAI = Habits(ZoneInfo("Asia/Shanghai"))


def with_cell(heading, value, habits=None):
    return row_of(csv_of(["运单号", heading], [NUMBER, value]), habits)


def value(field, heading, given, habits=None):
    row = with_cell(heading, given, habits)
    assert row.refusals == ()
    return getattr(row, field)


def refusal(heading, given, habits=None):
    (note,) = with_cell(heading, given, habits).refusals
    return note.kind


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("US", "US"),
        ("us", "US"),
        ("美国", "US"),
        ("Germany", "DE"),
        ("美国US", "US"),
        ("GB 英国", "GB"),
        ("阿联酋", "AE"),
        ("ＵＳ", "US"),
    ],
)
def test_a_country_is_known_by_code_and_by_name(given, code):
    assert value("country", "国家", given) == code


@pytest.mark.parametrize("given", ["火星", "US/DE", "ZZ"])
def test_what_names_no_country_or_two_is_refused(given):
    assert refusal("国家", given) == "bad_country"


@pytest.mark.parametrize(("given", "meant"), [("2", "2"), ("2.0", "2"), ("0.5", "0.5"), ("２０", "20"), ("10", "10")])
def test_a_quantity_is_a_number_above_nothing(given, meant):
    assert value("quantity", "数量", given) == Decimal(meant)


@pytest.mark.parametrize("given", ["0", "-1", "two", "1,5", "NaN", "Infinity", "1e12", "0.0001"])
def test_what_is_no_quantity_is_refused(given):
    assert refusal("数量", given) == "bad_quantity"


def test_an_e_mail_address_may_be_written_in_full_width():
    assert value("email", "买家邮箱", "ａ＠ｂ．ｃｏ") == "a@b.co"


@pytest.mark.parametrize("given", ["a@b", "a b@c.de", "nobody", "a@@b.co", "<script>@b.co"])
def test_what_is_no_e_mail_address_is_refused(given):
    assert refusal("买家邮箱", given) == "bad_email"


def test_tags_are_told_apart_and_each_taken_once():
    assert value("tags", "标签", "vip，大促; vip、Q4\nnew") == ("vip", "大促", "Q4", "new")


def test_a_postcode_gets_its_zeros_back_where_the_country_says_how_many_digits():
    rows = rows_of(
        csv_of(["运单号", "国家", "邮编"], [NUMBER, "US", "1234"], [NUMBER, "AU", "800"], [NUMBER, "", "1234"])
    )
    assert [row.postcode for row in rows] == ["01234", "800", "1234"]
    assert [kinds(row.repairs) for row in rows] == [["zeros_restored"], [], []]


def test_a_postcode_as_text_keeps_its_zeros():
    assert value("postcode", "邮编", "01234") == "01234"


def test_a_long_order_number_kept_as_a_number_is_refused_as_destroyed():
    row = row_of(xlsx_of(["订单号", "运单号"], [8.16012345678901e18, NUMBER]))
    assert kinds(row.refusals) == ["destroyed"]


def test_unknown_columns_are_kept_as_attributes_even_two_of_one_name_and_nameless_ones():
    row = row_of(csv_of(["运单号", "颜色", "", "颜色", "重量"], [NUMBER, "red", "x", "blue", "-"]))
    assert row.attributes == {"颜色": "red", "C": "x", "颜色 (2)": "blue"}


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE shipments; --", "<script>alert(1)</script>", "=1+1", "%s %(x)s", "\\N", "{0}"]
)
def test_code_in_cells_is_text(text):
    row = row_of(csv_of(["运单号", "订单号", "备注", "颜色", "SKU"], [NUMBER, text, text, text, text]))
    assert (row.order, row.remark, row.attributes["颜色"], row.sku) == (text, text, text, text)


def test_invisible_characters_go_and_that_is_said():
    row = with_cell("订单号", "O\u200b-\u202e1\x01")
    assert (row.order, kinds(row.repairs)) == ("O-1", ["cell_cleaned"])


def test_a_text_that_is_too_long_is_refused():
    assert refusal("店铺", "x" * 201) == "too_long"


DATES = {
    "2026-11-03": (2026, 11, 2, 16, 0, 0),
    "2026/11/3": (2026, 11, 2, 16, 0, 0),
    "2026年11月3日 8时5分": (2026, 11, 3, 0, 5, 0),
    "2026-11-03 08:00": (2026, 11, 3, 0, 0, 0),
    "2026-11-03T08:00:30.5": (2026, 11, 3, 0, 0, 30),
    "2026-11-03T08:00:00Z": (2026, 11, 3, 8, 0, 0),
    "2026-11-03 08:00 +0100": (2026, 11, 3, 7, 0, 0),
    "20261103": (2026, 11, 2, 16, 0, 0),
    "20261103080000": (2026, 11, 3, 0, 0, 0),
    "03.11.2026": (2026, 11, 2, 16, 0, 0),
    "3 Nov 2026": (2026, 11, 2, 16, 0, 0),
    "Nov 3, 2026 8:00 PM": (2026, 11, 3, 12, 0, 0),
    "2026/11/3 下午 8:00": (2026, 11, 3, 12, 0, 0),
    "46329.3333333333": (2026, 11, 3, 0, 0, 0),
    "11/11/2026": (2026, 11, 10, 16, 0, 0),
    "13/11/2026": (2026, 11, 12, 16, 0, 0),
    "11/13/2026": (2026, 11, 12, 16, 0, 0),
}


@pytest.mark.parametrize(("given", "instant"), DATES.items())
def test_a_date_is_read_on_the_workspaces_clock(given, instant):
    assert value("shipped_at", "发货时间", given, SHANGHAI) == datetime(*instant, tzinfo=UTC)


def test_a_promised_day_counts_to_its_end():
    assert value("promised_by", "承诺时间", "2026-11-03", SHANGHAI) == datetime(2026, 11, 3, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("given", ["soon", "2026-13-01", "2026-02-30", "1/2/26", "25:00", "2026-11-03 25:00"])
def test_what_is_no_date_is_refused(given):
    assert refusal("发货时间", given) == "bad_date"


@pytest.mark.parametrize("given", ["1926-11-03", "2126-11-03"])
def test_a_date_out_of_this_age_is_refused(given):
    assert refusal("发货时间", given) == "far_date"


def test_day_and_month_are_not_guessed():
    assert refusal("发货时间", "11-03-2026 08:00") == "unsure_date"


@pytest.mark.parametrize(
    ("other", "month", "said"), [("25/12/2026", 3, "day_first"), ("12/25/2026", 11, "month_first")]
)
def test_another_value_of_the_column_decides_wherever_it_stands(other, month, said):
    rows = rows_of(csv_of(["运单号", "发货时间"], [NUMBER, "11/03/2026"], [NUMBER, other]))
    assert rows[0].shipped_at.month == month
    assert kinds(rows[0].repairs) == [said]


def test_values_that_contradict_decide_nothing():
    rows = rows_of(
        csv_of(["运单号", "发货时间"], [NUMBER, "11/03/2026"], [NUMBER, "25/12/2026"], [NUMBER, "12/25/2026"])
    )
    assert kinds(rows[0].refusals) == ["unsure_date"]


@pytest.mark.parametrize("old", [False, True])
def test_a_date_of_a_workbook_is_its_count_of_days(old):
    when = datetime(2026, 11, 3, 8, 0, 0)  # noqa: DTZ001
    row = row_of(xlsx_of(["运单号", "发货时间"], [NUMBER, when], epoch_1904=old), SHANGHAI)
    assert row.shipped_at == datetime(2026, 11, 3, tzinfo=UTC)


def test_a_row_with_more_cells_than_headings_is_refused():
    assert kinds(row_of(csv_of(["运单号", "备注"], [NUMBER, "a", "b"])).refusals) == ["extra_cells"]


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    row = row_of(csv_of(["运单号", "国家", "数量"], ["9.4E+21", "火星", "-1"]))
    assert kinds(row.refusals) == ["destroyed", "bad_country", "bad_quantity"]
