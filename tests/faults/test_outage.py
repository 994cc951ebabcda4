"""The database away at full intake: nothing is refused, nothing is lost, it is caught up with, and it is measured."""

import time
from datetime import UTC, datetime

import httpx

from tests.integration.conftest import new_workspace

from .killing import until_quiet
from .season import Doors, Feeder, same_as_told, stories
from .stack import Stack
from .test_kills import tell


def outage(seed, parcels, away_s):
    """Feed as much as goes while the database is away for so long; gives what came of it, as words and differences."""
    told = list(stories(seed, parcels))
    with Stack(("ingest", "worker")) as stack:
        workspace = new_workspace(stack.database)
        doors = Doors(stack.database, workspace, datetime.now(UTC))
        (ingest,) = stack.of("ingest")
        feeder = Feeder(told, doors, [ingest.address])
        warm(ingest, doors, told)
        began = time.monotonic()
        feeder.repeating = True
        feeder.start()
        time.sleep(min(1.0, away_s / 4))
        before = sum(feeder.acknowledged.values())
        stack.postgres.kill()
        time.sleep(away_s)
        meanwhile = sum(feeder.acknowledged.values()) - before
        stack.postgres.start()
        feeder.repeating = False
        feeder.join(away_s + 300)
        fed_s = time.monotonic() - began
        caught_up_s = until_quiet(stack, workspace, told, 60 + 2 * away_s)
        differences = same_as_told(stack.database, workspace, told)
        words = (
            f"database away {away_s:g} s: {sum(feeder.acknowledged.values())} pushes in {fed_s:.1f} s, {meanwhile} of them taken meanwhile, slowest "
            f"answer {feeder.slowest_s:.2f} s, caught up {caught_up_s:.1f} s after the last"
        )
        return words, differences, feeder.refused, meanwhile


def warm(ingest, doors, told):
    """Wait until the receiver knows the addresses."""
    path = doors.path(told[0].leg.carrier)
    while httpx.post(ingest.address + path, content=b"{}", timeout=20).status_code == 404:
        time.sleep(0.1)


def test_nothing_is_refused_while_the_database_is_away_and_all_of_it_comes(capsys):
    words, differences, refused, meanwhile = outage(seed=21, parcels=60, away_s=4.0)
    tell(capsys, words)
    assert differences == {}
    assert refused == {}
    assert meanwhile > 50
