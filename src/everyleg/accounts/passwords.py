"""Passwords: argon2id, the same work whether or not there is one to compare with."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from everyleg.accounts.addresses import fold
from everyleg.accounts.errors import BadPasswordError

SHORTEST, LONGEST = 10, 200


class Passwords:
    """Hashes and compares; made once for each process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """With argon2-cffi's parameters (RFC 9106) unless a hasher brings its own."""
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is stored of a password, parameters and salt included."""
        return self._hasher.hash(_plain(password))

    def fits(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; without a stored one never, after the same work."""
        try:
            return self._hasher.verify(stored or self._nobodys, _plain(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)


def check(password: str, address: str) -> None:
    """See that a password may be chosen: length is what counts, kinds of characters are not asked for.

    Raises:
        BadPasswordError: too short, too long, or the address itself.
    """
    if len(password) < SHORTEST:
        raise BadPasswordError(f"the password has fewer than {SHORTEST} characters; take a longer one")
    if len(password) > LONGEST:
        raise BadPasswordError(f"the password has more than {LONGEST} characters; take a shorter one")
    if fold(password) in (fold(address), fold(address).partition("@")[0]) or len(set(password)) < 4:
        raise BadPasswordError("that password is the first that anybody tries; take another one")


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password[: 4 * LONGEST])
