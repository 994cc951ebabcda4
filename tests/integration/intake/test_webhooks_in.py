"""Pushes over HTTP: who is let in, what is kept, what is answered."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from everyleg.accounts import webhooks
from everyleg.accounts.actors import command_line
from everyleg.accounts.webhooks import Wanted
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from tests.integration.pipeline.acme import NOW, body, carriers, event, milestones, rows

from .receiving import SECRET, address_for, kept, push, receiving, signed, until


@pytest.fixture
def door(database, workspace, folder):
    """A path that takes signed pushes, and the address of the server before it."""
    path = address_for(database, workspace).path
    with receiving(database, folder) as (receiver, address):
        yield receiver, address, path


def test_a_push_is_in_the_journal_as_it_came_before_it_is_acknowledged(database, workspace, door):
    _, address, path = door
    answer = push(address, path, b'{"any": "bytes \xff"}')
    assert answer.status_code == 200
    assert kept(database, workspace) == [b'{"any": "bytes \xff"}']


@pytest.mark.parametrize("headers", [{}, {"x-signature": "00" * 32}, {"x-signature": "nonsense"}])
def test_a_push_with_no_or_a_wrong_signature_is_refused_and_not_kept(database, workspace, door, headers):
    _, address, path = door
    assert push(address, path, b"{}", headers).status_code == 401
    assert kept(database, workspace) == []


def test_a_body_that_was_changed_on_the_way_is_refused(door):
    _, address, path = door
    assert push(address, path, b'{"a": 2}', signed(b'{"a": 1}')).status_code == 401


def test_a_token_opens_only_the_source_it_was_made_for(door):
    _, address, path = door
    assert push(address, path.replace("/acme/", "/bolt/"), b"{}").status_code == 404
    assert push(address, path[:-4] + "AAAA", b"{}").status_code == 404
    assert push(address, "/in/acme/nonsense", b"{}").status_code == 404


def test_bodies_that_are_too_large_or_empty_are_refused(database, workspace, door):
    _, address, path = door
    large = b"x" * 50_001
    assert push(address, path, large).status_code == 413
    assert httpx.post(address + path, content=iter([large]), headers=signed(large)).status_code == 413
    assert push(address, path, b"").status_code == 400
    assert kept(database, workspace) == []


def test_only_post_is_taken_and_everything_else_goes_to_who_stands_behind(door):
    _, address, path = door
    assert httpx.get(address + path).status_code == 405
    assert httpx.get(address + "/other").text == "behind"


def test_an_address_that_is_made_works_at_once_and_one_that_is_revoked_no_more(database, workspace, door):
    _, address, _ = door
    made = address_for(database, workspace)
    until(lambda: push(address, made.path, b"{}").status_code == 200, seconds=5)
    with database.transaction(workspace) as app:
        webhooks.revoke(app, database.keys, command_line(workspace), made.webhook_id, NOW)
    until(lambda: push(address, made.path, b"{}").status_code == 404, seconds=10)


def test_pushes_that_come_together_share_commits_and_none_is_lost(database, workspace, door):
    receiver, address, path = door
    bodies = [body(event(-5), no=f"AC{i}") for i in range(200)]
    with ThreadPoolExecutor(32) as several, httpx.Client(limits=httpx.Limits(max_connections=32)) as client:
        answers = list(several.map(lambda one: client.post(address + path, content=one, headers=signed(one)), bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(kept(database, workspace)) == sorted(bodies)
    assert receiver.counts.stored == 200 > receiver.counts.commits


def test_what_came_in_bundles_becomes_states_like_anything_else(database, workspace, door):
    _, address, path = door
    bodies = [body(event(-5), event(-1, "DL"), no=f"AC{i}") for i in range(40)]
    with ThreadPoolExecutor(20) as several:
        list(several.map(lambda one: push(address, path, one), bodies))
    drain(database, carriers())
    assert kept(database, workspace) == []
    assert milestones(database, workspace) == ["delivered"] * 40
    assert verify(database, workspace) == []


def test_one_broken_body_of_a_bundle_holds_up_none_of_the_others(database, workspace, door, monkeypatch):
    from everyleg.pipeline import work

    _, address, path = door
    bodies = [body(event(-5), no=f"AC{i}") for i in range(6)] + [body(event(-5), no="POISON")]
    ready = threading.Barrier(len(bodies))

    def together(one):
        ready.wait()
        return push(address, path, one)

    with ThreadPoolExecutor(len(bodies)) as several:
        list(several.map(together, bodies))
    hear = work.hear

    def stumbling(carriers, body, *rest):
        if b"POISON" in body:
            raise RuntimeError
        return hear(carriers, body, *rest)

    monkeypatch.setattr(work, "hear", stumbling)
    drain(database, carriers())
    aside = rows(
        database, "SELECT quarantine_kind, count(*) FROM observations WHERE workspace_id = %s GROUP BY 1", workspace
    )
    assert dict(aside) == {None: 6, "defect": 1}
    assert kept(database, workspace) == []
    assert milestones(database, workspace) == ["picked_up"] * 6


def test_what_nobody_signed_is_kept_as_that(database, workspace, folder):
    path = address_for(database, workspace, Wanted("acme", "acme")).path
    with receiving(database, folder) as (_, address):
        assert push(address, path, b"{}", {}).status_code == 200
    assert rows(database, "SELECT source FROM inbox WHERE workspace_id = %s", workspace) == [("webhook_unsigned",)]


def test_the_copy_of_the_addresses_shows_nobody_a_secret(database, workspace, door, folder):
    until((folder / "spool" / "addresses.sealed").exists)
    assert SECRET.encode() not in (folder / "spool" / "addresses.sealed").read_bytes()
