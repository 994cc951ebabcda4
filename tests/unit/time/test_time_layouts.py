"""Every style in which carriers print a time is read back as it was printed; everything else is refused."""

# ruff: noqa: DTZ001 - wall clocks have no zone

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.time.layouts import Clock, LayoutError, compile_layout, compile_layouts

moments = st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2199, 12, 30))
this_century = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31))
quarters = st.integers(-12 * 4, 14 * 4).map(lambda quarter: quarter * 15)

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}

PRINTED = [
    # layout, strftime, the finest thing that it prints
    ("iso", "%Y-%m-%d", "date"),
    ("iso", "%Y-%m-%dT%H:%M", "minute"),
    ("iso", "%Y-%m-%d %H:%M:%S", "second"),
    ("iso", "%Y-%m-%dT%H:%M:%S.%f", "microsecond"),
    ("iso", "%Y-%m-%dT%H:%M:%S.%f9", "microsecond"),
    ("yyyyMMdd", "%Y%m%d", "date"),
    ("yyyyMMddHHmmss", "%Y%m%d%H%M%S", "second"),
    ("yyyyMMdd HHmmss", "%Y%m%d %H%M%S", "second"),
    ("yyyyMMdd:HHmmss", "%Y%m%d:%H%M%S", "second"),
    ("dd.MM.yyyy HH:mm", "%d.%m.%Y %H:%M", "minute"),
    ("d.M.yyyy HH:mm:ss", "%d.%m.%Y %H:%M:%S", "second"),
    ("HH:mm dd.MM.yyyy", "%H:%M %d.%m.%Y", "minute"),
    ("M/d/yyyy h:mm:ss a", "%m/%d/%Y %I:%M:%S %p", "second"),
    ("MM/dd/yyyy hh:mm a", "%m/%d/%Y %I:%M%p", "minute"),
    ("yyyy/MM/dd HH:mm", "%Y/%m/%d %H:%M", "minute"),
    ("dd/MM/yy HH:mm", "%d/%m/%y %H:%M", "minute"),
    ("ddMMyyHHmm", "%d%m%y%H%M", "minute"),
    ("yyyy-MM-dd HH:mm:ss.SSSSSS", "%Y-%m-%d %H:%M:%S.%f", "microsecond"),
    ("yyyyMMddHHmmssSSSSSS", "%Y%m%d%H%M%S%f", "microsecond"),
    ("yyyy年M月d日 HH:mm", "%Y年%m月%d日 %H:%M", "minute"),
    ("dd.MM.yyyy 'um' HH:mm 'Uhr'", "%d.%m.%Y um %H:%M Uhr", "minute"),
    ("'Date' dd MM yyyy 'Time' HH:mm", "Date %d %m %Y Time %H:%M", "minute"),
    ("yyyy-MM-dd HH:mm:ss '(local time)'", "%Y-%m-%d %H:%M:%S (local time)", "second"),
]


def cut(moment: datetime, finest: str) -> datetime:
    """The moment without what is finer than `finest`."""
    gone = {"date": "hour minute second microsecond", "minute": "second microsecond", "second": "microsecond"}
    return moment.replace(**dict.fromkeys(gone.get(finest, "").split(), 0))


def in_words(moment: datetime, month: str) -> str:
    half, hour = "PM" if moment.hour >= 12 else "AM", moment.hour % 12 or 12
    return f"{month} {moment.day}, {moment.year} {hour}:{moment.minute:02} {half}"


@pytest.mark.parametrize(("layout", "style", "finest"), PRINTED)
@given(moment=this_century)
def test_any_moment_printed_in_a_layout_is_read_back(layout, style, finest, moment):
    clock = compile_layout(layout)(moment.strftime(style))

    assert clock.local == cut(moment, finest)
    assert clock.precision == ("second" if finest == "microsecond" else finest)
    assert clock.offset is None
    assert clock.instant is None


