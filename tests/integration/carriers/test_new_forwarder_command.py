"""`everyleg carriers new --family`: a forwarder on a known system in one command."""

import os
import subprocess
import sys

import pytest

CALL = [sys.executable, "-c", "from everyleg.cli import main; main()", "carriers"]
NEW = ("new", "bay-cargo", "--family", "k5", "--base-url", "https://bay.example", "--name", "Bay Cargo")


@pytest.fixture
def call(tmp_path):
    def calling(*arguments):
        environment = {**os.environ, "EVERYLEG_PLUGINS": str(tmp_path)}
        return subprocess.run([*CALL, *arguments], env=environment, capture_output=True, check=False)

    return calling


def test_one_command_makes_it_and_it_is_green(call):
    assert call(*NEW).returncode == 0
    checked = call("check", "bay-cargo")
    assert (checked.returncode, b"1 carrier is as the contract wants" in checked.stdout) == (0, True)


def test_a_second_one_of_the_same_name_is_refused_in_one_line(call):
    call(*NEW)
    refused = call(*NEW)
    assert (refused.returncode, refused.stderr.count(b"\n")) == (2, 1)
    assert b"already" in refused.stderr


def test_an_address_without_a_system_is_refused(call, tmp_path):
    refused = call("new", "bay-cargo", "--base-url", "https://bay.example")
    assert (refused.returncode, b"--family" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
