"""Places that come as one text are split as far as they are unmistakable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.places.composite import Parts, split


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("CINCINNATI HUB - US", Parts("CINCINNATI", None, "US")),
        ("Leipzig - Germany", Parts("Leipzig", None, "DE")),
        ("ROTTERDAM - NETHERLANDS, THE", Parts("ROTTERDAM", None, "NL")),
        ("SEOUL - KOREA, REPUBLIC OF (SOUTH K.)", Parts("SEOUL", None, "KR")),
        ("OAKLAND GATEWAY, CA - USA", Parts("OAKLAND", "CA", "US")),
        ("New York, NY", Parts("New York", "NY", "US")),
        ("Toronto, ON", Parts("Toronto", "ON", "CA")),
        ("Austin, TX, United States", Parts("Austin", "TX", "US")),
        ("Austin, TX 73301", Parts("Austin", "TX", "US", "73301")),
        ("CHARLESTON SC, 29401", Parts("CHARLESTON", "SC", "US", "29401")),
        ("Fresno, California, 93650, USA, United States", Parts("Fresno", "California", "US", "93650")),
        ("FRANKFURT, HE, DE", Parts("FRANKFURT", "HE", "DE")),
        ("Sydney, Australia", Parts("Sydney", None, "AU")),
        ("BUSAN, KOREA, REPUBLIC OF", Parts("BUSAN", None, "KR")),
        ("DONGGUAN,CN", Parts("DONGGUAN", None, "CN")),
        ("London, UK", Parts("London", None, "GB")),
        ("Tokyo, JPN", Parts("Tokyo", None, "JP")),
        ("Puurs (BE)", Parts("Puurs", None, "BE")),
        ("CTCE FORTALEZA - Fortaleza / CE", Parts("Fortaleza", "CE", "BR")),
        ("[Shatian Town] has left", Parts("Shatian Town")),
        ("BRISBANE QLD", Parts("BRISBANE", "QLD", "AU")),
        ("JERSEY CITY NJ NETWORK DISTRIBUTION CENTER", Parts("JERSEY CITY", "NJ", "US")),
        ("GUANGZHOU CN", Parts("GUANGZHOU", None, "CN")),
        ("DE Hamburg", Parts("Hamburg", None, "DE")),
        ("212 16 Malmö", Parts("Malmö", None, None, "212 16")),
        ("Germany", Parts(country="DE")),
        ("KOREA, REPUBLIC OF", Parts(country="KR")),
        ("USA", Parts(country="US")),
        ("LAX", Parts(code="LAX")),
        ("Frankfurt (FRA)", Parts("Frankfurt", code="FRA")),
    ],
)
def test_common_shapes_are_split(raw, parts):
    assert split(raw) == parts


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("LOS ANGELES, CA", Parts("LOS ANGELES", "CA", "US")),
        ("Recife, PE", Parts("Recife", "PE", "BR")),
        ("Lima, PE", Parts("Lima", None, "PE")),
        ("Boston, MA", Parts("Boston", "MA", "US")),
        ("Berlin, DE", Parts("Berlin", None, "DE")),
        ("Atlanta, Georgia", Parts("Atlanta", "Georgia", "US")),
        ("Tbilisi, Georgia", Parts("Tbilisi", None, "GE")),
        ("Perth, WA", Parts("Perth", "WA", "AU")),
        ("Seattle, WA", Parts("Seattle", "WA", "US")),
    ],
)
def test_letters_of_several_meanings_are_settled_by_the_city(raw, parts):
    assert split(raw) == parts


@pytest.mark.parametrize(
    "raw",
    [
        "CUSTOMS, CA",
        "Milano, MI",
        "Georgia",
        "CA",
        "CAN",
        "Stafford DO",
        "GÖTEBORG AB",
        "HANDED TO",
        "Offenbach (BZ)",
        "Rodgau (PZ) / Offenbach (BZ)",
        "Front Door",
        "Lyon, Marseille",
        "12 Long Road, Flat 3, Someplace",
        "V243",
        "lax",
    ],
)
def test_what_can_mean_several_things_or_none_stays_unsplit(raw):
    assert split(raw) == Parts()


def test_an_address_only_tells_its_country():
    assert split("Level 4, Suite 9, 1 Long Road, Perth WA 6000, Australia") == Parts(country="AU")


def test_a_country_given_apart_settles_what_letters_mean():
    assert split("Springfield, CA", "US") == Parts("Springfield", "CA", "US")
    assert split("Springfield, CA", "CA") == Parts("Springfield", None, "CA")
    assert split("IL, US", "US") == Parts(region="IL", country="US")


def test_a_text_that_contradicts_its_country_is_left_alone():
    assert split("Austin, TX, United States", "CN") == Parts()


@given(st.text() | st.text(alphabet="ABCDEUSNYP ,-/()[]0123456789", max_size=25), st.sampled_from([None, "US", "DE"]))
def test_any_text_is_split_into_what_it_says(raw, country):
    parts = split(" ".join(raw.split()), country)

    for part in (parts.city, parts.region, parts.postal_code, parts.code):
        assert part is None or part in raw or " " in part
