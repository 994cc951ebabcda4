"""What operators copy works as it stands: units parse, commands, options, roles and settings are real."""

import configparser
import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from everyleg.app.serving import PORTS, Role
from everyleg.cli import app

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SETTINGS = set(re.findall(r"`(EVERYLEG_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text(encoding="utf-8")))


def unit(path):
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


def compose():
    return yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))


def is_real(words):
    """A command of `everyleg` with options that it has; gives what was asked of it."""
    function, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    assert inspect.isfunction(function)
    return function.__name__, bound.arguments


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_parses_and_starts_a_real_command_that_is_given_time_to_end(path):
    parsed = unit(path)
    assert set(parsed.sections()) == {"Unit", "Service", "Install"}
    program, *words = parsed["Service"]["ExecStart"].replace("%i", "1").split()
    assert program.endswith("/everyleg")
    command, given = is_real(words)
    assert command == "serve"
    role = path.stem.removeprefix("everyleg-").removesuffix("@")
    assert given.get("role", "everyleg") == role
    assert int(parsed["Service"]["TimeoutStopSec"]) >= 60
    assert parsed["Service"]["Restart"] == "always"


def test_there_is_a_unit_for_each_role():
    assert {path.stem for path in UNITS} == {"everyleg"} | {f"everyleg-{role}@" for role in PORTS if role != "all"}
    assert set(get_args(Role)) == set(PORTS)


def test_every_service_of_the_compose_file_is_a_real_command_of_its_role():
    services = compose()["services"]
    found = {name: is_real(service["command"]) for name, service in services.items() if "command" in service}
    assert {name for name in found if name != "migrate"} == set(PORTS) - {"all"}
    for name, (command, given) in found.items():
        assert command == ("migrate" if name == "migrate" else "serve")
        assert given.get("role", name) == name
        assert given.get("port", PORTS.get(name)) == PORTS.get(name)


def test_what_was_accepted_outlives_its_container():
    for name, service in compose()["services"].items():
        if "command" in service:
            folder = service["environment"]["EVERYLEG_DATA"]
            assert any(volume.split(":")[1].split(" ")[0] == folder for volume in service["volumes"]), name


def test_every_setting_that_is_named_there_is_one():
    named = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for name in re.findall(r"EVERYLEG_[A-Z_]+", path.read_text())
    }
    assert named - {"EVERYLEG_PASSWORD"} <= SETTINGS


def test_the_log_of_the_example_is_as_durable_as_it_must_be():
    assert re.search(r"^\s*sync_interval: always$", (DEPLOY / "nats" / "nats.conf").read_text(), re.MULTILINE)
