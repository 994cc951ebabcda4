"""Tokens, addresses and passwords: what proves who somebody is, without a store."""

import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from everyleg.accounts import addresses, passwords
from everyleg.accounts.errors import BadAddressError, BadPasswordError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.sessions import _source, csrf, csrf_fits
from everyleg.accounts.texts import one_line
from everyleg.accounts.tokens import new_token, read_token
from everyleg.store.sealing import Keyring

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASHER = Passwords(QUICK)
KEYS = Keyring({1: bytes(32)}, b"look up")


class Counting(PasswordHasher):
    """Counts the hashes that are compared."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared = 0

    def verify(self, *args):
        self.compared += 1
        return super().verify(*args)


@given(st.integers(1, 999_999_999))
def test_any_token_that_was_handed_out_is_read_again(workspace):
    token = new_token(workspace)
    assert read_token(str(token)) == token
    assert token.secret not in repr(token.hash)


@given(st.text() | st.from_regex(r"[0-9]+\.[A-Za-z0-9_-]{40,50}"))
def test_any_text_is_a_token_or_none_and_never_an_error(text):
    read = read_token(text)
    assert read is None or str(read) == text


@pytest.mark.parametrize(
    "text", ["", ".", "1", "1.", "0." + "a" * 43, "99999999999." + "a" * 43, "１." + "a" * 43, "1." + "é" * 43]
)
def test_what_has_not_the_shape_is_not_looked_up(text):
    assert read_token(text) is None


def test_a_key_is_no_session_and_a_session_no_key():
    token = new_token(7)
    assert read_token(f"elk_7_{token.secret}", "elk_", "_") == token
    assert read_token(str(token), "elk_", "_") is None
    assert read_token(f"elk_7_{token.secret}") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Li.Na@Example.COM", "li.na@example.com"), (" a@b.example ", "a@b.example"), ("ａ@ｂ.example", "a@b.example"),
     ("x@münchen.example", "x@xn--mnchen-3ya.example")],
)  # fmt: skip
def test_addresses_that_reach_the_same_are_found_by_the_same_digest(one, other):
    assert addresses.digest(KEYS, one) == addresses.digest(KEYS, other)


def test_a_digest_tells_nothing_without_the_key():
    assert addresses.digest(KEYS, "a@b.example") != addresses.digest(Keyring({1: bytes(32)}, b"x"), "a@b.example")


@given(st.text(max_size=300))
def test_any_text_folds_to_something_that_folds_to_itself(text):
    folded = addresses.fold(text)
    assert addresses.fold(folded) == folded


@pytest.mark.parametrize(
    "text", ["", "a", "a@", "@b", "a b@c.example", "a@b@c", "a@b.example\r\nBcc: c", "a" * 250 + "@b.io"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadAddressError):
        addresses.check(text)


@pytest.mark.parametrize("password", ["short", "a" * 12, "ababababab", "a" * 201, "Li.Na@example.com"])
def test_a_password_that_anybody_would_try_is_refused(password):
    with pytest.raises(BadPasswordError):
        passwords.check(password, "li.na@example.com")


def test_any_long_enough_password_will_do_without_special_characters():
    passwords.check("correct horse battery", "li.na@example.com")


def test_a_password_fits_its_hash_in_either_unicode_form():
    stored = HASHER.hash("Zürich im Regen")
    assert HASHER.fits(stored, "Zu\u0308rich im Regen")
    assert not HASHER.fits(stored, "Zurich im Regen")


@pytest.mark.parametrize("stored", [None, "not a hash"])
def test_without_a_usable_hash_nothing_fits(stored):
    assert not HASHER.fits(stored, "nobody has this password")


def test_the_work_is_the_same_whether_there_is_a_hash_or_not():
    hasher = Counting()
    tried = Passwords(hasher)
    for stored in (None, tried.hash("correct horse battery")):
        before = hasher.compared
        assert not tried.fits(stored, "wrong")
        assert hasher.compared == before + 1


def test_a_hash_made_with_other_parameters_is_outdated():
    stored = HASHER.hash("correct horse battery")
    assert not HASHER.outdated(stored)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).outdated(stored)


def test_the_form_token_is_the_sessions_own():
    mine, theirs = str(new_token(1)), str(new_token(1))
    assert csrf_fits(mine, csrf(mine))
    assert not csrf_fits(mine, csrf(theirs))
    assert not csrf_fits("garbage", "")
    assert csrf(mine) not in mine


def test_one_subscriber_of_ipv6_is_one_source():
    assert _source("2001:db8:1:2::3") == _source("2001:db8:1:2:ffff::1") != _source("2001:db8:1:3::3")
    assert _source("::ffff:192.0.2.1") == _source("192.0.2.1") != _source("192.0.2.2")


@given(st.text(max_size=300))
def test_any_typed_text_becomes_one_line_that_a_database_takes(text):
    line = one_line(text)
    assert len(line) <= 100
    assert line == line.strip()
    assert not any(unicodedata.category(sign).startswith("C") for sign in line)
    assert one_line(line) == line
