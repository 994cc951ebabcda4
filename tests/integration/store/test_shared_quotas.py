"""Accounts that a server cannot tell apart are counted as one, whatever workspace they belong to."""

import time
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.store.quotas import INSTALLATION, Allowance, Pool, Quotas
from everyleg.store.windows import LATE_S, Quota, windows

from .test_quotas import asked_by_processes, granted, new_account

names = (f"acme host-{n}" for n in count())


def shared(quota, name=None, own=None):
    return Allowance(quota.within(own or Quota()), Pool(name or next(names), quota))


@pytest.fixture
def accounts(database, workspace, other_workspace):
    return [new_account(database, one) for one in (workspace, other_workspace)]


def test_two_workspaces_have_one_quota_together(database, accounts):
    may = shared(Quota(per_hour=60))
    got = [granted(Quotas(database), one, may, 1, 40) for one in accounts]
    assert got == [40, 20] and granted(Quotas(database), accounts[0], may, 1) == 0


def test_who_asks_from_another_address_has_another_quota(database, accounts):
    quota = Quota(per_hour=60)
    got = [granted(Quotas(database), one, shared(quota), 1, 100) for one in accounts]
    assert got == [60, 60]


def test_the_budget_of_a_workspace_is_its_own(database, accounts):
    quota = Quota(per_hour=60)
    name = next(names)
    frugal, other = shared(quota, name, own=Quota(per_day=5)), shared(quota, name)
    assert granted(Quotas(database), accounts[0], frugal, 1, 100) == 5
    assert granted(Quotas(database), accounts[1], other, 1, 100) == 55


def test_who_comes_late_finds_room(database, accounts):
    may, quotas = shared(Quota(per_day=1000)), Quotas(database)
    early, late = (quotas.reserve(one, may, 1000, keep=0.1).granted for one in accounts)
    assert early == 900 and late == 90


def test_what_is_left_is_what_all_together_left(database, accounts):
    may, quotas = shared(Quota(per_hour=60, per_day=500)), Quotas(database)
    quotas.reserve(accounts[0], may, 45)
    assert quotas.left(accounts[1], may) == {"hour": 15, "day": 455}


def test_who_is_held_back_holds_back_all_of_its_address_and_nobody_else(database, accounts):
    may, elsewhere = shared(Quota(per_hour=60)), shared(Quota(per_hour=60))
    Quotas(database).hold(accounts[0], may, 90)
    Quotas(database).hold(accounts[1], may, 5)
    verdict = Quotas(database).reserve(accounts[1], may)
    assert verdict.granted == 0 and 80 < verdict.wait_s <= 90
    assert Quotas(database).reserve(accounts[1], elsewhere).granted == 1


def test_where_nothing_is_declared_a_hold_holds_all_the_same(database, accounts):
    may, quotas = shared(Quota()), Quotas(database)
    assert quotas.reserve(accounts[0], may, 1000).granted == 1000
    quotas.hold(accounts[0], may, 90)
    assert quotas.reserve(accounts[1], may).granted == 0


def test_no_workspace_sees_what_is_counted_together(database, accounts):
    Quotas(database).reserve(accounts[0], shared(Quota(per_hour=60), "acme secret-proxy.example"))
    for workspace, _ in accounts:
        with database.transaction(workspace) as app:
            assert app.execute("SELECT count(*) FROM shared_quotas").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                query = "INSERT INTO shared_quotas (workspace_id, pool, clock, seen_at) VALUES (0, 'x', 0, now())"
                app.execute(query)
    with database.transaction(None, "worker") as worker:
        rows = worker.execute("SELECT workspace_id, pool FROM shared_quotas").fetchall()
    assert {one for one, _ in rows} == {INSTALLATION} and not any(b"secret" in pool for _, pool in rows)


class Days:
    """The time of two processes over one store: it passes for their own clocks and for the database's alike."""

    def __init__(self, database, accounts, may):
        self.database, self.accounts, self.may = database, accounts, may
        self.passed, self.calls = 0.0, []
        self.processes = [self.process(), self.process()]

    def now(self):
        return time.monotonic() + self.passed

    def process(self):
        return Quotas(self.database, self.now)

    def pass_(self, seconds):
        self.passed += seconds
        with self.database.transaction(None, "worker") as worker:
            for table in ("source_quotas", "shared_quotas"):
                worker.execute(f"UPDATE {table} SET seen_at = seen_at - %s * interval '1 s'", (seconds,))  # noqa: S608

    def ask(self, who, by, wanted, keep):
        before = self.now()
        got = self.processes[by].reserve(self.accounts[who], self.may, wanted, keep).granted
        self.calls += [(before, who)] * got


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "restart", "jump"]),
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from([0.0, 0.4, 2.0, 31.0, 59.0, 61.5, 900.0, 3599.0, 3662.0]),
        st.integers(1, 30),
        st.sampled_from([0.0, 0.1]),
    ),
    min_size=4,
    max_size=16,
)
QUOTAS = st.builds(
    Quota,
    per_second=st.sampled_from([None, 0.5, 3]),
    per_minute=st.sampled_from([None, 4, 12]),
    per_hour=st.sampled_from([None, 20, 60]),
)


@given(QUOTAS, STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_over_any_sequence_two_workspaces_and_two_processes_never_exceed_a_window(database, accounts, quota, steps):
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM source_quotas WHERE workspace_id IN (%s, %s)", [one for one, _ in accounts])
        worker.execute("DELETE FROM shared_quotas")
    days = Days(database, accounts, shared(quota, "acme one"))
    for what, who, by, wait, wanted, keep in steps:
        days.pass_(wait)
        if what == "restart":
            days.processes[by] = days.process()
        if what == "jump":  # the database's clock alone, ahead or back, while both processes run
            for process in days.processes:
                process.reserve(accounts[who], days.may, 0)
            with database.transaction(None, "worker") as worker:
                worker.execute("UPDATE shared_quotas SET seen_at = seen_at + %s * interval '1 h'", (1 - 2 * by,))
        days.ask(who, by, wanted, keep)
    for limit in windows(quota):
        for at, _ in days.calls:
            assert sum(at <= other < at + limit.seconds + LATE_S / 2 for other, _ in days.calls) <= limit.limit


def test_two_processes_of_two_workspaces_never_exceed_a_window_together(database, accounts):
    may = shared(Quota(per_second=5, per_minute=12), "acme two processes")
    calls = asked_by_processes(database, accounts, may, keep=0.1)
    assert 5 <= len(calls) <= 12
    assert all(sum(at <= other < at + 1 for other in calls) <= 5 for at in calls)


def test_whoever_stands_still_with_a_row_locked_keeps_the_others_waiting_for_a_moment_only(database, accounts):
    may, quotas = shared(Quota(per_hour=60)), Quotas(database)
    quotas.reserve(accounts[0], may)
    with database.transaction(None, "worker") as still:
        still.execute("SELECT FROM shared_quotas FOR UPDATE")
        started = time.monotonic()
        verdict = quotas.reserve(accounts[1], may)
        assert verdict.granted == 0 and verdict.wait_s > 2 and time.monotonic() - started < 5
        assert quotas.reserve(accounts[1], shared(Quota(per_hour=60))).granted == 1
    assert quotas.reserve(accounts[1], may).granted == 1
