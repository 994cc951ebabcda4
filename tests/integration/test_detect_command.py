"""`everyleg detect` as people and scripts call it."""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-c", "from everyleg.cli import main; main()", "detect"]


def call(*arguments, given=b""):
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, check=False)


def test_json_is_all_that_stands_on_standard_output():
    done = call("1z 999 aa1 01 2345 6784", "--json")
    (one,) = json.loads(done.stdout)
    assert (one["input"], one["normalized"]) == ("1z 999 aa1 01 2345 6784", "1Z999AA10123456784")
    assert one["changes"] == ["lower case made upper case", "blanks removed"]
    assert set(one["candidates"][0]) == {"carrier", "format", "confidence", "reasons"}
    assert one["candidates"][0]["carrier"] == "ups"


def test_a_dash_reads_one_number_from_each_line():
    done = call("-", "--json", given="\ufeffRB123456785GB\r\n\r\n９.４Ｅ+21\n".encode() + b"\xff\xfe\n")
    assert [one["normalized"] for one in json.loads(done.stdout)][:2] == ["RB123456785GB", None]


def test_people_are_told_what_is_ambiguous_and_what_to_do():
    said = " ".join(call("30000000000001").stdout.decode().split())
    assert "equally likely" in said
    assert "Name the carrier" in said


def test_people_are_told_of_changes():
    assert "blanks removed" in call("RB 1234 5678 5 GB").stdout.decode()


def test_no_number_is_refused_with_one_line():
    done = call()
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().count("\n") == 1


def test_a_mistyped_option_is_not_taken_for_a_number():
    done = call("RB123456785GB", "--jsn")
    assert done.returncode == 2
    assert b"--jsn" in done.stderr


def test_a_wrong_check_digit_is_told_to_people():
    assert "compare the number with the original" in " ".join(call("RB123456786GB").stdout.decode().split())
