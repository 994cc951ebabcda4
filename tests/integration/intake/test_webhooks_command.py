"""`everyleg webhooks` as somebody with a shell uses it."""

import json

import pytest

from everyleg.cli import webhooks
from everyleg.cli.io import UserError
from everyleg.store.migrations import migrate


@pytest.fixture(autouse=True)
def installed(empty, tmp_path, monkeypatch):
    """An installation without anything in it."""
    migrate(empty)
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_KEYS", str(tmp_path / "keys.json"))


def listed(capsys):
    capsys.readouterr()
    webhooks.list_(json=True)
    return json.loads(capsys.readouterr().out)


def test_an_address_is_made_shown_listed_and_revoked(capsys):
    webhooks.add("17track", secret="the api key")  # noqa: S106
    out = capsys.readouterr().out
    assert "/in/17track/" in out
    assert "the api key" not in out
    (one,) = listed(capsys)
    assert (one["source"], one["carrier"], one["signed"], one["revoked_at"]) == ("17track", "17track", True, None)
    webhooks.revoke(one["webhook_id"])
    (one,) = listed(capsys)
    assert one["revoked_at"]
    with pytest.raises(UserError, match="revoked before"):
        webhooks.revoke(one["webhook_id"])


def test_a_secret_that_is_made_up_is_shown_once(capsys):
    webhooks.add("my-tms", scheme="hmac-sha256", json=True)
    made = json.loads(capsys.readouterr().out)
    assert len(made["secret"]) >= 40
    assert made["secret"] not in json.dumps(listed(capsys))


def test_what_nobody_signs_has_to_be_asked_for(capsys):
    with pytest.raises(UserError, match="--scheme none"):
        webhooks.add("my-tms")
    webhooks.add("my-tms", scheme="none")
    assert [one["signed"] for one in listed(capsys)] == [False]


@pytest.mark.parametrize(
    ("source", "wanted", "said"),
    [("x", {"scheme": "rot13"}, "hub-sha256"), ("x", {"reads": "yanwn"}, "no carrier is called 'yanwn'")],
)
def test_a_mistake_is_said_in_one_line(source, wanted, said):
    with pytest.raises(UserError, match=said):
        webhooks.add(source, **wanted)
