"""`everyleg classify` as people and programs call it."""

import json
import subprocess
import sys

import pytest

from everyleg.core.vocabulary import STATUSES


def run(*words, stdin=""):
    return subprocess.run(
        [sys.executable, "-c", "from everyleg.cli import main; main()", "classify", *words],
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )


def test_json_has_one_object_for_each_text_and_nothing_else():
    found = json.loads(run("Out for delivery", "已抵达目的国", "--json").stdout)
    assert [one["sub_status"] for one in found] == ["out_for_delivery", "arrived_destination"]
    assert [one["lang"] for one in found] == ["en", "zh"]
    assert all(list(one) == ["text", "lang", "sub_status", "confidence"] for one in found)


def test_standard_input_gives_one_object_for_each_line():
    found = json.loads(run("-", "--json", stdin="Delivered\r\n\r\nIn transit\n").stdout)
    assert [one["text"] for one in found] == ["Delivered", "In transit"]


def test_people_read_a_table_with_the_words_of_lists():
    shown = run("Delivered").stdout.decode()
    assert "delivered" in shown
    assert STATUSES["delivered"].display["en"] in shown


def test_a_text_that_looks_like_markup_of_the_terminal_is_shown_as_it_is():
    assert "[bold]x[/bold]" in run("[bold]x[/bold]").stdout.decode()


@pytest.mark.parametrize(("words", "stdin"), [((), ""), (("-",), ""), (("-",), "\n \n")])
def test_nothing_to_classify_is_an_error_that_says_what_to_do(words, stdin):
    done = run(*words, stdin=stdin)
    assert done.returncode == 2
    assert b"write one or more in quotes" in done.stderr


def test_an_unknown_option_is_named():
    done = run("--xml", "Delivered")
    assert done.returncode == 2
    assert b"--xml is no option" in done.stderr
