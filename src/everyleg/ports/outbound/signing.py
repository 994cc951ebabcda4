"""The toolbox of signatures: small steps that a manifest puts in order (`request.values.NAME.by`).

Between them they make every signature of the Chinese carriers' interfaces: digests over glued fields (4PX, ZTO, Yunda),
keyed digests (YunExpress, eTower), a digest of URL-encoded text (SF), an encrypted body (EMS).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KeyForm = Literal["text", "base64", "hex"]
"""How a key is written in an account's settings."""


class SigningError(ValueError):
    """A signature cannot be made: its key is not of the form or length that it must have."""


def _keyed(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda value, key: hmac.digest(key, value, name)


def _digest(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda value, _: hashlib.new(name, value, usedforsecurity=False).digest()


def _sm4_ecb(value: bytes, key: bytes) -> bytes:
    """SM4 (GB/T 32907-2016) in ECB mode with PKCS #7 padding."""
    padder = PKCS7(128).padder()
    padded = padder.update(value) + padder.finalize()
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - the interface's own choice
    return encryptor.update(padded) + encryptor.finalize()


def _url_encode(value: bytes, _: bytes) -> bytes:
    """As Java's `URLEncoder`: a space is `+`, of the marks only `* - . _` stay."""
    return quote_plus(value, safe="*").replace("~", "%7E").encode()


_STEPS: dict[str, Callable[[bytes, bytes], bytes]] = {
    **{name: _digest(name) for name in ("md5", "sha1", "sha256")},
    **{f"hmac_{name}": _keyed(name) for name in ("md5", "sha1", "sha256")},
    "sm4_ecb": _sm4_ecb,
    "base64": lambda value, _: b64encode(value),
    "hex": lambda value, _: value.hex().encode(),
    "hex_upper": lambda value, _: value.hex().upper().encode(),
    "url_encode": _url_encode,
    "upper": lambda value, _: value.upper(),
    "lower": lambda value, _: value.lower(),
}

RAW = frozenset({"md5", "sha1", "sha256", "hmac_md5", "hmac_sha1", "hmac_sha256", "sm4_ecb"})
"""Steps that give bytes, of which another step has to make text."""


def work(text: str, steps: Sequence[str], key: str = "", key_is: KeyForm = "text") -> str:
    """A text worked by steps, in order.

    Args:
        text: what is signed, as UTF-8.
        steps: of the toolbox; the last one must give text.
        key: of the keyed steps.
        key_is: how the key is written.

    Raises:
        SigningError: the key is not what the steps need, or the last step gives bytes.
    """
    value = text.encode()
    try:
        secret = _key(key, key_is)
        for step in steps:
            value = _STEPS[step](value, secret)
    except ValueError as error:
        raise SigningError(f"the key does not fit {' · '.join(steps)}") from error
    if steps and steps[-1] in RAW:
        raise SigningError(f"{steps[-1]} gives bytes: add base64 or hex after it")
    return value.decode()


def _key(key: str, key_is: KeyForm) -> bytes:
    if key_is == "base64":
        return b64decode(key, validate=True)
    return bytes.fromhex(key) if key_is == "hex" else key.encode()
