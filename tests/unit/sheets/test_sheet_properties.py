"""What holds for any sheet."""

import io
import string
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories.sheets import csv_of, rows_of, xlsx_of

from everyleg.sheets.cells import BLANKS, is_destroyed, tidy
from everyleg.sheets.delimited import defused, undefused
from everyleg.sheets.fates import Fate
from everyleg.sheets.headings import heading_of
from everyleg.sheets.notes import SheetError
from everyleg.sheets.numbering import EXAMPLE
from everyleg.sheets.outgoing import rejected
from everyleg.sheets.writers import write_table

FEWER = settings(max_examples=max(1, settings().max_examples // 4))
"""For what writes a whole workbook each time."""

NASTY = st.sampled_from(
    [
        "'; DROP TABLE x;--",
        "<b>&amp;</b>",
        "=1+1",
        "@SUM(A1)",
        "-1",
        "'=1",
        "''+1",
        "_x0041_",
        'a"b,c;d\te',
        "\u200d👩\u200d🔬",
    ]
)
TEXT = (st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | NASTY).filter(lambda t: tidy(t) not in BLANKS)
NAME = TEXT.map(tidy).filter(lambda t: t and len(t) < 90)
SPELT = NAME.map(lambda t: tidy(t, narrow=True)).filter(lambda t: t and t not in BLANKS and not t.startswith("#"))
NUMBER = st.text(string.ascii_uppercase + string.digits, min_size=5, max_size=20).filter(
    lambda t: any(map(str.isdigit, t)) and not t[:-5].isdigit() and t != EXAMPLE
)
MOMENT = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)).map(lambda m: m.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001
ROW = st.fixed_dictionaries(
    {"number": NUMBER},
    optional={
        "order": SPELT,
        "channel": NAME,
        "shop": NAME,
        "platform": NAME,
        "country": st.sampled_from(["US", "DE", "BR"]),
        "postcode": st.text(string.ascii_uppercase + string.digits, min_size=5, max_size=8),
        "shipped_at": MOMENT,
        "promised_by": MOMENT,
        "email": st.sampled_from(["a@b.co", "o'neil+tag@sub.example.com"]),
        "sku": SPELT,
        "quantity": st.decimals("0.001", "99999", places=3),
        "tags": st.lists(st.sampled_from(["vip", "大促", "a b"]), unique=True, min_size=1).map(tuple),
        "remark": TEXT.map(lambda t: tidy(t, lines=True)).filter(
            lambda t: t and t not in BLANKS and not t.startswith("#")
        ),
        "颜色": TEXT.map(lambda t: tidy(t, lines=True)).filter(lambda t: t and t not in BLANKS),
    },
)
FIELDS = [
    *("number", "order", "channel", "shop", "platform", "country", "postcode", "shipped_at", "promised_by", "email"),
    *("sku", "quantity", "tags", "remark", "颜色"),
]
LAYOUT = st.permutations(FIELDS)


def written(value):
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def told(row):
    values = {name: getattr(row, name) for name in FIELDS if name not in ("number", "颜色")}
    values |= {"number": row.numbers[0].tracking_number, "颜色": row.attributes.get("颜色")}
    return {name: value for name, value in values.items() if value not in (None, ())}


def table(rows, fields, lang):
    return [heading_of(field, lang) for field in fields], [
        [written(row.get(field)) for field in fields] for row in rows
    ]


def check(source, rows):
    found = rows_of(source)
    assert [row.refusals for row in found] == [()] * len(rows)
    assert [told(row) for row in found] == [
        {k: Decimal(v) if k == "quantity" else v for k, v in row.items()} for row in rows
    ]


@given(
    st.lists(ROW, min_size=1, max_size=4),
    LAYOUT,
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"]),
    st.sampled_from(",;\t"),
)
def test_a_text_sheet_in_any_encoding_and_order_of_columns_reads_back_the_same(rows, fields, encoding, delimiter):
    head, body = table(rows, fields, "zh")
    escaped = [[defused(cell) for cell in row] for row in body]
    check(csv_of(head, *escaped, encoding=encoding, delimiter=delimiter), rows)


@FEWER
@given(st.lists(ROW, min_size=1, max_size=4), LAYOUT, st.sampled_from(["zh", "en"]), st.sampled_from(["xlsx", "csv"]))
def test_a_sheet_that_we_write_reads_back_the_same(rows, fields, lang, kind):
    out = io.BytesIO()
    write_table(out, kind, "x", *table(rows, fields, lang))
    check(out.getvalue(), rows)


@given(st.text() | NASTY)
def test_a_defused_cell_runs_nowhere_and_comes_back(text):
    assert defused(text)[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert undefused(defused(text)) == text if text else defused(text) == ""


def survives(source):
    try:
        for row in rows_of(source):
            assert row.numbers or row.refusals
    except SheetError as error:
        assert str(error)


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: ("运单号,发货时间,国家,数量\n" + t).encode()))
def test_no_bytes_make_anything_but_rows_and_sheet_errors(source):
    survives(source)


WORKBOOK = xlsx_of(["运单号", "发货时间"], ["YT2630700700000001", datetime(2026, 11, 3)])  # noqa: DTZ001


@given(st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_broken_workbook_makes_anything_but_rows_and_sheet_errors(changes):
    source = bytearray(WORKBOOK)
    for at, byte in changes:
        source[at] = byte
    survives(bytes(source))


@FEWER
@given(
    st.lists(
        st.lists(st.text(max_size=12) | st.integers() | st.floats() | st.booleans() | st.datetimes(), max_size=4),
        max_size=4,
    )
)
def test_any_values_in_a_workbook_are_read_or_refused(body):
    head = ["运单号", "发货时间", "国家", "数量"]
    try:
        source = xlsx_of(head, *body)
    except Exception:
        return
    survives(source)


@given(st.integers(0, 10**15 - 1))
def test_no_number_of_fifteen_digits_is_taken_for_destroyed(number):
    assert not is_destroyed(str(number))
    assert not is_destroyed(repr(float(number)))


@given(st.integers(10**17, 10**30))
def test_a_long_number_that_passed_through_floating_point_is_always_seen(number):
    assert is_destroyed(repr(float(number)))
    assert is_destroyed(str(int(float(number))))


@FEWER
@given(st.lists(ROW, min_size=1, max_size=3), LAYOUT)
def test_rejected_rows_come_back_in_their_layout_and_read_the_same(rows, fields):
    head, body = table(rows, fields, "zh")
    given_rows = rows_of(xlsx_of(head, *[[escape(cell) for cell in row] for row in body]))
    back = rejected([Fate(row, "refused") for row in given_rows], "zh")
    assert [told(row) for row in rows_of(back)] == [told(row) for row in given_rows]
    assert rejected([Fate(row, "added") for row in given_rows], "zh") == b""


def escape(cell):
    """As the other program can write it: no control characters, no formulas."""
    return "".join(char for char in cell if char.isprintable() or char == "\n").replace("=", "") or None
