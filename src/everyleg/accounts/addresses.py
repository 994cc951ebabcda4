"""E-mail addresses: how they are folded, and looked up by a keyed digest while they lie sealed."""

import re
import unicodedata

from everyleg.accounts.errors import BadAddressError
from everyleg.store.sealing import Keyring

_SHAPE = re.compile(r"[^\s@<>,;\"\x00-\x1f]{1,64}@[^\s@<>,;\"\x00-\x1f]{1,253}")


def fold(address: str) -> str:
    """One form for all that reach the same: no blanks around, full width made half, small letters, the domain in
    ASCII. What a provider makes of dots and pluses is its own affair.
    """
    folded = unicodedata.normalize("NFKC", address).strip().casefold()
    name, at, domain = folded.rpartition("@")
    try:
        return f"{name}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return folded


def digest(keys: Keyring, address: str) -> bytes:
    """What an address is looked up by: equal for all that fold alike, and no use to who has not the keyring."""
    return keys.digest(f"e-mail:{fold(address)}")


def check(address: str) -> str:
    """The address without the blanks around it.

    Raises:
        BadAddressError: it cannot be one.
    """
    tidy = unicodedata.normalize("NFKC", address).strip()
    if len(tidy) > 254 or not _SHAPE.fullmatch(tidy):
        raise BadAddressError("that is no e-mail address; give one like name@example.com")
    return tidy
