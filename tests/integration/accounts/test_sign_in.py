"""Signing in and what comes of it: sessions that end, tries that are counted, nobody told whose address is known."""

import datetime as dt

import pytest
from argon2 import PasswordHasher

from everyleg.accounts import attempts, people, sessions
from everyleg.accounts.attempts import Limit
from everyleg.accounts.errors import BadPasswordError, TooManyTriesError, UnknownError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.sessions import ABSOLUTE, IDLE, Client, PasswordChange

from .conftest import HASHER, NOW, PASSWORD, an_address, minutes

HOME = Client("192.0.2.7", "Browser/1")


class Counting(PasswordHasher):
    """Counts the hashes that are compared."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared = 0

    def verify(self, *args):
        self.compared += 1
        return super().verify(*args)


def test_the_right_password_opens_a_session(database, team):
    person = team.add("service")
    signed_in = team.sign_in(person)
    assert signed_in.token.startswith(f"{team.workspace}.")
    found = sessions.who(database, signed_in.token, minutes(1))
    assert (found.person_id, found.role, found.email) == (person.person_id, "service", person.email)


def test_the_address_is_found_however_it_is_written(team):
    person = team.add(email="Wang.Wei@Example.com")
    written = person.email.upper()
    assert sessions.sign_in(team.database, HASHER, f" {written} ", PASSWORD, NOW, HOME) is not None


@pytest.mark.parametrize("case", ["unknown", "wrong", "disabled", "without password"])
def test_every_failure_costs_one_hash_and_says_the_same(database, team, case):
    counting = Counting()
    hasher = Passwords(counting)
    person = team.add()
    address = an_address() if case == "unknown" else person.email
    with database.transaction(None, "worker") as worker:
        if case == "disabled":
            worker.execute("UPDATE people SET disabled_at = now() WHERE person_id = %s", (person.person_id,))
        if case == "without password":
            worker.execute("UPDATE people SET password_hash = NULL WHERE person_id = %s", (person.person_id,))
    password = "wrong horse battery" if case == "wrong" else PASSWORD
    assert sessions.sign_in(database, hasher, address, password, NOW, HOME) is None
    assert counting.compared == 1


def tries(database, address, client, now=NOW):
    """How many tries are let through."""
    for count in range(100):
        try:
            assert sessions.sign_in(database, HASHER, address, "wrong horse", now, client) is None
        except TooManyTriesError as error:
            return count, error.seconds
    raise AssertionError("nothing stopped it")


@pytest.mark.parametrize("known", [True, False])
def test_an_address_can_be_tried_so_often_from_everywhere_known_or_not(database, team, known):
    address = team.add().email if known else an_address()
    count, seconds = tries(database, address, Client())
    assert (count, seconds) == (sessions.PER_ADDRESS.burst, sessions.PER_ADDRESS.every.total_seconds())
    later = NOW + dt.timedelta(seconds=seconds)
    assert sessions.sign_in(database, HASHER, address, "wrong horse", later, Client()) is None


def test_waiting_helps_even_the_owner_of_an_address_that_others_guess_at(database, team):
    person = team.add()
    _, seconds = tries(database, person.email, Client())
    assert team.sign_in(person, NOW + dt.timedelta(seconds=seconds)) is not None
    assert tries(database, person.email, Client(), NOW + dt.timedelta(seconds=seconds))[0] == sessions.PER_ADDRESS.burst


def test_one_source_cannot_go_through_many_addresses(database, team):
    limit = sessions.PER_SOURCE.burst
    for _ in range(limit):
        sessions.sign_in(database, HASHER, an_address(), "wrong horse", NOW, HOME)
    with pytest.raises(TooManyTriesError):
        team.sign_in(team.add())
    assert team.sign_in(team.add(), client=Client("192.0.2.8")) is not None


def test_tries_at_the_same_time_are_all_counted(database, workspace):
    limit = Limit("test", 2, dt.timedelta(minutes=1))
    with database.transaction(workspace) as one:
        attempts.spend(one, database.keys, limit, "x", NOW, workspace)
    with database.transaction(workspace) as two:
        attempts.spend(two, database.keys, limit, "x", NOW, workspace)
    with database.transaction(workspace) as three, pytest.raises(TooManyTriesError, match="in 60 s"):
        attempts.spend(three, database.keys, limit, "x", NOW, workspace)


def test_the_table_of_tries_names_nobody(server, database, team):
    address = an_address()
    sessions.sign_in(database, HASHER, address, "wrong horse", NOW, HOME)
    with database.transaction(None, "worker") as worker:
        rows = worker.execute("SELECT a::text FROM attempts a").fetchall()
    assert rows
    assert not any(address in row[0] or "192.0.2" in row[0] for row in rows)


def test_a_hash_of_old_parameters_is_made_anew_at_sign_in(database, team):
    person = team.add()
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    for _ in range(2):
        assert sessions.sign_in(database, stronger, person.email, PASSWORD, NOW, HOME) is not None
    with database.transaction(team.workspace) as app:
        query = "SELECT password_hash FROM people WHERE person_id = %s"
        assert "t=2" in app.execute(query, (person.person_id,)).fetchone()[0]


@pytest.mark.parametrize(("last", "now", "open_"), [
    (NOW, NOW + IDLE - dt.timedelta(seconds=1), True),
    (NOW, NOW + IDLE, False),
    (NOW + ABSOLUTE - dt.timedelta(days=1), NOW + ABSOLUTE - dt.timedelta(seconds=1), True),
    (NOW + ABSOLUTE - dt.timedelta(days=1), NOW + ABSOLUTE, False),
])  # fmt: skip
def test_a_session_ends_when_unused_and_at_the_latest_when_old(database, team, last, now, open_):
    token = team.sign_in(team.add()).token
    moment = NOW
    while moment < last:
        moment = min(last, moment + IDLE / 2)
        assert sessions.who(database, token, moment)
    assert bool(sessions.who(database, token, now)) == open_


def test_being_seen_is_written_once_a_minute_at_most(database, team):
    token = team.sign_in(team.add()).token

    def writes():
        with database.transaction(team.workspace) as app:
            return app.execute("SELECT seen_at FROM sessions WHERE workspace_id = %s", (team.workspace,)).fetchone()[0]

    for second in (1, 30, 59):
        sessions.who(database, token, NOW + dt.timedelta(seconds=second))
    assert writes() == NOW
    sessions.who(database, token, minutes(1))
    assert writes() == minutes(1)


def test_signing_out_ends_this_session_and_no_other(database, team):
    person = team.add()
    here, there = team.sign_in(person).token, team.sign_in(person).token
    sessions.sign_out(database, here)
    assert sessions.who(database, here, NOW) is None
    assert sessions.who(database, there, NOW) is not None


def test_signing_out_everywhere_ends_all_of_ones_own(database, team):
    person, colleague = team.add(), team.add()
    mine, theirs = [team.sign_in(person).token for _ in range(2)], team.sign_in(colleague).token
    sessions.sign_out_everywhere(database, person)
    assert [sessions.who(database, token, NOW) for token in mine] == [None, None]
    assert sessions.who(database, theirs, NOW) is not None


def test_one_sees_where_one_is_signed_in(database, team):
    person = team.add()
    token = team.sign_in(person).token
    team.sign_in(person, minutes(5), client=Client("2001:db8::1", "Phone/2"))
    shown = sessions.listed(database, token, person, minutes(6))
    assert [(s.ip, s.user_agent, s.this) for s in shown] == [
        ("2001:db8::1", "Phone/2", False),
        ("192.0.2.7", "Browser/1", True),
    ]


def test_another_password_ends_the_other_sessions_and_goes_on_here(database, team):
    person = team.add()
    old = team.sign_in(person).token
    asked = PasswordChange(PASSWORD, "a quite different one")
    new = sessions.change_password(database, HASHER, person, asked, HOME, NOW)
    assert sessions.who(database, old, NOW) is None
    assert sessions.who(database, new.token, NOW).person_id == person.person_id
    assert team.sign_in(person) is None
    assert team.sign_in(person, words="a quite different one") is not None


def test_the_old_password_is_asked_for_and_cannot_be_guessed_at_for_ever(database, team):
    person = team.add()
    asked = PasswordChange("wrong horse battery", "a quite different one")
    for _ in range(sessions.PER_ADDRESS.burst):
        with pytest.raises(BadPasswordError):
            sessions.change_password(database, HASHER, person, asked, Client(), NOW)
    with pytest.raises(TooManyTriesError):
        sessions.change_password(database, HASHER, person, asked, Client(), NOW)


def test_a_person_of_two_workspaces_has_one_password_and_goes_from_one_to_the_other(database, team, other_workspace):
    here = team.add()
    there = team.add("analyst", email=here.email, workspace=other_workspace, like=here)
    token = team.sign_in(here).token
    assert {a.workspace for a in sessions.accounts(database, here)} == {team.workspace, other_workspace}
    moved = sessions.switch(database, token, other_workspace, HOME, NOW)
    assert moved.token.startswith(f"{other_workspace}.")
    assert moved.person.role == "analyst"
    assert sessions.who(database, token, NOW) is None
    changed = PasswordChange(PASSWORD, "a quite different one")
    sessions.change_password(database, HASHER, there, changed, HOME, minutes(1))
    assert sessions.who(database, moved.token, minutes(1)) is None
    assert team.sign_in(here, minutes(2), words="a quite different one").person.workspace == other_workspace


def test_accounts_of_one_address_with_different_passwords_are_strangers_to_each_other(database, team, other_workspace):
    mine = team.add()
    theirs = team.add(email=mine.email, words="somebody else's words", workspace=other_workspace)
    assert [a.workspace for a in sessions.accounts(database, mine)] == [team.workspace]
    asked = PasswordChange(PASSWORD, "a quite different one")
    sessions.change_password(database, HASHER, mine, asked, HOME, NOW)
    unchanged = PasswordChange("somebody else's words", "another one yet")
    assert sessions.change_password(database, HASHER, theirs, unchanged, HOME, NOW)


def test_nobody_goes_where_they_have_no_account(database, team, other_workspace):
    token = team.sign_in(team.add()).token
    with pytest.raises(UnknownError):
        sessions.switch(database, token, other_workspace, HOME, NOW)


def test_a_token_says_nothing_in_another_workspace(database, team, other_workspace):
    token = team.sign_in(team.add()).token
    assert sessions.who(database, token.replace(f"{team.workspace}.", f"{other_workspace}."), NOW) is None


def test_who_is_disabled_is_out_at_once(database, team):
    owner, person = team.add("owner"), team.add()
    token = team.sign_in(person).token
    with database.transaction(team.workspace) as app:
        people.disable(app, database.keys, owner.actor(), person.person_id, NOW)
    assert sessions.who(database, token, NOW) is None
    assert team.sign_in(person) is None
    with database.transaction(team.workspace) as app:
        people.enable(app, database.keys, owner.actor(), person.person_id)
    assert team.sign_in(person) is not None
