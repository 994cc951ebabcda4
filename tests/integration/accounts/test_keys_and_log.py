"""API keys, secrets, the audit log, and forms that are sent twice."""

import contextlib
import datetime as dt
import threading

import psycopg
import pytest

from everyleg.accounts import attempts, audit, keys, secrets, sessions, submissions, tidying
from everyleg.accounts.actors import Actor, command_line
from everyleg.accounts.attempts import Limit
from everyleg.accounts.audit import Page, Subject
from everyleg.accounts.errors import NotAllowedError, UnknownError
from everyleg.accounts.roles import Permission

from .conftest import NOW, minutes


def make_key(team, scopes=("read",), actor=None, name="ERP"):
    actor = actor or team.add("owner").actor()
    with team.database.transaction(team.workspace) as app:
        return keys.make(app, team.database.keys, actor, name, scopes, NOW)


def test_a_key_opens_its_workspace_for_what_its_scopes_say(database, team):
    made = make_key(team, ("read", "write"))
    found = keys.authenticate(database, made.key, NOW)
    assert (found.workspace, found.api_key_id) == (team.workspace, made.api_key_id)
    assert found.may(Permission.ADD_PARCELS)
    assert not found.may(Permission.SEE_PERSONAL)
    assert found.actor().kind == "api_key"


def test_a_key_is_told_apart_by_its_beginning_and_never_shown_again(database, team):
    made = make_key(team)
    with database.transaction(team.workspace) as app:
        (shown,) = keys.listed(app, team.workspace)
        stored = app.execute("SELECT k::text FROM api_keys k WHERE workspace_id = %s", (team.workspace,)).fetchone()[0]
    assert made.key.startswith(shown.prefix)
    assert made.key[len(shown.prefix) :] not in stored


def test_a_revoked_key_is_dead_at_once(database, team):
    made, owner = make_key(team), team.add("owner").actor()
    with database.transaction(team.workspace) as app:
        keys.revoke(app, database.keys, owner, made.api_key_id, NOW)
    assert keys.authenticate(database, made.key, NOW) is None
    with pytest.raises(UnknownError), database.transaction(team.workspace) as app:
        keys.revoke(app, database.keys, owner, made.api_key_id, NOW)


@pytest.mark.parametrize("change", [lambda k: k[:-1], lambda k: k[:-1] + ("A" if k[-1] != "A" else "B"), str.upper])
def test_what_is_not_the_key_opens_nothing(database, team, change):
    assert keys.authenticate(database, change(make_key(team).key), NOW) is None


def test_a_key_of_one_workspace_opens_no_other(database, team, other_workspace):
    key = make_key(team).key
    assert keys.authenticate(database, key.replace(f"_{team.workspace}_", f"_{other_workspace}_", 1), NOW) is None


def test_use_is_written_once_a_minute_at_most(database, team):
    key = make_key(team).key
    seen = []
    for moment in (NOW, NOW + dt.timedelta(seconds=59), minutes(1)):
        keys.authenticate(database, key, moment)
        with database.transaction(team.workspace) as app:
            seen.append(keys.listed(app, team.workspace)[0].last_used_at)
    assert seen == [NOW, NOW, minutes(1)]


@pytest.mark.parametrize(("role", "shops"), [("operator", None), ("manager", (1,))])
def test_who_may_not_do_as_much_makes_no_key(team, role, shops):
    with pytest.raises(NotAllowedError):
        make_key(team, actor=team.add(role, shops).actor())


@pytest.mark.parametrize("scopes", [(), ("everything",)])
def test_a_key_without_a_known_scope_is_not_made(team, scopes):
    with pytest.raises(ValueError, match="scopes"):
        make_key(team, scopes)


def test_a_secret_is_written_by_the_app_and_read_by_workers_only(database, team):
    owner = team.add("owner").actor()
    for value in ("first-value-of-the-key-1111", "second-value-of-the-key-2222"):
        with database.transaction(team.workspace) as app:
            secrets.put(app, database.keys, owner, "carrier/usps/api_key", value)
    with database.transaction(team.workspace) as app:
        (shown,) = secrets.names(app, team.workspace)
        assert (shown.name, shown.hint, shown.updated_by) == ("carrier/usps/api_key", "2222", owner.actor_id)
        assert secrets.hint(app, team.workspace, "carrier/usps/api_key") == "2222"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(team.workspace) as app:
        secrets.reveal(app, database.keys, team.workspace, "carrier/usps/api_key")
    with database.transaction(None, "worker") as worker:
        found = secrets.reveal(worker, database.keys, team.workspace, "carrier/usps/api_key")
        assert found == "second-value-of-the-key-2222"
        assert secrets.reveal(worker, database.keys, team.workspace, "none") is None


def test_a_short_secret_gives_no_hint_and_a_removed_one_is_gone(database, team):
    owner = team.add("owner").actor()
    with database.transaction(team.workspace) as app:
        secrets.put(app, database.keys, owner, "pin", "1234")
        assert secrets.names(app, team.workspace)[0].hint is None
        secrets.remove(app, database.keys, owner, "pin")
        assert secrets.names(app, team.workspace) == []


def test_an_analyst_writes_no_secret(database, team):
    with pytest.raises(NotAllowedError), database.transaction(team.workspace) as app:
        secrets.put(app, database.keys, team.add("analyst").actor(), "pin", "1234")


