"""Countries by any name that carriers print."""

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.places import country_of, zones_of
from everyleg.core.places.names import fold


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("GBR", "GB"),
        ("UK", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("United Kingdom of Great Britain and Northern Ireland", "GB"),
        ("KOREA, REPUBLIC OF", "KR"),
        ("KOREA, REPUBLIC OF (SOUTH K.)", "KR"),
        ("Netherlands, The", "NL"),
        ("NETHERLANDS", "NL"),
        ("Moldova, Republic of", "MD"),
        ("Viet Nam", "VN"),
        ("HONG KONG SAR, CHINA", "HK"),
        ("Czech Republic, The", "CZ"),
        ("cote d'ivoire", "CI"),
        ("Deutschland", "DE"),
        ("Spanien", "ES"),
        ("España", "ES"),
        ("ESPANA", "ES"),
        ("Allemagne", "DE"),
        ("Österreich", "AT"),
        ("Україна", "UA"),
        ("Россия", "RU"),
        ("中国", "CN"),
        ("美国", "US"),
        ("中国香港", "HK"),
        ("日本", "JP"),
        ("대한민국", "KR"),
        (" France ", "FR"),
    ],
)
def test_a_country_is_known_by_code_and_by_name(text, code):
    assert country_of(text) == code


@pytest.mark.parametrize("text", ["", "ZZ", "Atlantis", "Leipzig", "CVG", "1", "Nowhere, The"])
def test_what_is_no_country_is_none(text):
    assert country_of(text) is None


@given(st.text())
def test_any_text_gives_a_code_or_none(text):
    code = country_of(text)
    assert code is None or (len(code) == 2 and code.isupper())


def test_no_name_means_two_countries():
    table = resources.files("everyleg.core.places").joinpath("countries.csv").read_text("utf-8")
    owners: dict[str, set[str]] = {}
    for row in csv.DictReader(table.splitlines()):
        for name in row["names"].split("|"):
            owners.setdefault(fold(name), set()).add(row["code"])
            assert country_of(name) == row["code"]

    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}


def test_every_inhabited_country_has_a_zone():
    table = resources.files("everyleg.core.places").joinpath("countries.csv").read_text("utf-8")
    codes = {row["code"] for row in csv.DictReader(table.splitlines())}

    assert {code for code in codes if not zones_of(code)} == {"BV", "HM"}
