"""The zones of the world come from the package, whatever the host has."""

import pytest

from everyleg.core.time.zones import listed_zones, zone, zone_names, zones_of


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../../etc/passwd", "zone.tab", "Europe", "/etc/localtime"])
def test_only_iana_names_are_zones(name):
    with pytest.raises(ValueError, match="IANA"):
        zone(name)


def test_zones_do_not_come_from_the_host(monkeypatch):
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")
    zone.cache_clear()
    assert zone("Asia/Kathmandu").key == "Asia/Kathmandu"


@pytest.mark.parametrize("country", ["DE", "CN", "AR", "JP", "IN", "UA", "XK"])
def test_a_country_whose_clocks_agree_has_one_zone(country):
    assert len(zones_of(country)) == 1


@pytest.mark.parametrize(
    ("country", "zone_there"), [("US", "Pacific/Honolulu"), ("ES", "Atlantic/Canary"), ("BR", "America/Noronha")]
)
def test_a_country_of_several_clocks_has_a_zone_for_each(country, zone_there):
    assert zone_there in zones_of(country)


def test_an_unknown_country_has_no_zone():
    assert zones_of("ZZ") == ()


def test_every_zone_of_every_country_exists():
    assert {name for names in listed_zones().values() for name in names} <= zone_names()
