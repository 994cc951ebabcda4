"""Sealed values: open with their key, in their place, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.store import sealing
from everyleg.store.sealing import Keyring, SealError, about_column, add_key, drop_keys, load_keyring

KEYS = Keyring({1: bytes(32)}, b"look up")
ABOUT = about_column(7, "people.email")


@given(st.binary(max_size=2000))
def test_any_value_opens_to_itself(value):
    assert KEYS.open(KEYS.seal(value, ABOUT), ABOUT) == value


def test_a_sealed_text_shows_nothing_of_itself():
    sealed = KEYS.seal_text("li.na@example.com" * 50, ABOUT)
    assert b"example" not in sealed
    assert KEYS.open_text(sealed, ABOUT) == "li.na@example.com" * 50


def test_nothing_stays_nothing():
    assert KEYS.seal_text(None, ABOUT) is None
    assert KEYS.open_text(None, ABOUT) is None


@pytest.mark.parametrize("elsewhere", [about_column(8, "people.email"), about_column(7, "people.name")])
def test_a_value_moved_to_another_tenant_or_column_does_not_open(elsewhere):
    with pytest.raises(SealError):
        KEYS.open(KEYS.seal(b"x", ABOUT), elsewhere)


def test_a_damaged_value_does_not_open():
    sealed = bytearray(KEYS.seal(b"x", ABOUT))
    sealed[-1] ^= 1
    with pytest.raises(SealError, match="damaged"):
        KEYS.open(bytes(sealed), ABOUT)


def test_equal_texts_have_one_digest_which_needs_the_key():
    assert KEYS.digest("a") == KEYS.digest("a")
    assert KEYS.digest("a") != Keyring({1: bytes(32)}, b"another").digest("a")


def test_after_a_new_key_older_values_still_open_and_new_ones_take_the_new_key(tmp_path):
    path = tmp_path / "keys.json"
    old = load_keyring(path).seal(b"old", ABOUT)
    keys = add_key(path)
    assert keys.open(old, ABOUT) == b"old"
    assert (Keyring.key_of(old), Keyring.key_of(keys.seal(b"new", ABOUT))) == (1, 2)


def test_a_dropped_key_opens_nothing_any_more(tmp_path):
    path = tmp_path / "keys.json"
    old = load_keyring(path).seal(b"old", ABOUT)
    add_key(path)
    with pytest.raises(SealError, match="key 1"):
        drop_keys(path, keep=2).open(old, ABOUT)


def test_the_keyring_is_its_owners_alone_and_stays(tmp_path):
    path = tmp_path / "keys.json"
    first = load_keyring(path)
    assert path.stat().st_mode & 0o077 == 0
    assert load_keyring(path).digest("a") == first.digest("a")


def test_a_file_that_is_no_keyring_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text("{}")
    with pytest.raises(SealError, match="put back the one"):
        load_keyring(path)


def test_a_process_that_runs_reads_what_a_key_added_since_sealed(tmp_path):
    running, file = load_keyring(tmp_path / "keys.json"), tmp_path / "keys.json"
    old = running.seal(b"x", ABOUT)
    new = add_key(file).seal(b"y", ABOUT)
    assert (running.open(old, ABOUT), running.open(new, ABOUT)) == (b"x", b"y")


def test_a_process_that_runs_seals_with_the_key_added_since_a_moment_later(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "FOLLOWS", 0.0)
    running = load_keyring(tmp_path / "keys.json")
    add_key(tmp_path / "keys.json")
    assert Keyring.key_of(running.seal(b"x", ABOUT)) == 2


def test_a_keyring_that_is_gone_is_said_so_rather_than_sealed_with_what_was(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "FOLLOWS", 0.0)
    running = load_keyring(tmp_path / "keys.json")
    (tmp_path / "keys.json").unlink()
    with pytest.raises(SealError, match="put back"):
        running.seal(b"x", ABOUT)
