"""The shared journeys, and `everyleg fold` as people and scripts call it."""

import json
import subprocess
import sys

import pytest

from everyleg.app.settings import shared_folder
from tests.unit.fold.journey import PARTS, load, measure, misses, shuffled

FOLDER = shared_folder()
FILE = FOLDER / "journeys.json" if FOLDER else None
JOURNEYS = load(FILE) if FILE and FILE.is_file() else []
COMMAND = [sys.executable, "-c", "from everyleg.cli import main; main()", "fold"]


def call(*arguments, given=b""):
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, check=False)


@pytest.mark.skipif(not JOURNEYS, reason="no shared journeys: set EVERYLEG_SHARED or put `shared` beside the checkout")
@pytest.mark.parametrize("journey", JOURNEYS, ids=[journey["name"] for journey in JOURNEYS])
def test_a_shared_journey_ends_as_expected_in_any_order(journey):
    assert misses(journey, journey) == {}, journey["why"]
    for seed in range(20):
        assert misses(journey, shuffled(journey, seed)) == {}, f"seed {seed}: {journey['why']}"


STATEMENT = {
    "carrier": "usps",
    "tracking_number": "9200",
    "sub_status": "delivered",
    "occurred_at": "2026-11-09T14:00:00Z",
}


def document(*statements):
    return json.dumps(dict.fromkeys(PARTS) | {"statements": list(statements)}).encode()


def test_standard_output_is_the_list_of_timelines():
    done = call("-", given=document(STATEMENT))
    timelines = json.loads(done.stdout)
    assert (done.returncode, measure(timelines)["milestone"]) == (0, "delivered")
    assert list(timelines[0])[:4] == ["schema", "numbers", "milestone", "sub_status"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"{", "JSON"),
        (document(STATEMENT, STATEMENT | {"sub_status": "teleported"}), "statements[1].sub_status: 'teleported'"),
        (document(STATEMENT | {"occurred_at": "yesterday"}), "statements[0].occurred_at"),
    ],
)
def test_what_cannot_be_folded_is_refused_with_one_line(given, told):
    done = call("-", given=given)
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
