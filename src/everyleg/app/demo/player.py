"""Plays the demo's story: all that was published up to now, then what is published as time goes by.

How far it is stands in the workspace's settings and is committed with the orders, so a second start goes on where the
first one ended, also where that one was killed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection
from psycopg.types.json import Jsonb

from everyleg.accounts import workspaces
from everyleg.accounts.actors import system
from everyleg.accounts.errors import TakenError
from everyleg.app.demo.orders import Orders
from everyleg.core.model import Ref
from everyleg.lab.demo.asking import CHECK_EVERY, Asked, ask, due, history, phase
from everyleg.lab.demo.curiosities import Curiosities, Kind, curiosities
from everyleg.lab.demo.plot import DemoPlan, Plot, Scene, demo_plan
from everyleg.lab.demo.selling import Sale, sale
from everyleg.lab.rendering.showing import OWN_SOURCE, Leg
from everyleg.numbers.formats import Format
from everyleg.pipeline.corrections import Edit, listed
from everyleg.pipeline.corrections import replace as replace_parcel
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import drain
from everyleg.ports.registry import Registry
from everyleg.store.db import Database

SLUG = "demo"
"""The workspace of the demo."""

_ASKED_EVERY = timedelta(hours=24)
"""How often, in the time before the first start, somebody asked about a number."""
_NOBODY_ASKS = {"checks": "none"}
"""Its numbers are made up, so the planner asks no carrier for them."""
_CHUNK = 60
"""Parcels written in one transaction."""
_TAGS: dict[Kind, str] = {
    "recycled": "演示 · 单号重用 / number used again",
    "replaced": "演示 · 已补发 / replaced",
    "replacement": "演示 · 补发件 / replacement",
    "held": "演示 · 海关扣留 / customs hold",
    "unknown": "演示 · 未知代码 / unknown code",
    "unreadable": "演示 · 无法解析 / unreadable answer",
}

Progress = Callable[[int, int], None]
"""Told how many parcels of how many are played."""


class DemoError(Exception):
    """The demo cannot be made here; the text says why and what to do."""


class _State(Struct, frozen=True):
    """How far the demo is."""

    seed: int
    start: date
    parcels: int
    shift_weeks: int
    first: datetime
    """The first start."""
    written: int = 0
    """Parcels of the time before it that are in the store."""
    loaded: bool = False
    played_to: datetime | None = None

    @property
    def plan(self) -> DemoPlan:
        """What the story is made of."""
        return DemoPlan(self.seed, self.start, self.parcels, self.shift_weeks)


def open_demo(
    database: Database,
    carriers: Registry,
    formats: Mapping[str, Sequence[Format]],
    now: datetime,
    parcels: int,
    slug: str = SLUG,
) -> "Demo":
    """The demo in the workspace of that slug, begun now with about `parcels` parcels if there is none.

    Raises:
        DemoError: the workspace is somebody's own.
    """
    try:
        workspace = workspaces.create(database, slug, "Demo · 演示", language="zh-CN")
    except TakenError:
        workspace = workspaces.named(database, slug).workspace_id
    with database.transaction(None, "worker") as worker:
        state = _state(worker, workspace)
        if state is None:
            _refuse_own(worker, workspace, slug)
            plan = demo_plan(now, parcels)
            state = _State(plan.seed, plan.start, plan.parcels, plan.shift_weeks, now)
            _save(worker, workspace, state)
    return Demo(database, carriers, Plot(state.plan, formats), workspace, state)


_OWN = """
SELECT EXISTS (SELECT FROM people WHERE workspace_id = %(workspace)s)
    OR EXISTS (SELECT FROM numbers WHERE workspace_id = %(workspace)s)
