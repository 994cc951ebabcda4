"""The specification of the fold: every journey beside this file, as written and in other orders with repetitions."""

from pathlib import Path

import pytest
from tests.unit.fold.journey import load, misses, shuffled

FILES = sorted((Path(__file__).parent / "journeys").glob("*.json"))
JOURNEYS = [(f"{path.stem}: {journey['name']}", journey) for path in FILES for journey in load(path)]


@pytest.mark.parametrize("journey", [journey for _, journey in JOURNEYS], ids=[name for name, _ in JOURNEYS])
def test_the_journey_ends_as_expected_in_any_order(journey):
    assert misses(journey, journey) == {}, journey["why"]
    for seed in range(5):
        assert misses(journey, shuffled(journey, seed)) == {}, f"seed {seed}: {journey['why']}"


def test_every_journey_says_why_and_has_a_name_of_its_own():
    names = [name for name, _ in JOURNEYS]
    assert len(set(names)) == len(names) >= 30
    assert all(journey["why"] for _, journey in JOURNEYS)
