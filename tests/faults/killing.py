"""Kills at random moments while a season is fed, and what is there at the end."""

import random
import time
from collections import Counter
from datetime import UTC, datetime

from msgspec import Struct

from tests.integration.conftest import new_workspace

from .season import Doors, Feeder, rows, same_as_told, stories, waiting
from .stack import Stack, damage


class Plan(Struct, frozen=True):
    """How much is fed, and how it is disturbed."""

    seed: int
    parcels: int
    kills: int
    nats: int = 0
    """Servers of the log; none: the journal is a table."""
    gap_s: tuple[float, float] = (0.05, 0.9)
    """The shortest and the longest time between two kills."""
    damages: int = 0
    """At how many of the kills of a NATS server its files are damaged too."""
    roles: tuple[str, ...] = ("ingest", "worker", "worker")


class Outcome(Struct):
    """What came of it."""

    kills: Counter
    damages: Counter
    bodies: int
    resent: int
    """Pushes whose answer never came, so that they were sent again."""
    refused: int
    differences: dict
    exits: list
    caught_up_s: float

    def told(self):
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        harm = f"; files {dict(self.damages)}" if self.damages else ""
        return (
            f"{sum(self.kills.values())} kills ({kills}{harm}), {self.bodies} bodies, {self.resent} sent again, "
            f"{self.refused} refused and sent again, caught up {self.caught_up_s:.1f} s after the last"
        )


def run(plan: Plan) -> Outcome:
    """Feed, kill, wait, compare."""
    chance = random.Random(plan.seed)
    told = list(stories(plan.seed, plan.parcels))
    with Stack(plan.roles, plan.nats) as stack:
        workspace = new_workspace(stack.database)
        doors = Doors(stack.database, workspace, datetime.now(UTC))
        bodies = sum(len(story.bodies) for story in told)
        expected_s = plan.kills * sum(plan.gap_s) / 2
        feeder = Feeder(told, doors, [one.address for one in stack.of("ingest")], pause_s=4 * expected_s / bodies)
        feeder.start()
        kills, damages = _kill(stack, plan, chance)
        feeder.pause_s = 0.0
        stack.wait()
        feeder.join()
        caught_up_s = until_quiet(stack, workspace, told)
        exits = [role.end() for role in stack.roles]
        differences = same_as_told(stack.database, workspace, told)
        if waiting(stack.database):
            differences["still in the journal"] = waiting(stack.database)
        return Outcome(
            kills, damages, bodies, feeder.unheard, sum(feeder.refused.values()), differences, exits, caught_up_s
        )


def _kill(stack, plan, chance):
    kills, damages = Counter(), Counter()
    victims = ["postgres", *stack.roles, *(stack.nats.nodes if stack.nats else ())]
    turn = []
    for _ in range(plan.kills):
        time.sleep(chance.uniform(*plan.gap_s))
        for role in stack.roles:
            role.keep()
        if not turn:  # everybody has its turn, in any order
            turn = chance.sample(victims, len(victims))
        victim = turn.pop()
        if victim == "postgres":
            kills["postgres"] += 1
            stack.postgres.kill()
            time.sleep(chance.uniform(0, 0.2))
            stack.postgres.start()
        elif victim in stack.roles:
            kills[victim.role] += 1
            victim.kill()
            victim.start()
        else:
            kills["nats"] += 1
            victim.end()
            if sum(damages.values()) < plan.damages:
                damages[damage(victim, chance)] += 1
            victim.start()
    return kills, damages


def until_quiet(stack, workspace, told, seconds=90):
    """Until nothing waits any more; gives how long that took."""
    began = time.monotonic()
    wanted = len({body for story in told for body in story.bodies})
    query = "SELECT count(DISTINCT sha256) FROM observations WHERE workspace_id = %s"
    while True:
        for role in stack.roles:
            role.keep()
        quiet = waiting(stack.database) == 0 and rows(stack.database, query, workspace)[0][0] >= wanted
        if quiet:
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, stack.said()
        time.sleep(0.2)
