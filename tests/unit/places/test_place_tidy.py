"""What a source says of a place is tidied, never embroidered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.model import NOWHERE, Place
from everyleg.core.places import place
from everyleg.core.places.airports import site


@pytest.mark.parametrize(
    "nothing", ["", " ", "-", "------", "null", "NULL", "None", "N/A", "n/a", "string", "***", None]
)
def test_words_for_nothing_are_nothing(nothing):
    assert (
        place(raw=nothing, city=nothing, region=nothing, country=nothing, postal_code=nothing, code=nothing) == NOWHERE
    )


def test_blanks_are_collapsed_and_spelling_is_kept():
    assert place(city="  SAO \n PAULO ", postal_code=" 1012  AB ") == Place(city="SAO PAULO", postal_code="1012 AB")


def test_a_country_in_any_form_becomes_its_code():
    assert place(city="Reims", country="FRANCE").country == "FR"
    assert place(city="Reims", country="Gondor").country is None


def test_an_airports_code_tells_where_it_is():
    here = place(code="cvg")

    assert (here.code, here.city, here.country) == ("CVG", "Covington", "US")
    assert (round(here.lat), round(here.lon)) == (39, -85)


def test_a_citys_code_stands_for_all_its_airports():
    assert place(code="LON") == Place(city="London", country="GB", code="LON")


def test_a_locode_is_its_country_and_where_it_can_be_its_airport():
    assert place(code="DEHAM").city == "Hamburg"
    assert place(code="CNYTN") == Place(country="CN", code="CNYTN")
    assert site("XXHAM") is None


def test_what_the_source_says_itself_beats_its_code():
    here = place(city="Cincinnati", country="US", code="CVG", lat="39.1", lon=-84.5)

    assert (here.city, here.lat, here.lon) == ("Cincinnati", 39.1, -84.5)


@pytest.mark.parametrize(("code", "country"), [("V243", None), ("ARH", "NL"), ("0432", "US")])
def test_a_depots_own_code_is_no_airport(code, country):
    here = place(code=code, country=country)

    assert (here.raw, here.code, here.city, here.lat) == (code, None, None, None)


@pytest.mark.parametrize(("lat", "lon"), [("0", "0"), (91, 0), ("north", "east"), ("", None), (float("nan"), 1.0)])
def test_coordinates_that_cannot_be_meant_are_dropped(lat, lon):
    assert place(lat=lat, lon=lon) == NOWHERE


def test_a_text_is_split_only_when_the_source_gives_no_parts():
    assert place(raw="Leipzig - Germany").city == "Leipzig"
    assert place(raw="Leipzig - Germany", city="Schkeuditz") == Place(raw="Leipzig - Germany", city="Schkeuditz")


texts = st.none() | st.text(max_size=30) | st.text(alphabet="ABCDEUS ,-/()[]0123456789", max_size=20)


@given(texts, texts, texts, texts, texts, texts)
def test_any_texts_make_a_place(raw, city, region, country, postal_code, code):
    here = place(raw, city, region, country, postal_code, code)

    assert here.country is None or len(here.country) == 2
    assert here.code is None or site(here.code) is not None
    assert (here.lat is None) == (here.lon is None)
