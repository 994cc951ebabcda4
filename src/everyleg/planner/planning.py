"""Arming checks: when something changed, and after each check. Work is of what changed or was asked, never of all.

Changes are read by cursor (`store.changes`), and what they make due is committed with it. After a check that brought
nothing new (as far as is known before its answer is read) the number is planned anew at once; news then changes the
state, and so plans it again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace
from psycopg import Connection

from everyleg.pipeline.ages import CHECK, LOOK, PLAN
from everyleg.pipeline.bulk import Target, insert
from everyleg.pipeline.consolidations.fanning import WAYBILL
from everyleg.pipeline.known import Store
from everyleg.planner.asking.contract import Airlines, Given
from everyleg.planner.groups import others_to_plan, with_cohorts
from everyleg.planner.knowledge import Knowledge, Known
from everyleg.planner.policy.adaptive import Adaptive
from everyleg.planner.policy.simple import BackOff, Fixed, Never
from everyleg.planner.policy.views import Plan, Policy
from everyleg.planner.prices import Allowances, keep_price, load_prices
from everyleg.planner.routing.letting_go import let_go_soon
from everyleg.planner.viewing import Viewed, load_views
from everyleg.planner.waybills import Waybills
from everyleg.store.changes import Change, read_changes
from everyleg.store.cursors import move_cursor, take_cursor
from everyleg.store.db import Database
from everyleg.store.due import REARM, claim, done
from everyleg.store.sealing import Keyring

READER: Final = "planner"
_LEASE: Final = timedelta(minutes=1)

_NUMBERS = """
SELECT DISTINCT number_id FROM legs WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(parcels)s)
UNION SELECT number_id FROM parcels
WHERE workspace_id = %(workspace)s AND parcel_id = ANY(%(parcels)s) AND number_id IS NOT NULL
"""

_POLICY = "SELECT settings->>'checks' FROM workspaces WHERE workspace_id = %s"

_DUE = Target(
    "due",
    (("workspace_id", "integer"), ("kind", "text"), ("subject_id", "bigint"), ("due_at", "timestamptz")),
    REARM,
)

_NOT_DUE = "DELETE FROM due WHERE workspace_id = %s AND kind = %s AND subject_id = ANY(%s)"

_PLANS = Target(
    "plans",
    (("workspace_id", "integer"), ("number_id", "bigint"), ("why", "text"), ("planned_at", "timestamptz")),
    """ON CONFLICT (workspace_id, number_id) DO UPDATE SET why = excluded.why, planned_at = excluded.planned_at
    WHERE plans.why <> excluded.why""",
)


class Planner:
    """Decides when numbers are asked; one for each process, with its own memory of what was learned."""

    def __init__(self, allowances: Allowances, airlines: Airlines | None = None) -> None:
        """Know nothing yet.

        Args:
            allowances: what sources let an account ask, as far as the accounts themselves do not say.
            airlines: who can be asked for air waybills; None: nobody is.
        """
        self._allowances, self._airlines = allowances, airlines
        self._knowledge = Knowledge()

    def plan_changes(self, database: Database, now: datetime, most: int = 500) -> int:
        """Plan the numbers of the next parcels that changed, of all workspaces; gives how many changes there were."""
        with database.transaction(None, "worker") as worker:
            after = take_cursor(worker, READER)
            changes = read_changes(worker, after, most) if after is not None else []
            if not changes:
                return 0
            by_workspace: dict[int, list[Change]] = defaultdict(list)
            for change in changes:
                by_workspace[change.workspace_id].append(change)
            for workspace, some in sorted(by_workspace.items()):
                self._plan_changed(worker, database.keys, workspace, some, now)
            move_cursor(worker, READER, changes[-1].cursor)
            return len(changes)

    def plan_due(self, database: Database, now: datetime, most: int = 500) -> int:
        """Plan what has to be planned anew: parcels, those that somebody looks at, air waybills; gives how many there
        were.
        """
        plans = {PLAN: self.plan_parcels, LOOK: self.look, WAYBILL: self.plan_waybills}
        with database.transaction(None, "worker") as worker:
            claims = [one for kind in plans for one in claim(worker, kind, now, _LEASE, most)]
            by_place: dict[tuple[int, str], list[int]] = defaultdict(list)
            for one in claims:
                by_place[one.workspace_id, one.kind].append(one.subject_id)
            for (workspace, kind), subjects in sorted(by_place.items()):
                plans[kind](worker, database.keys, workspace, subjects, now)
            done(worker, claims)
            return len(claims)

    def plan_parcels(
        self, worker: Connection[Any], keys: Keyring, workspace: int, parcels: Collection[int], now: datetime
    ) -> dict[int, Plan]:
        """Plan all numbers of parcels, in the caller's transaction: for whoever stops, archives or resumes them.

        Gives the plan of each number by its id.
        """
        asked = {"workspace": workspace, "parcels": list(parcels)}
        numbers = {number for (number,) in worker.execute(_NUMBERS, asked)}
        viewed = load_views(worker, keys, workspace, numbers)
        return self._arm(worker, keys, workspace, viewed, now)

    def look(
        self, worker: Connection[Any], keys: Keyring, workspace: int, parcels: Collection[int], now: datetime
    ) -> dict[int, Plan]:
        """As `plan_parcels`, knowing that somebody is looking at them."""
        asked = {"workspace": workspace, "parcels": list(parcels)}
        numbers = {number for (number,) in worker.execute(_NUMBERS, asked)}
        viewed = load_views(worker, keys, workspace, numbers)
        seen = {i: replace(one, view=replace(one.view, looked_at=now)) for i, one in viewed.items()}
        return self._arm(worker, keys, workspace, seen, now)

    def plan_waybills(
        self, worker: Connection[Any], keys: Keyring, workspace: int, waybills: Collection[int], now: datetime
    ) -> dict[int, Plan]:
        """Plan the air waybills among these consolidations, in the caller's transaction."""
        if self._airlines is None or not waybills:
            return {}
        viewed = Waybills(Store(worker, keys, workspace), self._airlines).views(waybills, now)
        return self._arm(worker, keys, workspace, viewed, now)

    def after(
        self, worker: Connection[Any], keys: Keyring, workspace: int, given: Sequence[Given], now: datetime
    ) -> Mapping[int, datetime | None]:
        """As `planner.asking.NextCheck`: when each number that was asked is due next."""
        by_number = {one.number_id: one for one in given}
        viewed = load_views(worker, keys, workspace, by_number)
        if self._airlines is not None and (others := by_number.keys() - viewed.keys()):
            viewed |= Waybills(Store(worker, keys, workspace), self._airlines).views_of(others, now)
        viewed = {number: _given(one, by_number[number], now) for number, one in viewed.items()}
        self._count(worker, workspace, viewed, now)
        plans = self._plans(worker, keys, workspace, viewed, now)
        _note(worker, workspace, plans, now)
        return {number: _not_before(plan, by_number[number].retry_at) for number, plan in plans.items()}

    def _plan_changed(
        self, worker: Connection[Any], keys: Keyring, workspace: int, changes: Sequence[Change], now: datetime
    ) -> None:
        parcels = sorted({change.parcel_id for change in changes})
        asked = {"workspace": workspace, "parcels": parcels}
        numbers = {number for (number,) in worker.execute(_NUMBERS, asked)}
        numbers |= others_to_plan(worker, workspace, changes, numbers)
        self._arm(worker, keys, workspace, load_views(worker, keys, workspace, numbers), now)
        if self._airlines is not None:
            waybills = Waybills(Store(worker, keys, workspace), self._airlines).unplanned(numbers)
            self.plan_waybills(worker, keys, workspace, waybills, now)

    def _arm(
        self, worker: Connection[Any], keys: Keyring, workspace: int, viewed: dict[int, Viewed], now: datetime
    ) -> dict[int, Plan]:
        plans = self._plans(worker, keys, workspace, viewed, now)
        due = [(workspace, CHECK, number, p.due_at) for number, p in sorted(plans.items()) if p.due_at is not None]
        insert(worker, _DUE, due)
        none = [number for number, plan in plans.items() if plan.due_at is None]
        if none:
            worker.execute(_NOT_DUE, (workspace, CHECK, none))
        _note(worker, workspace, plans, now)
        return plans

    def _plans(
        self, worker: Connection[Any], keys: Keyring, workspace: int, viewed: dict[int, Viewed], now: datetime
    ) -> dict[int, Plan]:
        if not viewed:
            return {}
        known = self._knowledge.of(worker, workspace, now)
        viewed = with_cohorts(worker, workspace, viewed, (known.together, now))
        by_carrier: dict[str, list[int]] = defaultdict(list)
        for number, one in viewed.items():
            by_carrier[one.carrier].append(number)
        row = worker.execute(_POLICY, (workspace,)).fetchone()
        prices = load_prices(worker, workspace, list(by_carrier), now)
        plans: dict[int, Plan] = {}
        for carrier, numbers in by_carrier.items():
            policy = policy_of(row[0] if row else None, known, prices[carrier].price)
            views = [viewed[number].view for number in numbers]
            plans |= dict(zip(numbers, policy.next_checks(views, now), strict=True))
        return plans

    def _count(self, worker: Connection[Any], workspace: int, viewed: Mapping[int, Viewed], now: datetime) -> None:
        for carrier, numbers in sorted(Counter(one.carrier for one in viewed.values()).items()):
            keep_price(worker, (workspace, carrier), numbers, self._allowances, now)


