"""The long forms: `python -m tests.faults.soak` (`make soak`). Prints a line for each run; exit code 1 on any difference."""

import argparse
import sys
import time

from .killing import Plan, run
from .test_outage import outage

KILLS_OF_A_RUN = 60


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=1000, help="kills in all, half with each engine of the journal")
    asked.add_argument("--away", type=float, default=600.0, help="seconds without a database; 0: not at all")
    asked.add_argument("--seed", type=int, default=100)
    given = asked.parse_args()
    began, total, failed = time.monotonic(), 0, False
    seed = given.seed
    while total < given.kills:
        kills = min(KILLS_OF_A_RUN, given.kills - total)
        roles = ("ingest", "worker", "worker", "web")
        nats = 3 if seed % 2 else 0
        plan = Plan(seed, 240, kills, nats, roles=roles, gap_s=(0.02, 1.0), damages=kills // 15 if nats else 0)
        failed |= report(f"seed {seed}, {'replicated log' if nats else 'table'}", run(plan))
        total, seed = total + kills, seed + 1
        say(f"  {total} kills so far, {time.monotonic() - began:.0f} s")
    if given.away:
        words, differences, refused, _ = outage(given.seed, 300, given.away)
        say(f"{words}; refused {dict(refused)}, differences {differences}")
        failed |= bool(differences or refused)
    return int(failed)


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(name, outcome):
    """Print what came of a run; gives whether anything differs."""
    bad = bool(outcome.differences) or set(outcome.exits) != {0}
    said = (
        f"; DIFFERENCES {outcome.differences}, exits {outcome.exits}"
        if bad
        else "; nothing lost, nothing twice, proven"
    )
    say(f"{name}: {outcome.told()}{said}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
