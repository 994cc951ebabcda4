"""`everyleg lab answers`: a season's raw answers as files or one on standard output; refusals in one line."""

import pytest

from everyleg.app.plugins import registry
from everyleg.cli.io import UserError
from everyleg.cli.lab import answers, serve
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.season import read
from everyleg.ports.answer import Answer
from everyleg.ports.manifest.reader import Asked
from tests.unit.lab import worlds


@pytest.fixture
def season(tmp_path):
    file = tmp_path / "season.ndjson"
    file.write_bytes(b"".join(worlds.season(3, 20)))
    return file


def test_every_number_of_a_carrier_that_answers_gets_a_file_that_its_manifest_reads(season, tmp_path):
    answers(str(season), out=tmp_path / "out")
    files = list((tmp_path / "out").rglob("*.*"))
    legs = [leg for leg in Shelf(read(worlds.season(3, 20))).legs() if leg.carrier in SHAPES]
    assert {(file.parent.name, file.stem) for file in files} == {(leg.carrier, leg.number) for leg in legs}
    for file in files:
        reading = registry().carrier(file.parent.name).read(Answer(file.read_bytes()), Asked((file.stem,))).reading
        assert reading.results[0].outcome == "found", file


def test_one_number_is_printed_as_its_carrier_sends_it(season, capsysbinary):
    leg = next(leg for leg in Shelf(read(worlds.season(3, 20))).legs() if leg.carrier == "yunexpress")
    answers(str(season), number=leg.number)
    assert leg.number.encode() in capsysbinary.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"number": "NOBODYS"}, "no carrier"),
        ({}, "--out FOLDER"),
    ],
)
def test_what_cannot_be_answered_is_one_line(season, arguments, words):
    with pytest.raises(UserError, match=words):
        answers(str(season), **arguments)


def test_a_file_that_is_no_season_is_refused_before_anything_is_served(tmp_path):
    bad = tmp_path / "bad.ndjson"
    bad.write_text("{}\n")
    for ask in (lambda: answers(str(bad), number="X"), lambda: serve(season=str(bad), port=0)):
        with pytest.raises(UserError, match="line 1"):
            ask()
    with pytest.raises(UserError, match="known are none, usual, rough"):
        serve(season=str(bad), faults="wild")
    with pytest.raises(UserError, match="No such file"):
        serve(season=str(tmp_path / "absent"), port=0)
