"""Disks that fill up: reported, and over when there is room again."""

import os
import resource
import time
from datetime import UTC, datetime

import httpx
import pytest

from everyleg.pipeline.verify import verify
from tests.integration.conftest import new_workspace

from .season import Doors, rows, signed
from .stack import Stack

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


def until(true, seconds=40):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def push(stack, path, content):
    (ingest,) = stack.of("ingest")
    return httpx.post(ingest.address + path, content=content, headers=signed(content), timeout=30).status_code


def kept(stack, workspace):
    return rows(stack.database, "SELECT count(*) FROM observations WHERE workspace_id = %s", workspace)[0][0]


@AS_ROOT
def test_full_disks_of_database_and_spool_lose_nothing_that_was_acknowledged():
    with Stack(("ingest", "worker"), disk_mb=160) as stack:
        (ingest,) = stack.of("ingest")
        workspace = new_workspace(stack.database)
        path = Doors(stack.database, workspace, datetime.now(UTC)).path("usps")
        until(lambda: push(stack, path, b"{}") < 300)
        accepted = {b"{}"}

        filler = stack.fill_disk()
        for i in range(12):  # the database takes no more; the spool does
            content = b'{"n": %d, "filler": "%s"}' % (i, os.urandom(40_000).hex().encode())
            if push(stack, path, content) < 300:
                accepted.add(content)
        assert len(accepted) == 13
        assert ingest.healthy()

        limits = resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))  # its own disk is as if full too
        stack.postgres.kill()
        assert push(stack, path, b'{"neither": "nor"}') == 503
        assert 'everyleg_pushes_total{fate="refused"} 0.0' not in ingest.metrics()
        resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE, limits)
        assert push(stack, path, b'{"room": "again"}') < 300
        accepted.add(b'{"room": "again"}')

        filler.unlink()
        stack.postgres.start()
        until(lambda: kept(stack, workspace) == len(accepted))
        assert rows(stack.database, "SELECT count(*) FROM inbox") == [(0,)]
        assert verify(stack.database, workspace) == []
