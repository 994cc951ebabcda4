"""Writes `durations/data/prior.json` out of seasons of the lab: `python scripts/make_prior.py`. Takes a minute."""

from pathlib import Path

import everyleg.durations
from everyleg.app.plugins import roots
from everyleg.durations.gaps import NOTHING, sums_of
from everyleg.durations.hazards import learn
from everyleg.durations.prior import encode
from everyleg.durations.together import together_of
from everyleg.lab.freshness.batches import moves
from everyleg.lab.freshness.consignments import batched
from everyleg.lab.freshness.journeys import gaps, journeys
from everyleg.lab.season import read
from everyleg.lab.world import Plan, World
from everyleg.ports.number_formats import load_formats

FILE = Path(everyleg.durations.__file__).parent / "data" / "prior.json"
SEEDS, PARCELS = (9001, 9002), 3000
"""No bench and no test uses these seeds."""
IN_BATCHES = 10_000
"""Parcels from which it is learned what moves together."""


def main() -> None:
    """Learn and write."""
    formats, sums = load_formats(roots()), NOTHING
    for seed in SEEDS:
        sums += sums_of(gaps(journeys(read(World(Plan(seed, PARCELS), formats).lines()))))
    FILE.write_bytes(encode(learn(sums), together_of(moves(batched(SEEDS[0], IN_BATCHES, formats)))) + b"\n")
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
