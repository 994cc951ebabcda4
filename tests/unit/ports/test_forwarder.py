"""A forwarder on a known system: made whole or not at all, whatever is typed."""

from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import everyleg.carriers
from everyleg.app.plugins import load_hook
from everyleg.ports.kit.checks import check_folder, check_samples
from everyleg.ports.kit.forwarder import Forwarder, ForwarderError, families, make_forwarder
from everyleg.ports.registry import Registry, UnknownCarrier

PACKAGED = Path(everyleg.carriers.__file__).parent
HERE = "https://tms.example:8082"


@pytest.fixture
def plugins():
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def carriers(plugins):
    return Registry([PACKAGED, plugins], load_hook)


SYSTEMS = [family.slug for family in families(Registry([PACKAGED], load_hook))]


def test_the_systems_are_those_whose_members_differ_in_their_address():
    assert SYSTEMS == ["eccang", "etower", "hualei", "k5", "nextsls", "niumen", "rtb"]


@pytest.mark.parametrize("family", SYSTEMS)
def test_every_system_has_three_members_or_more_that_keep_its_contract(carriers, family):
    members = [m for m in carriers.manifests() if m.extends == family]
    assert len(members) >= 3
    for member in map(carriers.carrier, (m.slug for m in members)):
        assert check_folder(member) == check_samples(member) == []


@pytest.mark.parametrize("family", SYSTEMS)
def test_a_forwarder_made_in_one_step_keeps_the_contract(carriers, plugins, family):
    folder = make_forwarder(carriers, plugins, Forwarder("bay-cargo", family, HERE, "Bay Cargo", "示例湾货代"))
    made = carriers.carrier("bay-cargo")
    assert (folder, made.manifest.settings["base_url"]) == (plugins / "bay_cargo", HERE)
    assert check_folder(made) == check_samples(made) == []
    assert (made.manifest.tier, made.manifest.verified.against) == ("bronze", "documents"), "nothing real was seen yet"


def test_another_process_sees_it_without_being_told(carriers, plugins):
    other = Registry([PACKAGED, plugins], load_hook)
    with pytest.raises(UnknownCarrier):
        other.carrier("bay-cargo")
    make_forwarder(carriers, plugins, Forwarder("bay-cargo", "k5", HERE))
    assert other.manifest("bay-cargo").extends == "k5"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"slug": "Bay Cargo"}, "slug"),
        ({"slug": "../bay"}, "slug"),
        ({"slug": "ups"}, "taken"),
        ({"family": "jt-open-platform"}, "family"),
        ({"family": "usps"}, "family"),
        ({"base_url": ""}, "address"),
        ({"base_url": "tms.example"}, "address"),
        ({"base_url": "file:///etc/passwd"}, "address"),
        ({"base_url": "https://me:secret@tms.example"}, "address"),
        ({"base_url": "https://tms.example/?x=1"}, "address"),
        ({"base_url": "https://tms.example/{number}"}, "address"),
        ({"base_url": "https://tms.example:port"}, "address"),
        ({"en": "x" * 81}, "name"),
        ({"en": "United Parcel Service", "zh": "联邦快递"}, "name_taken"),
        ({"zh": "云途物流"}, "name_taken"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(carriers, plugins, wrong, fault):
    fields = {"slug": "bay-cargo", "family": "k5", "base_url": HERE, "en": "Bay Cargo", "zh": "示例湾货代"}
    with pytest.raises(ForwarderError) as refused:
        make_forwarder(carriers, plugins, Forwarder(**{**fields, **wrong}))
    assert refused.value.fault == fault
    assert list(plugins.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(carriers, plugins):
    (plugins / "bay_cargo").mkdir()
    with pytest.raises(ForwarderError, match="there already"):
        make_forwarder(carriers, plugins, Forwarder("bay-cargo", "k5", HERE))
    assert [path.name for path in plugins.iterdir()] == ["bay_cargo"]


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=90), address=st.text(max_size=60).map(lambda tail: f"https://tms.example/{tail}"))
def test_whatever_is_typed_the_manifest_says_that_or_nothing(name, address):
    with TemporaryDirectory() as folder:
        systems, root = Path(folder) / "systems", Path(folder) / "plugins"
        copytree(PACKAGED / "k5", systems / "k5")
        root.mkdir()
        carriers = Registry([systems, root], load_hook)
        try:
            make_forwarder(carriers, root, Forwarder("bay-cargo", "k5", address, name, name))
        except ForwarderError:
            assert list(root.iterdir()) == []
            return
        made = carriers.manifest("bay-cargo")
        assert made.names.en == (" ".join(name.split()) or "Bay Cargo")
        assert made.settings["base_url"] == address.strip().rstrip("/")
