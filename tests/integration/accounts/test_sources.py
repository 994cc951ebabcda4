"""Accounts with carriers: kept sealed, limited, paused; what the command says and never says."""

import io
import json
from datetime import UTC, datetime

import pytest

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import Actor, command_line
from everyleg.accounts.errors import NotAllowedError, TakenError, UnknownError
from everyleg.accounts.roles import PERMISSIONS
from everyleg.accounts.sources import Change, Limit, quota_of
from everyleg.cli import sources as command
from everyleg.cli.io import UserError
from everyleg.ports.manifest.schema import Limits
from everyleg.store.windows import Quota
from tests.integration.outbound.servers import Says, serving


@pytest.fixture
def slug(server, database, workspace, folder, monkeypatch):
    """The slug of a new workspace in the store that the environment names."""
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", server.conninfo())
    monkeypatch.setenv("EVERYLEG_DATA", str(folder))
    with database.transaction(None, "worker") as worker:
        query = "SELECT slug FROM workspaces WHERE workspace_id = %s"
        return worker.execute(query, (workspace,)).fetchone()[0]


def add(database, workspace, name="main", **settings):
    with database.transaction(workspace) as app:
        return accounts.add(app, database.keys, command_line(workspace), "usps", name, settings)


def ready(database, workspace):
    with database.transaction(None, "worker") as worker:
        return accounts.ready(worker, database.keys, workspace)


def listed(database, workspace):
    with database.transaction(workspace) as app:
        return accounts.listed(app, database.keys, workspace)


def test_settings_are_opened_for_who_asks_and_shown_by_name_only(database, workspace):
    add(database, workspace, client_id="me", code="open sesame", proxy="http://p:x@proxy.example:3128")
    (shown,) = listed(database, workspace)
    (one,) = ready(database, workspace)
    assert shown.settings == ("client_id", "code", "proxy") and "sesame" not in repr(shown)
    assert one.account.settings == {"client_id": "me", "code": "open sesame"}
    assert one.account.proxy == "http://p:x@proxy.example:3128" and "sesame" not in repr(one.account)


def test_no_setting_lies_open_in_the_database(database, workspace):
    add(database, workspace, code="open sesame")
    with database.transaction(None, "worker") as worker:
        query = "SELECT string_agg(s::text, '') FROM secrets s WHERE workspace_id = %s"
        assert "sesame" not in worker.execute(query, (workspace,)).fetchone()[0]


def test_another_workspace_sees_none_of_it(database, workspace, other_workspace):
    account = add(database, workspace)
    assert listed(database, other_workspace) == [] == ready(database, other_workspace)
    with database.transaction(other_workspace) as app, pytest.raises(UnknownError):
        accounts.remove(app, database.keys, command_line(other_workspace), account)


def test_two_accounts_with_one_carrier_have_two_names(database, workspace):
    add(database, workspace)
    add(database, workspace, "second")
    with pytest.raises(TakenError, match="another name"):
        add(database, workspace)


def test_who_may_not_manage_keys_may_not_add_one(database, workspace):
    operator = Actor(workspace, "person", 1, PERMISSIONS["operator"])
    with database.transaction(workspace) as app, pytest.raises(NotAllowedError):
        accounts.add(app, database.keys, operator, "usps", "main", {})


def test_what_goes_is_gone_with_its_settings(database, workspace):
    account = add(database, workspace, code="s")
    with database.transaction(workspace) as app:
        accounts.remove(app, database.keys, command_line(workspace), account)
    assert listed(database, workspace) == []
    with database.transaction(None, "worker") as worker:
        assert worker.execute("SELECT count(*) FROM secrets WHERE workspace_id = %s", (workspace,)).fetchone() == (0,)


def test_changes_change_what_they_name_and_are_noted_without_values(database, workspace):
    account = add(database, workspace, client_id="me", code="old")
    with database.transaction(workspace) as app:
        wanted = Change({"code": "new", "client_id": None}, {"per_hour": 10}, priority=3)
        accounts.change(app, database.keys, command_line(workspace), account, wanted)
    (one,) = ready(database, workspace)
    assert one.account.settings == {"code": "new"} and (one.limit.per_hour, one.priority) == (10, 3)
    with database.transaction(None, "worker") as worker:
        query = "SELECT array_agg(action ORDER BY audit_id) FROM audit WHERE workspace_id = %s"
        actions = worker.execute(query, (workspace,)).fetchone()[0]
    assert actions[-1] == "source.changed" and "source.added" in actions