def policy_of(said: str | None, known: Known, price: float) -> Policy:
    """The policy that a workspace's settings name (`checks`): `fixed`, `back_off`, `none`; all others are adaptive."""
    plain: dict[str | None, Policy] = {"fixed": Fixed(), "back_off": BackOff(), "none": Never()}
    return plain.get(said) or Adaptive(known.hazards, price)


def _given(one: Viewed, given: Given, now: datetime) -> Viewed:
    """The view after a check whose answer nobody has read yet."""
    view = replace(one.view, checked_at=now)
    if given.outcome == "failed":
        return replace(one, view=replace(view, outcome="failed", failures=max(view.failures, 1)))
    outcome = "unknown" if given.outcome == "unknown" else "nothing_new"
    return replace(one, view=replace(view, outcome=outcome, failures=0))


def _not_before(plan: Plan, at: datetime | None) -> datetime | None:
    return plan.due_at if plan.due_at is None or at is None else max(plan.due_at, at)


def _note(worker: Connection[Any], workspace: int, plans: Mapping[int, Plan], now: datetime) -> None:
    """Say why, and see that nobody is paid to follow what ended."""
    insert(worker, _PLANS, [(workspace, number, plan.why, now) for number, plan in sorted(plans.items())])
    let_go_soon(worker, workspace, plans, now)
