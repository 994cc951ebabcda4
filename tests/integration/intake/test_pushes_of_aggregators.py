"""Pushes of aggregators, signed as they sign, over HTTP and all the way to the parcels of the carriers they name."""

import hashlib
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from everyleg.accounts.webhooks import Wanted
from everyleg.api.intake import Receiver
from everyleg.app.plugins import registry
from everyleg.pipeline.work import drain
from tests.integration.pipeline.acme import milestones, rows

from .receiving import SECRET, address_for, served

FOLDERS = registry().upstream_folders


@pytest.fixture
def into(database, workspace, folder):
    """Push to a new address of an aggregator; gives the answer."""

    @contextmanager
    def running():
        with Receiver(database, folder / "spool", registry().push, FOLDERS) as receiver, served(receiver) as address:
            yield address

    def push(slug, body, **headers):
        path = address_for(database, workspace, Wanted(slug, slug, None, SECRET)).path
        with running() as address:
            return httpx.post(address + path, content=body, headers=headers)

    return push


def of(database, workspace):
    query = (
        "SELECT DISTINCT n.carrier, s.source FROM statements s JOIN numbers n USING (workspace_id, number_id)"
        " WHERE s.workspace_id = %s ORDER BY 1"
    )
    return rows(database, query, workspace)


def test_17track_signs_the_body_with_the_key_behind_it(database, workspace, into):
    body = (FOLDERS["17track"] / "samples" / "local_number.json").read_bytes()
    assert into("17track", body, sign=hashlib.sha256(body + b"/" + SECRET.encode()).hexdigest()).status_code == 200
    assert into("17track", body, sign=hashlib.sha256(body + b"/another").hexdigest()).status_code == 401
    drain(database, registry())
    assert of(database, workspace) == [("usps", "17track"), ("yanwen", "17track")]
    assert milestones(database, workspace) == ["out_for_delivery"]


def test_kuaidi100_pushes_a_form_and_hears_what_it_wants_to_hear(database, workspace, into):
    sample = (FOLDERS["kuaidi100"] / "samples" / "push.txt").read_text(encoding="ascii")
    param = parse_qs(sample)["param"][0]
    sign = hashlib.md5(f"{param}{SECRET}".encode()).hexdigest().upper()  # noqa: S324 - theirs
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = into("kuaidi100", urlencode({"sign": sign, "param": param}), **kind)
    assert answer.json() == {"result": True, "returnCode": "200", "message": "成功"}
    assert into("kuaidi100", sample, **kind).status_code == 401
    drain(database, registry())
    assert of(database, workspace) == [("china-post", "kuaidi100"), ("usps", "kuaidi100")]
    assert len(milestones(database, workspace)) == 1