"""


def _refuse_own(worker: Connection[Any], workspace: int, slug: str) -> None:
    if worker.execute(_OWN, {"workspace": workspace}).fetchone() == (True,):
        raise DemoError(
            f"the workspace {slug} is somebody's own; use another data directory (EVERYLEG_DATA) for the demo"
        )


def _state(worker: Connection[Any], workspace: int) -> _State | None:
    query = "SELECT settings->'demo' FROM workspaces WHERE workspace_id = %s FOR UPDATE"
    row = worker.execute(query, (workspace,)).fetchone()
    return None if row is None or row[0] is None else msgspec.convert(row[0], _State)


def _save(worker: Connection[Any], workspace: int, state: _State) -> None:
    worker.execute(
        "UPDATE workspaces SET settings = settings || %s WHERE workspace_id = %s",
        (Jsonb({"demo": msgspec.to_builtins(state), **_NOBODY_ASKS}), workspace),
    )


class _Story(Struct, frozen=True):
    """The parcels of the time before the first start, the odd ones made odd."""

    scenes: list[Scene]
    odd: Curiosities


class Demo:
    """The demo of one store."""

    def __init__(self, database: Database, carriers: Registry, plot: Plot, workspace: int, state: _State) -> None:
        """Use `open_demo`."""
        self.workspace, self.first = workspace, state.first
        self._database, self._carriers, self._plot = database, carriers, plot
        self._told: dict[Leg, datetime] = {}
        """When each number was last asked; empty until somebody plays on."""

    @cached_property
    def _story(self) -> "_Story":
        scenes = list(self._plot.scenes(None, self.first))
        return _Story(scenes, curiosities(scenes, self.first))

    def load(self, progress: Progress | None = None) -> None:
        """Play what was before the first start, as far as it is not played yet."""
        state = self._read()
        if state.loaded:
            return
        scenes = self._story.scenes
        while state.written < len(scenes):
            chunk = scenes[state.written : state.written + _CHUNK]
            state = replace(state, written=state.written + len(chunk))
            # The answers first: whoever is killed in between says them again, and the same answer is only counted.
            self._receive(one for scene in chunk for one in self._history(scene))
            self._write(chunk, state)
            drain(self._database, self._carriers)
            if progress:
                progress(state.written, len(scenes))
        self._receive(self._story.odd.bad_answers)
        drain(self._database, self._carriers)
        self._mark(replace(state, loaded=True, played_to=state.first))

    def tick(self, now: datetime) -> int:
        """Play what was published since the last time; gives how many answers came in. They wait in the journal.

        Of several processes that play one demo, one does.
        """
        with self._database.transaction(None, "worker") as worker:
            state = _state(worker, self.workspace)
            if state is None or state.played_to is None or now <= state.played_to:
                return 0
            new = list(self._plot.scenes(state.played_to, now))
            if new:
                Orders(worker, self._database.keys, self.workspace).add([self._sale(scene) for scene in new])
            _save(worker, self.workspace, replace(state, played_to=now))
        if not self._told:
            self._begin(state.played_to)
        self._follow(new, state.played_to)
        asked = [leg for leg, last in self._told.items() if due(leg, last, now)]
        self._receive(ask(self._lives(leg), now) for leg in asked)
        self._told |= dict.fromkeys(asked, now)
        return len(asked)

    def _begin(self, played: datetime) -> None:
        """Know the parcels that came until then, and about when each number was last asked."""
        self._follow(self._story.scenes, played)
        self._follow(self._plot.scenes(self.first, played), played)

    def _follow(self, scenes: Iterable[Scene], since: datetime) -> None:
        for scene in scenes:
            for leg in scene.legs:
                self._told.setdefault(leg, since - phase(leg, CHECK_EVERY))

    def _read(self) -> _State:
        with self._database.transaction(None, "worker") as worker:
            state = _state(worker, self.workspace)
        assert state is not None  # noqa: S101 - `open_demo` wrote it
        return state

    def _write(self, scenes: Sequence[Scene], state: _State) -> None:
        with self._database.transaction(None, "worker") as worker:
            Orders(worker, self._database.keys, self.workspace).add([self._sale(scene) for scene in scenes])
            _save(worker, self.workspace, state)

    def _sale(self, scene: Scene) -> Sale:
        return sale(scene, lambda slug: self._carriers.manifest(slug).names.zh)

    def _lives(self, leg: Leg) -> list[Leg]:
        before = self._story.odd.lives.get(leg.number)
        return [before, leg] if before is not None else [leg]

    def _history(self, scene: Scene) -> Iterable[Asked]:
        for leg in scene.legs:
            yield from (ask(self._lives(leg), at) for at in history(leg, self.first, _ASKED_EVERY))

    def _receive(self, answers: Iterable[Asked]) -> None:
        items = [Received(self.workspace, OWN_SOURCE, one.carrier, one.body, (one.number,), one.at) for one in answers]
        if items:
            receive(self._database, items)

    def _mark(self, state: _State) -> None:
        """Tag what is odd, and say what replaces what."""
        legs = {scene.parcel.id: scene.legs[0] for scene in self._story.scenes}
        with self._database.transaction(None, "worker") as worker:
            orders = Orders(worker, self._database.keys, self.workspace)
            parcels = {
                odd.parcel: orders.parcel_of(legs[odd.parcel].carrier, legs[odd.parcel].number)
                for odd in self._story.odd.odd
            }
        for odd in self._story.odd.odd:
            parcel, other = parcels[odd.parcel], legs.get(odd.other or "")
            if parcel is not None and other is not None:
                self._replace(parcel, Ref(other.carrier, other.number))
        with self._database.transaction(None, "worker") as worker:
            orders = Orders(worker, self._database.keys, self.workspace)
            for odd in self._story.odd.odd:
                if (parcel := parcels[odd.parcel]) is not None:
                    orders.tag(parcel, _TAGS[odd.kind])
            _save(worker, self.workspace, state)

    def _replace(self, parcel: int, by: Ref) -> None:
        if any(one.kind == "replace" for one in listed(self._database, self.workspace, parcel)):
            return  # said before whoever loads was killed
        edit = Edit(system(self.workspace), parcel, self.first, "补发 / sent again")
        replace_parcel(self._database, edit, by)
