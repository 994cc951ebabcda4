"""`everyleg people` and `everyleg privacy` as somebody with a shell uses them."""

import io
import json
import re

import pytest

from everyleg.accounts import people as accounts
from everyleg.accounts import sessions
from everyleg.accounts.invitations import look
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.sessions import Client
from everyleg.cli import people, privacy
from everyleg.cli.io import UserError
from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import load_keyring

from .conftest import NOW, PASSWORD


@pytest.fixture
def installed(empty, tmp_path, monkeypatch):
    """An installation without anybody in it."""
    migrate(empty)
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_KEYS", str(tmp_path / "keys.json"))
    with Database(empty, load_keyring(tmp_path / "keys.json")) as opened:
        yield opened


@pytest.fixture
def typed(monkeypatch):
    """Says what stands on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def make_owner(typed, words=PASSWORD):
    typed(f"{words}\n")
    people.owner("Li.Na@example.com")


def signs_in(database, words=PASSWORD):
    return sessions.sign_in(database, Passwords(), "li.na@example.com", words, NOW, Client())


def test_the_first_owner_signs_in_with_the_password_given(installed, typed, capsys):
    make_owner(typed)
    assert "can sign in" in capsys.readouterr().out
    assert signs_in(installed).person.role == "owner"


def test_an_owner_gets_a_new_password(installed, typed):
    make_owner(typed)
    make_owner(typed, "a quite different one")
    assert signs_in(installed) is None
    assert signs_in(installed, "a quite different one") is not None


def test_a_password_too_short_is_one_line_that_says_so(installed, typed):
    with pytest.raises(UserError, match="fewer than 10"):
        make_owner(typed, "short")


def test_an_invitation_is_printed_as_a_link(installed, typed, capsys):
    make_owner(typed)
    capsys.readouterr()
    people.invite("service", url="https://track.example.com/")
    link = capsys.readouterr().out.strip()
    token = re.fullmatch(r"https://track\.example\.com/invitation/(.+)", link)[1]
    assert look(installed, token, NOW).offer.role == "service"


def test_people_are_listed_as_a_table_and_as_json(installed, typed, capsys):
    make_owner(typed)
    capsys.readouterr()
    people.list_()
    assert "Owner" in capsys.readouterr().out
    people.list_(json=True)
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["email"], one["role"]) == ("Li.Na@example.com", "owner")


def test_the_last_owner_is_not_shut_out(installed, typed):
    make_owner(typed)
    with pytest.raises(UserError, match="no owner"):
        people.disable("li.na@example.com")


def test_a_workspace_that_is_not_there_is_named_with_those_that_are(installed, typed):
    make_owner(typed)
    with pytest.raises(UserError, match="There are: main"):
        people.list_(workspace="north")


def test_whom_to_erase_is_said_in_one_way(installed):
    for whom in ({}, {"email": "a@b.example", "order": "A-1"}):
        with pytest.raises(UserError, match="say whom"):
            privacy.erase(**whom)


def test_erasing_is_not_done_unasked(installed, typed):
    make_owner(typed)
    with pytest.raises(UserError, match="--yes"):
        privacy.erase(email="li.na@example.com")
    with pytest.raises(UserError, match="nothing is kept"):
        privacy.erase(order="A-1", yes=True)


def test_a_colleague_is_erased_and_it_is_said_how_much(installed, typed, capsys):
    make_owner(typed)
    typed(f"{PASSWORD}\n")
    people.owner("wang.wei@example.com")
    capsys.readouterr()
    privacy.erase(email="wang.wei@example.com", yes=True)
    assert "people.email 1" in capsys.readouterr().out
    with installed.transaction(1) as app:
        assert [p.email for p in accounts.listed(app, installed.keys, 1)] == ["Li.Na@example.com"]


def test_retention_is_set_shown_applied_and_taken_back(installed, typed, capsys):
    make_owner(typed)
    privacy.keep(days=30)
    privacy.show()
    privacy.apply(json=True)
    privacy.keep(forever=True)
    out = capsys.readouterr().out
    assert out.count("finished for 30 days") == 2
    assert '"parcels": 0' in out
    assert "until somebody erases it" in out
    with pytest.raises(UserError, match="either"):
        privacy.keep()


def test_after_rotation_the_keyring_has_one_new_key_and_everybody_still_signs_in(
    installed, typed, capsys, tmp_path, monkeypatch
):
    make_owner(typed)
    monkeypatch.setattr("everyleg.cli.privacy.FOLLOWS", 0)
    privacy.rotate()
    assert "new key" in capsys.readouterr().out
    assert load_keyring(tmp_path / "keys.json").numbers == [2]
    assert signs_in(installed).person.name == "Li.Na"
