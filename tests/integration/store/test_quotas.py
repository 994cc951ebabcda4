"""Reservations in the store: through restarts, several processes, and clocks that jump."""

import multiprocessing
import time

import psycopg
import pytest

from everyleg.store.db import Database
from everyleg.store.quotas import Allowance, Quotas
from everyleg.store.sealing import Keyring
from everyleg.store.windows import Quota

HOURLY = Allowance(Quota(per_hour=60))


@pytest.fixture
def account(database, workspace):
    return new_account(database, workspace)


def new_account(database, workspace, name="one"):
    with database.transaction(None, "worker") as worker:
        query = "INSERT INTO source_accounts (workspace_id, source, name) VALUES (%s, 'acme', %s) RETURNING account_id"
        return workspace, worker.execute(query, (workspace, name)).fetchone()[0]


def granted(quotas, account, quota, times, wanted=1):
    return sum(quotas.reserve(account, quota, wanted).granted for _ in range(times))


def test_a_restart_forgets_nothing(database, account):
    assert granted(Quotas(database), account, HOURLY, 70) == 60
    assert granted(Quotas(database), account, HOURLY, 5) == 0


def test_accounts_do_not_count_for_each_other(database, workspace, account):
    other = new_account(database, workspace, "two")
    quotas = Quotas(database)
    assert [granted(quotas, one, HOURLY, 1, 100) for one in (account, other)] == [60, 60]


def test_without_limits_nothing_is_counted(database, account):
    assert Quotas(database).reserve(account, Allowance(Quota()), 1000).granted == 1000


def test_an_account_that_is_gone_gets_nothing(database, workspace):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        Quotas(database).reserve((workspace, 10**9), HOURLY)


def _ask(conninfo, account, may, keep, tell):
    with Database(conninfo, Keyring({1: bytes(32)}, b"look up")) as database:
        quotas, calls = Quotas(database), []
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            if quotas.reserve(account, may, keep=keep).granted:
                calls.append(time.time())
        tell.put(calls)


def asked_by_processes(database, accounts, may, keep=0.0):
    """When calls were granted to processes, one for each of these accounts, that ask as fast as they can."""
    start = multiprocessing.get_context("spawn")
    tell = start.Queue()
    all_ = [start.Process(target=_ask, args=(database.conninfo, one, may, keep, tell)) for one in accounts]
    for one in all_:
        one.start()
    calls = sorted(call for _ in all_ for call in tell.get(timeout=30))
    for one in all_:
        one.join(10)
    return calls


def test_two_processes_together_never_exceed_a_window(database, account):
    calls = asked_by_processes(database, [account] * 2, Allowance(Quota(per_second=5, per_minute=12)))
    assert 5 <= len(calls) <= 12
    assert all(sum(at <= other < at + 1 for other in calls) <= 5 for at in calls)


def jump(database, account, seconds):
    """As if the database's clock had jumped: what it showed last is so much farther away."""
    with database.transaction(None, "worker") as worker:
        query = "UPDATE source_quotas SET seen_at = seen_at - %s * interval '1 s' WHERE (workspace_id, account_id) = (%s, %s)"
        worker.execute(query, (seconds, *account))


def test_a_clock_that_jumps_forward_makes_no_room(database, account):
    quotas = Quotas(database)
    assert granted(quotas, account, HOURLY, 1, 100) == 60
    jump(database, account, 7200)
    assert granted(quotas, account, HOURLY, 3) == 0


def test_a_clock_that_jumps_back_makes_no_room_and_stops_nothing_for_ever(database, account):
    ticks = iter(range(0, 10**9, 1000))
    quotas = Quotas(database, lambda: float(next(ticks)))
    assert granted(quotas, account, HOURLY, 1, 100) == 60
    jump(database, account, -7200)
    assert granted(quotas, account, HOURLY, 1) == 0
    jump(database, account, 3800)
    ahead = Quotas(database)
    assert granted(ahead, account, HOURLY, 1, 100) == 60


def test_time_that_passed_makes_room_again(database, account):
    assert granted(Quotas(database), account, HOURLY, 1, 100) == 60
    jump(database, account, 3800)
    assert granted(Quotas(database), account, HOURLY, 1, 100) == 60


def test_a_reservation_is_cheap(database, account):
    quotas = Quotas(database)
    quotas.reserve(account, HOURLY)
    started = time.perf_counter()
    for _ in range(50):
        quotas.reserve(account, Allowance(Quota(100, 1000, 10_000, 100_000)))
    assert (time.perf_counter() - started) / 50 < 0.03


def test_a_leap_of_the_databases_clock_makes_no_room_for_who_looks_at_an_account_for_the_first_time(
    database, workspace, account
):
    """Its own clock stands still here, so that time that passes is a leap of the other."""
    standing, other = Quotas(database, lambda: 100.0), new_account(database, workspace, "two")
    limit = Allowance(Quota(per_second=1))
    assert granted(Quotas(database), account, limit, 1) == 1
    standing.reserve(other, limit)
    time.sleep(2.5)
    assert granted(standing, account, limit, 1) == 0
