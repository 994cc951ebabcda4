"""`everyleg coverage` and `everyleg keys` as somebody with a shell uses them."""

import json

import pytest

from everyleg.accounts import keys as api_keys
from everyleg.accounts import sources, workspaces
from everyleg.accounts.actors import command_line
from everyleg.cli import keys
from everyleg.cli.coverage import coverage
from everyleg.cli.io import UserError
from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import load_keyring
from tests.factories.site import NOW

SHEET = "运单号,国家\n9400111899223197428490,US\n1Z999AA10123456784,US\nnonsense,US\n"


@pytest.fixture
def installed(empty, tmp_path, monkeypatch):
    """An installation with an account at USPS."""
    migrate(empty)
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_KEYS", str(tmp_path / "keys.json"))
    with Database(empty, load_keyring(tmp_path / "keys.json")) as opened:
        yield opened


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "today.csv"
    path.write_text(SHEET, encoding="utf-8")
    return str(path)


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_sheet_is_judged_by_what_the_workspace_has(installed, sheet, capsys):
    coverage(sheet, json=True)
    without = printed(capsys)
    workspace = workspaces.default(installed)
    with installed.transaction(workspace) as app:
        settings = {"client_id": "me", "client_secret": "s"}
        sources.add(app, installed.keys, command_line(workspace), "usps", "main", settings)
    coverage(sheet, json=True)
    having = printed(capsys)
    assert (without["schema"], without["rows"], without["refused"], without["numbers"]) == (1, 3, 1, 2)
    assert (without["followed"], having["followed"], having["how"]) == (0, 1, {"account": 1})


def test_what_an_account_would_gain_can_be_tried(installed, sheet, capsys):
    coverage(sheet, have=("UPS", "17track"), json=True)
    assert printed(capsys)["how"] == {"account": 1, "aggregator:17track": 1}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_person_reads_the_share_and_the_steps(installed, sheet, capsys, lang):
    coverage(sheet, lang=lang)
    said = capsys.readouterr().out
    assert {"en": "0% of 2 numbers can be followed now", "zh": "2 个单号中"}[lang] in said
    assert "https://developers.usps.com" in said


def test_without_a_sheet_every_carrier_says_what_it_wants(capsys):
    coverage(json=True)
    found = {one["carrier"]: one for one in printed(capsys)["carriers"]}
    assert (found["usps"]["way"], found["usps"]["settings"]) == ("key", ["client_id", "client_secret"])
    assert found["chronopost"]["way"] == "open"


@pytest.mark.parametrize(("file", "have"), [("/nowhere.csv", ()), (__file__, ()), (None, ("nobody at all",))])
def test_what_cannot_be_read_is_one_line(installed, sheet, file, have):
    with pytest.raises(UserError):
        coverage(file or sheet, have=have)


def test_a_key_made_in_a_shell_works_until_it_is_revoked(installed, capsys):
    keys.make("ERP", scope=["read"])
    key = capsys.readouterr().out.strip()
    assert api_keys.authenticate(installed, key, NOW).scopes == ("read",)
    keys.list_(json=True)
    (one,) = printed(capsys)
    assert key.startswith(one["prefix"])
    keys.revoke(one["api_key_id"])
    assert api_keys.authenticate(installed, key, NOW) is None
    with pytest.raises(UserError, match="revoked before"):
        keys.revoke(one["api_key_id"])