@given(moments, st.sampled_from(sorted(MONTHS)), st.sampled_from([str, str.upper, str.title]))
def test_months_are_read_in_nine_languages_and_any_case(moment, lang, case):
    month = case(MONTHS[lang].split()[moment.month - 1])

    clock = compile_layout("MMMM d, yyyy h:mm a")(in_words(moment, month))

    assert clock.local == cut(moment, "minute")


@pytest.mark.parametrize("text", ["3 Mar 2024", "3 mar. 2024", "3 März 2024", "3 mrt 2024", "3 мар. 2024"])
def test_short_months_may_have_a_dot(text):
    assert compile_layout("d MMM yyyy")(text).local == datetime(2024, 3, 3)


@pytest.mark.parametrize(
    "text", ["Friday, May 3, 2024", "venerdì, maggio 3, 2024", "sexta-feira, maio 3, 2024", "Fr., Mai 3, 2024"]
)
def test_a_weekday_in_any_language_is_passed_over(text):
    assert compile_layout("EEEE, MMMM d, yyyy")(text).local == datetime(2024, 5, 3)


@given(moments, quarters, st.sampled_from(["{:+03d}:{:02d}", "{:+03d}{:02d}", " GMT{:+03d}:{:02d}"]))
def test_a_stated_offset_is_kept_beside_the_wall_clock(moment, offset, style):
    sign, rest = (-1, -offset) if offset < 0 else (1, offset)
    tail = style.format(sign * (rest // 60), rest % 60) if rest >= 60 or sign > 0 else f"-00:{rest:02}"

    clock = compile_layout("iso")(f"{moment:%Y-%m-%dT%H:%M:%S}{tail}")

    assert (clock.local, clock.offset) == (cut(moment, "second"), offset)


@pytest.mark.parametrize("tail", ["Z", "z", " UTC", "GMT", "+00", "+0000", "-00:00"])
def test_utc_by_any_name_is_offset_zero(tail):
    assert compile_layout("iso")(f"2024-05-06T07:08:09{tail}") == Clock(
        datetime(2024, 5, 6, 7, 8, 9), 0, None, "second"
    )


def test_a_date_may_have_an_offset():
    assert compile_layout("iso")("2024-04-29+02:00") == Clock(datetime(2024, 4, 29), 120, None, "date")


def test_a_zone_abbreviation_is_kept_for_the_zone_rule():
    clock = compile_layout("MM/dd/yyyy h:mm a z")("10/08/2024 1:35 A.M. EST")

    assert (clock.local, clock.offset, clock.zone) == (datetime(2024, 10, 8, 1, 35), None, "EST")


def test_an_optional_part_may_be_missing():
    read = compile_layout("yyyyMMdd[ HHmmss][XXX]")

    assert read("20240102") == Clock(datetime(2024, 1, 2), None, None, "date")
    assert read("20240102 030405+08:00") == Clock(datetime(2024, 1, 2, 3, 4, 5), 480, None, "second")


@given(st.datetimes(min_value=datetime(1972, 1, 1), max_value=datetime(2199, 12, 30)), st.sampled_from([str, int]))
def test_epochs_are_told_apart_by_their_size(moment, kind):
    instant = moment.replace(tzinfo=UTC)
    micros = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for power, layout in ((6, "epoch_s"), (3, "epoch_ms"), (0, "epoch_us")):
        value = kind(micros // 10**power)
        expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros // 10**power * 10**power)

        assert compile_layout("epoch")(value) == compile_layout(layout)(value)
        assert abs(compile_layout("epoch")(value).instant - expected) <= timedelta(microseconds=1)


def test_dotnet_dates_are_instants_and_may_tell_an_offset():
    read = compile_layout("dotnet")
    instant = datetime(2024, 1, 1, tzinfo=UTC)

    assert read("/Date(1704067200000)/") == Clock(None, None, instant, "second")
    assert read(r"\/Date(1704067200000+0530)\/") == Clock(None, 330, instant, "second")


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:05 AM", 0), ("12:05 p.m.", 12), ("1:05 PM", 13), ("11:05am", 11), ("16:05 PM", 16), ("00:05 AM", 0)],
)
@pytest.mark.parametrize("layout", ["yyyy-MM-dd h:mm a", "yyyy-MM-dd HH:mm"])
def test_am_and_pm_are_understood_behind_either_clock(layout, text, hour):
    assert compile_layout(layout)(f"2024-01-02 {text}").local == datetime(2024, 1, 2, hour, 5)


def test_midnight_can_mean_that_only_the_day_is_known():
    read = compile_layout("iso|midnight_is_date")

    assert read("2024-01-02T00:00:00").precision == "date"
    assert read("2024-01-02T00:00:01").precision == "second"
    assert compile_layout("iso")("2024-01-02T00:00:00").precision == "second"


def test_the_date_layout_drops_a_clock_that_is_padding():
    assert compile_layout("date")("2024-01-02T11:59:59Z") == Clock(datetime(2024, 1, 2), None, None, "date")


def test_layouts_are_tried_in_their_order():
    read = compile_layouts(["dd/MM/yyyy", "MM/dd/yyyy"])

    assert read("03/04/2024").local == datetime(2024, 4, 3)
    assert read("03/14/2024").local == datetime(2024, 3, 14)


def test_a_refusal_names_value_and_layouts():
    with pytest.raises(LayoutError, match=r"'tomorrow'.*iso or dd\.MM\.yyyy"):
        compile_layouts(["iso", "dd.MM.yyyy"])("tomorrow")


@pytest.mark.parametrize(
    ("layout", "value"),
    [
        ("iso", "0001-01-01T00:00:00"),
        ("iso", "1900-01-01"),
        ("iso", "9999-12-31T23:59:59"),
        ("epoch", 0),
        ("epoch_ms", "-62135596800000"),
        ("dotnet", "/Date(-62135596800000)/"),
        ("epoch", 20240102),
        ("yyyyMMdd", "00010101"),
    ],
)
def test_placeholders_are_no_times(layout, value):
    with pytest.raises(LayoutError):
        compile_layout(layout)(value)


@pytest.mark.parametrize(
    ("layout", "value"),
    [
        ("iso", "2024-02-30"),
        ("iso", "2024-01-02x10:00:00"),
        ("iso", "2024-W01-1"),
        ("iso", "2024-01-02T10:00:00+25:00"),
        ("iso", "2024-01-02T10:00:00 soon"),
        ("dd.MM.yyyy", "31.04.2024"),
        ("dd.MM.yyyy", "1٢.04.2024"),
        ("d MMM yyyy", "3 Foo 2024"),
        ("yyyyMMddHHmmss", "2024010203040"),
        ("epoch", "1_704_110_400"),
        ("epoch", float("nan")),
        pytest.param("epoch", 10**5000, id="a number of 5,000 digits"),
        ("epoch", True),
        ("iso", None),
        ("iso", ["2024-01-02"]),
    ],
)
def test_what_does_not_fit_is_refused(layout, value):
    with pytest.raises(LayoutError):
        compile_layout(layout)(value)


ANY_LAYOUT = sorted(
    {layout for layout, _, _ in PRINTED}
    | {"epoch", "epoch_s", "epoch_ms", "epoch_us", "dotnet", "date", "MMMM d, yyyy h:mm a z"}
)
near_times = st.text(alphabet="0123456789-+:/., TZAPMampm年()Date", max_size=40)


@given(
    st.sampled_from(ANY_LAYOUT),
    near_times | st.text() | st.integers() | st.floats() | st.none() | st.booleans() | st.binary(),
)
def test_any_value_is_either_read_or_refused(layout, value):
    try:
        clock = compile_layout(layout)(value)
    except LayoutError:
        return
    assert (clock.local is None) != (clock.instant is None)


@pytest.mark.parametrize(
    "layout",
    ["", "HH:mm", "dd.MM", "yyyy-MM-dd hh:mm", "yyyy-MM-dd at HH:mm", "yyyy-MM-dd yyyy", "yyyy-MM-dd[", "iso|often"],
)
def test_a_layout_that_makes_no_sense_is_refused_when_it_is_compiled(layout):
    with pytest.raises(ValueError):
        compile_layout(layout)
