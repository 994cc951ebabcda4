"""Each role is a process of its own over one PostgreSQL: it says how it is, does its part, and ends when it is done."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from everyleg.pipeline.intake import Received, receive
from tests.faults.season import Doors, rows, signed
from tests.faults.stack import Role, Stack
from tests.integration.conftest import new_workspace

ROLES = ("web", "ingest", "worker", "planner")
EVERYWHERE = {
    "everyleg_journal_rows", "everyleg_journal_seconds", "everyleg_journal_stuck_rows", "everyleg_database_up",
    "everyleg_transaction_oldest_seconds", "everyleg_connections", "everyleg_pool_waiting", "everyleg_journal_bundles",
    "everyleg_shedding_level", "everyleg_batch_seconds", "everyleg_bodies", "process_resident_memory_bytes",
}  # fmt: skip
HARMLESS_LABELS = {"kind", "carrier", "source", "outcome", "what", "part", "fate", "role", "le", "account"}


@pytest.fixture(scope="module")
def stack():
    with Stack(ROLES) as running:
        yield running


def one(stack, role):
    (found,) = stack.of(role)
    return found


def get(role, path):
    return httpx.get(role.address + path, timeout=20, trust_env=False)


def families(role):
    return {family.name: family for family in text_string_to_metric_families(role.metrics())}


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_says_that_it_lives_is_ready_and_how_it_is(stack, role):
    process = one(stack, role)
    assert get(process, "/healthz").json() == {"status": "ok"}
    ready = get(process, "/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (
        200,
        {"database": "ok", "migrations": "ok", "journal": "ok"},
    )
    assert set(families(process)) >= EVERYWHERE


@pytest.mark.parametrize("role", ROLES)
def test_measurements_tell_of_nobody(stack, role):
    labels = {
        name for family in families(one(stack, role)).values() for sample in family.samples for name in sample.labels
    }
    assert labels <= HARMLESS_LABELS


def test_what_is_pushed_to_one_is_taken_in_by_another_and_counted_by_both(stack):
    workspace = new_workspace(stack.database)
    path = Doors(stack.database, workspace, datetime.now(UTC)).path("usps")
    body = b'{"nothing": "of a carrier"}'
    ingest, worker = one(stack, "ingest"), one(stack, "worker")
    until(lambda: httpx.post(ingest.address + path, content=body, headers=signed(body)).status_code < 300)
    until(
        lambda: rows(stack.database, "SELECT count(*) FROM observations WHERE workspace_id = %s", workspace) == [(1,)]
    )
    pushes = {
        sample.labels["fate"]: sample.value for sample in families(ingest)["everyleg_pushes"].samples if sample.labels
    }
    assert (pushes["stored"], pushes["refused"]) == (1, 0)
    until(lambda: families(worker)["everyleg_bodies"].samples[0].value >= 1)


def test_the_parts_are_only_where_they_belong(stack):
    assert get(one(stack, "web"), "/sign-in").status_code in (200, 303)
    assert get(one(stack, "web"), "/in/usps/x").status_code == 404
    assert get(one(stack, "ingest"), "/parcels").status_code == 404
    assert get(one(stack, "worker"), "/parcels").status_code == 404
    assert get(one(stack, "web"), "/v1/parcels/1").status_code == 401


def test_metrics_may_ask_for_a_token(stack):
    closed = Role("worker", {**stack.environment, "EVERYLEG_METRICS_TOKEN": "only you"}, stack.log)
    closed.start()
    try:
        until(closed.healthy)
        assert get(closed, "/metrics").status_code == 401
        given = {"authorization": "Bearer only you"}
        assert httpx.get(closed.address + "/metrics", headers=given, timeout=20).status_code == 200
    finally:
        assert closed.end() == 0


def test_without_its_database_web_takes_no_work_and_ingest_does_and_both_live(stack):
    web, ingest = one(stack, "web"), one(stack, "ingest")
    stack.postgres.kill()
    try:
        assert get(web, "/healthz").status_code == get(ingest, "/healthz").status_code == 200
        assert get(web, "/readyz").status_code == 503
        ready = get(ingest, "/readyz")
        assert (ready.status_code, ready.json()["parts"]["database"]) == (200, "does not answer")
        assert (
            "everyleg_database_up 0.0" in web.metrics() or families(web)["everyleg_database_up"].samples[0].value == 1
        )
    finally:
        stack.postgres.start()
    until(lambda: get(web, "/readyz").status_code == 200)


def test_intake_starts_without_the_database_and_knows_its_addresses(stack):
    workspace = new_workspace(stack.database)
    path = Doors(stack.database, workspace, datetime.now(UTC)).path("ups")
    body = b'{"kept": "while the database is away"}'
    until(lambda: httpx.post(one(stack, "ingest").address + path, content=body, headers=signed(body)).status_code < 300)
    stack.postgres.kill()
    late = Role("ingest", stack.environment, stack.log)
    late.start()
    try:
        until(late.healthy)
        other = b'{"another": "body"}'
        until(
            lambda: httpx.post(late.address + path, content=other, headers=signed(other), timeout=20).status_code < 300
        )
    finally:
        stack.postgres.start()
        assert late.end() == 0
    until(
        lambda: rows(stack.database, "SELECT count(*) FROM observations WHERE workspace_id = %s", workspace) == [(2,)]
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_role_alone_needs_a_database_that_the_others_reach_too(folder, role):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVERYLEG_")}
    environment["EVERYLEG_DATA"] = str(folder / "data")
    command = [sys.executable, "-c", "from everyleg.cli import main; main()", "serve", "--role", role, "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "EVERYLEG_DATABASE_URL" in done.stderr
    assert "everyleg migrate" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "data").exists()


def test_a_worker_ends_after_its_batch_and_leaves_nothing_claimed(stack):
    workspace = new_workspace(stack.database)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    receive(stack.database, [Received(workspace, "file", "usps", b"%d" % i, (f"X{i}",), at) for i in range(3000)])
    assert one(stack, "worker").end() == 0
    taken = rows(stack.database, "SELECT count(*) FROM observations WHERE workspace_id = %s", workspace)[0][0]
    left = rows(stack.database, "SELECT count(*) FROM inbox WHERE workspace_id = %s", workspace)[0][0]
    assert taken + left == 3000
    assert rows(stack.database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_every_role_ends_well_when_it_is_asked_to(stack):
    for role in stack.roles:
        role.process.terminate()
    assert [role.process.wait(40) for role in stack.roles] == [0, 0, 0, 0]
