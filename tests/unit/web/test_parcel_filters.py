"""The list's filters: read from an address without ever failing, and written back into it."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from everyleg.web.seller.parcels.filters import Cursor, Filters, read_cursor, read_filters

names = st.sampled_from(["q", "at", "stage", "shop", "channel", "country", "tag", "quiet", "sort", "after", "else"])


def address(filters):
    return dict(parse_qsl(urlsplit(filters.link()).query))


@given(st.dictionaries(names, st.text()))
def test_any_address_gives_filters(query):
    read_filters(query)


@given(
    st.dictionaries(
        names,
        st.one_of(
            st.text(), st.integers(0, 10**9).map(str), st.sampled_from(["attention", "line_haul", "US", "quiet"])
        ),
    )
)
def test_filters_survive_their_own_address(query):
    filters = read_filters({name: text for name, text in query.items() if name != "after"})
    assert read_filters(address(filters)) == filters


@given(st.datetimes(), st.integers(1, 2**60))
def test_a_cursor_survives_its_link(at, parcel):
    cursor = Cursor(at.isoformat(), parcel)
    assert read_cursor(str(cursor)) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_none(text):
    read_cursor(text)


def test_what_makes_no_sense_is_left_out():
    assert read_filters({"shop": "x'; DROP", "stage": "moon", "quiet": "-1", "sort": "price"}) == Filters()


def test_several_pasted_numbers_are_several_terms():
    assert Filters(q="YT1\n 94 00,SO-1；YT1").terms == ["YT1", "94", "00", "SO-1"]


def test_numbers_are_looked_for_as_carriers_write_them():
    assert "YT2600000000000001" in Filters(q="yt2600000000000001").spellings


def test_changing_a_filter_begins_at_the_first_page():
    assert "after" not in Filters(at="delivered", after="abc").link(stage="line_haul")


def test_an_empty_filter_is_the_bare_address():
    assert Filters().link() == "/parcels"
