"""A season as its carriers would push it, body by body, and what has to be in the store of it at the end."""

import hashlib
import hmac
import itertools
import queue
import threading
import time
from collections import Counter
from datetime import timedelta

import httpx
from msgspec import Struct

from everyleg.accounts import webhooks
from everyleg.accounts.actors import system
from everyleg.app.plugins import registry
from everyleg.core.model import observation_id
from everyleg.lab.demo.asking import ask, history
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.season import SeasonParcel, moment, read
from everyleg.pipeline.heard import hear
from everyleg.pipeline.verify import verify
from everyleg.ports.manifest.reader import Asked
from tests.unit.lab import readback, worlds

SECRET = "it signs"  # noqa: S105 - of a made-up address
SOURCE = "webhook"


class Story(Struct):
    """One number: what is pushed of it, in order, and the leg it is of."""

    leg: object
    bodies: list[bytes]
    read: list
    """What the manifests read in the bodies, each fact once."""


def stories(seed, parcels):
    """The numbers of a season whose carriers say the number in what they push."""
    lines = list(read(worlds.world(seed, parcels).lines()))
    end = max(map(moment, lines))
    assert any(isinstance(line, SeasonParcel) for line in lines)
    for leg in Shelf(lines).legs():
        if leg.carrier in SHAPES and leg.published:
            bodies = [ask([leg], at).body for at in history(leg, end, timedelta(hours=24))]
            heard = [hear(registry(), body, leg.carrier, Asked((), source=SOURCE), {}) for body in bodies]
            if all(_names_itself(leg, one) for one in heard):
                events = {event.key: event for one in heard for said in one.said for event in said.result.events}
                yield Story(leg, bodies, list(events.values()))


def _names_itself(leg, heard):
    return heard.quarantine is None and [(s.ref.carrier, s.ref.tracking_number) for s in heard.said] == [
        (leg.carrier, leg.number)
    ]


class Doors:
    """The addresses of a workspace, one a carrier."""

    def __init__(self, database, workspace, now):
        self._database, self._workspace, self._now = database, workspace, now
        self._paths = {}

    def path(self, slug):
        if slug not in self._paths:
            wanted = webhooks.Wanted(slug, slug, "hmac-sha256", SECRET)
            with self._database.transaction(None, "worker") as worker:
                actor = system(self._workspace)
                self._paths[slug] = webhooks.make(worker, self._database.keys, actor, wanted, self._now).path
        return self._paths[slug]


def signed(body):
    return {"x-signature": hmac.digest(SECRET.encode(), body, "sha256").hex()}


class Feeder:
    """Pushes stories by several threads, each number's in order, until every body is acknowledged."""

    def __init__(self, told, doors, addresses, pause_s=0.0, threads=4):
        self._doors, self._addresses, self.pause_s = doors, addresses, pause_s
        self._work = queue.SimpleQueue()
        for story in told:
            doors.path(story.leg.carrier)
            self._work.put(story)
        self.acknowledged, self.unheard, self.refused = Counter(), 0, Counter()
        self.slowest_s = 0.0
        self.repeating = False
        """Whether what was told is told again and again: the last body of each number, which takes nothing back."""
        self._threads = [threading.Thread(target=self._feed, args=(i,), daemon=True) for i in range(threads)]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def join(self, seconds=120):
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.1, end - time.monotonic()))
        assert not any(thread.is_alive() for thread in self._threads), f"still feeding: {self.refused}"

    def _feed(self, at):
        addresses = itertools.cycle(self._addresses[at % len(self._addresses) :] + self._addresses)
        with httpx.Client(timeout=30, trust_env=False) as client:
            while True:
                try:
                    story = self._work.get_nowait()
                except queue.Empty:
                    return
                for body in story.bodies:
                    self._push(client, addresses, self._doors.path(story.leg.carrier), body)
                    time.sleep(self.pause_s)
                if self.repeating:
                    self._work.put(Story(story.leg, story.bodies[-1:], story.read))

    def _push(self, client, addresses, path, body):
        while True:
            began = time.monotonic()
            try:
                status = client.post(next(addresses) + path, content=body, headers=signed(body)).status_code
            except httpx.HTTPError:
                self.unheard += 1
                time.sleep(0.05)
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            if status < 300:
                self.acknowledged[hashlib.sha256(body).digest()] += 1
                return
            self.refused[status] += 1
            time.sleep(0.05)


def rows(database, query, *given):
    with database.transaction(None, "worker") as worker:
        return worker.execute(query, given).fetchall()


def waiting(database):
    return rows(database, "SELECT count(*) FROM inbox")[0][0]


def expected_statements(told):
    """(carrier, number, key) of everything that the manifests read in what was pushed."""
    return {(story.leg.carrier, story.leg.number, event.key) for story in told for event in story.read}


_STATEMENTS = """
SELECT n.carrier, n.tracking_number, encode(s.key, 'hex'), s.sub_status, s.occurred_at, s.uncertainty_s
FROM statements s JOIN numbers n USING (workspace_id, number_id) WHERE s.workspace_id = %s AND s.source = %s
"""


# a body that was sent again is another reception of it: two workers that read both at once keep both
_RECEPTIONS = """
SELECT encode(sha256, 'hex'), count(*) FROM observations WHERE workspace_id = %s GROUP BY sha256, subject, observed_at
"""


class Told(Struct):
    """A statement as the store has it."""

    key: str
    sub_status: str
    occurred_at: object
    uncertainty_s: int


def same_as_told(database, workspace, told):
    """What differs between the store and the season: nothing lost, nothing twice, states proven."""
    found = {}
    for carrier, number, key, *rest in rows(database, _STATEMENTS, workspace, SOURCE):
        found.setdefault((carrier, number), []).append(Told(key, *rest))
    stored = {(*ref, one.key) for ref, some in found.items() for one in some}
    wanted = expected_statements(told)
    differences = {"lost": len(wanted - stored), "invented": len(stored - wanted)}
    season = Counter()
    for story in told:  # what a manifest cannot tell apart is no fault of the store
        visible = [one.event for one in story.leg.published]
        season.update(readback.differences(visible, found.get((story.leg.carrier, story.leg.number), [])))
        season.subtract(readback.differences(visible, story.read))
    differences["not as the season says"] = sum(season.values())
    bodies = {observation_id(body, SOURCE) for story in told for body in story.bodies}
    kept = rows(database, _RECEPTIONS, workspace)
    differences["bodies lost"] = len(bodies - {sha for sha, _ in kept})
    differences["receptions twice"] = sum(count > 1 for _, count in kept)
    differences["not proven"] = len(verify(database, workspace))
    return {what: count for what, count in differences.items() if count}