def log(database, workspace, **page):
    with database.transaction(workspace) as app:
        return audit.listed(app, database.keys, workspace, Page(**page))


def test_the_log_says_who_did_what_to_what_and_from_where(database, team):
    actor = Actor(team.workspace, "person", 7, ip="192.0.2.9")
    with database.transaction(team.workspace) as app:
        audit.note(app, database.keys, actor, "parcel.corrected", Subject("parcel", 5), {"reason": "scanned twice"})
    (entry,) = log(database, team.workspace)
    assert (entry.actor_kind, entry.actor_id, entry.action, entry.ip) == ("person", 7, "parcel.corrected", "192.0.2.9")
    assert (entry.subject, entry.detail) == (Subject("parcel", 5), {"reason": "scanned twice"})


def test_the_log_is_paged_from_the_newest_without_gaps(database, team):
    with database.transaction(team.workspace) as app:
        for number in range(1, 8):
            subject = Subject("parcel", number % 2 + 1)
            audit.note(app, database.keys, command_line(team.workspace), f"step.{number}", subject)
    pages, before = [], None
    while page := log(database, team.workspace, before=before, most=3):
        pages.append([entry.action for entry in page])
        before = page[-1].audit_id
    assert pages == [["step.7", "step.6", "step.5"], ["step.4", "step.3", "step.2"], ["step.1"]]
    of_one = log(database, team.workspace, subject=Subject("parcel", 1))
    assert [entry.action for entry in of_one] == ["step.6", "step.4", "step.2"]


def test_what_failed_is_not_in_the_log(database, team):
    with pytest.raises(ZeroDivisionError), database.transaction(team.workspace) as app:
        audit.note(app, database.keys, command_line(team.workspace), "parcel.corrected")
        raise ZeroDivisionError
    assert log(database, team.workspace) == []


@pytest.mark.parametrize("role", ["app", "worker"])
@pytest.mark.parametrize(
    "command", ["UPDATE audit SET actor_id = 1", "UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_nobody_changes_the_log(database, team, role, command):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(team.workspace, role) as connection:
        connection.execute(command)


def test_the_app_changes_not_even_what_lies_sealed_in_the_log(database, team):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(team.workspace) as app:
        app.execute("UPDATE audit SET detail = NULL")


def test_a_form_sent_twice_is_done_once_and_leads_to_the_same_place(database, workspace):
    with database.transaction(workspace) as app:
        assert submissions.once(app, workspace, "form-1") is None
        submissions.done(app, workspace, "form-1", "/parcels/7")
    with database.transaction(workspace) as app:
        assert submissions.once(app, workspace, "form-1") == "/parcels/7"
        assert submissions.once(app, workspace, "form-2") is None


def test_forms_of_two_workspaces_do_not_meet(database, workspace, other_workspace):
    for tenant in (workspace, other_workspace):
        with database.transaction(tenant) as app:
            assert submissions.once(app, tenant, "form-1") is None


@pytest.mark.parametrize(("first_fails", "expected"), [(False, "/parcels/1"), (True, None)])
def test_the_second_of_two_at_once_waits_and_takes_over_only_if_the_first_fails(
    database, workspace, first_fails, expected
):
    answers, begun = [], threading.Event()

    def second():
        with database.transaction(workspace) as app:
            begun.set()
            answers.append(submissions.once(app, workspace, "form-1"))

    thread = threading.Thread(target=second)
    with contextlib.suppress(ZeroDivisionError), database.transaction(workspace) as app:
        assert submissions.once(app, workspace, "form-1") is None
        thread.start()
        begun.wait(10)
        thread.join(0.1)
        assert answers == []
        submissions.done(app, workspace, "form-1", "/parcels/1")
        assert 1 / (not first_fails)
    thread.join(10)
    assert answers == [expected]


def test_what_has_had_its_time_is_removed(database, team):
    person = team.add()
    token = team.sign_in(person).token
    limit = Limit("test", 1, dt.timedelta(minutes=1))
    with database.transaction(team.workspace) as app:
        attempts.spend(app, database.keys, limit, "x", NOW, team.workspace)
        submissions.once(app, team.workspace, "form-1")
    assert tidying.tidy(database, NOW)["sessions"] == 0
    assert sessions.who(database, token, NOW) is not None
    gone = tidying.tidy(database, dt.datetime.now(dt.UTC) + dt.timedelta(days=40))
    assert gone["sessions"] >= 1 and gone["submissions"] >= 1 and gone["attempts"] >= 1


def test_without_any_filter_the_app_sees_no_other_tenants_people_keys_secrets_or_log(database, team, other_workspace):
    theirs = team.add("owner", workspace=other_workspace)
    team.sign_in(theirs)
    actor = theirs.actor("192.0.2.1")
    with database.transaction(other_workspace) as app:
        keys.make(app, database.keys, actor, "ERP", ["read"], NOW)
        secrets.put(app, database.keys, actor, "pin", "1234")
    with database.transaction(team.workspace) as app:
        for table in ("people", "sessions", "api_keys", "audit", "attempts"):
            assert app.execute(f"SELECT * FROM {table}").fetchall() == [], table  # noqa: S608
        assert app.execute("SELECT name, hint FROM secrets").fetchall() == []
    with database.transaction(other_workspace) as app:
        assert app.execute("SELECT count(*) FROM people").fetchone()[0] == 1