@pytest.mark.parametrize("limit", [{"per_hour": 0}, {"per_second": -1.0}, {"daily_budget": -5}])
def test_a_limit_that_is_none_is_refused(database, workspace, limit):
    account = add(database, workspace)
    with pytest.raises(ValueError, match="above 0"), database.transaction(workspace) as app:
        accounts.change(app, database.keys, command_line(workspace), account, Change(limit=limit))


def test_a_paused_account_is_paused_until_it_is_resumed(database, workspace):
    account, now = add(database, workspace), datetime.now(UTC)
    for moment, paused in ((now, True), (None, False)):
        with database.transaction(workspace) as app:
            accounts.pause(app, database.keys, command_line(workspace), account, moment)
        assert ready(database, workspace)[0].paused is paused


def test_an_account_asks_what_its_source_allows_unless_it_has_its_own_limits_or_a_smaller_budget():
    source = Limits(per_second=2, per_hour=60, per_day=1000)
    assert quota_of(Limit(), source) == Quota(2, None, 60, 1000)
    assert quota_of(Limit(per_hour=600, daily_budget=50), source) == Quota(2, None, 600, 50)
    assert quota_of(Limit(daily_budget=5000), source).per_day == 1000


def test_an_account_is_added_listed_tried_paused_and_removed(slug, capsys, monkeypatch):
    def answer(seen):
        return Says(b'{"access_token": "T", "expires_in": 60}') if seen.method == "POST" else Says(b"", 404)

    with serving(answer) as server:
        known = [f"base_url={server.url}", "client_id=me", "client_secret=hidden words"]
        command.add("usps", set=known, limit=["hour=50"], budget=40, workspace=slug)
        command.list_(json=True, workspace=slug)
        printed = capsys.readouterr().out
        (one,) = json.loads(printed[printed.index("[") :])
        account = one["account_id"]
        assert "hidden" not in printed and one["left"] == {"hour": 50, "day": 40}
        with pytest.raises(SystemExit):
            command.test(account, "9400100000000000000000", workspace=slug, json=True)
        assert json.loads(capsys.readouterr().out)["detail"].startswith("refused: 127.0.0.1 leads to")
        monkeypatch.setenv("EVERYLEG_ALLOW_PRIVATE", "127.0.0.0/8")
        command.test(account, "9400100000000000000000", workspace=slug, json=True)
        assert json.loads(capsys.readouterr().out)["outcome"] == "unknown"
    command.pause(account, workspace=slug)
    command.list_(workspace=slug)
    assert "paused since" in " ".join(capsys.readouterr().out.split())
    command.resume(account, workspace=slug)
    command.remove(account, workspace=slug)
    capsys.readouterr()
    command.list_(json=True, workspace=slug)
    assert json.loads(capsys.readouterr().out) == []


def test_settings_that_are_needed_are_read_from_standard_input(slug, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("client_id=me\nclient_secret=a=b\n"))
    command.add("usps", workspace=slug)
    command.list_(json=True, workspace=slug)
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("[") :])[0]["settings"] == ["client_id", "client_secret"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": "upss"}, "did you mean|carriers list"),
        ({"source": "usps", "set": ["colour=red"]}, "has no setting 'colour'; it has client_id"),
        ({"source": "usps", "set": ["client_id=x"]}, "needs client_secret"),
        ({"source": "cainiao", "limit": ["week=3"], "set": ["page_allowed=yes"]}, "the windows are second, minute"),
        ({"source": "cainiao", "limit": ["hour=x"], "set": ["page_allowed=yes"]}, "no number"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(slug, monkeypatch, arguments, words):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    source = arguments.pop("source")
    with pytest.raises(UserError, match=words):
        command.add(source, **arguments, workspace=slug)
