"""Whether a push is from who it says: the signature of each source, from what its manifest says of it."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from everyleg.ports.push import Signature, form_field

PATIENCE = timedelta(minutes=5)
"""How far the time at which a push says it was sent may be from ours."""


class Pushed(Struct):
    """A push as it came."""

    headers: Sequence[tuple[bytes, bytes]]
    """Names in lower case, as ASGI gives them."""
    query: bytes
    body: bytes


Verify = Callable[[Pushed, datetime], bool]
"""(push, now) → whether it is signed as it has to be."""

_Piece = Callable[[Pushed], bytes | None]


def verifier(signature: Signature, secret: str) -> Verify:
    """Compile the check of one source's signatures with one secret. The comparison takes as long whatever is given.

    Raises:
        ValueError: the secret is not what the scheme needs.
    """
    given = _place(signature.given)
    key = _key(signature, secret)
    expected = _expected(signature, key)
    sent_at = _place(signature.sent_at) if signature.sent_at else None

    def verify(pushed: Pushed, now: datetime) -> bool:
        said, wanted = given(pushed), expected(pushed)
        if said is None or wanted is None or (sent_at is not None and not _fresh(sent_at(pushed), now)):
            return False
        return any(hmac.compare_digest(one, wanted) for one in _given(signature, said))

    return verify


def _key(signature: Signature, secret: str) -> bytes:
    if not signature.secret_prefix:
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(signature.secret_prefix), validate=True)
    except binascii.Error as error:
        raise ValueError(f"the secret has to be Base64 behind {signature.secret_prefix!r}") from error


def _expected(signature: Signature, key: bytes) -> _Piece:
    """What the signature has to be, in the case that is compared."""
    if signature.algorithm == "none":
        return lambda _: key
    algorithm = signature.algorithm
    if signature.over == ["body"]:

        def signed(pushed: Pushed) -> bytes | None:
            return pushed.body
    else:
        pieces = [_piece(one, key) for one in signature.over]

        def signed(pushed: Pushed) -> bytes | None:
            said = [piece(pushed) for piece in pieces]
            return None if None in said else b"".join(part for part in said if part is not None)

    def expected(pushed: Pushed) -> bytes | None:
        message = signed(pushed)
        if message is None:
            return None
        made = hmac.digest(key, message, algorithm) if signature.keyed else hashlib.new(algorithm, message).digest()
        return made.hex().encode() if signature.encoding == "hex" else base64.b64encode(made)

    return expected


def _given(signature: Signature, said: bytes) -> list[bytes]:
    prefix = signature.prefix.encode()
    if signature.algorithm == "none":
        return [said.removeprefix(prefix)] if said.startswith(prefix) else []
    found = [one.removeprefix(prefix) for one in said.split() if one.startswith(prefix)]
    return [one.lower() for one in found] if signature.encoding == "hex" else found


def _fresh(said: bytes | None, now: datetime) -> bool:
    try:
        return abs(now.timestamp() - float(said or b"")) <= PATIENCE.total_seconds()
    except ValueError:
        return False


def _piece(name: str, key: bytes) -> _Piece:
    if name == "body":
        return lambda pushed: pushed.body
    if name == "secret":
        return lambda _: key
    return _place(name) if name.partition(":")[0] in _PLACES else lambda _: name.encode()


def _place(name: str) -> _Piece:
    """What stands in a header or a field.

    Raises:
        ValueError: it is no place.
    """
    kind, _, field = name.partition(":")
    if kind not in _PLACES or not field:
        raise ValueError(f"{name!r} is no place: header:NAME, form:FIELD or query:FIELD")
    return _PLACES[kind](field)


def _header(name: str) -> _Piece:
    wanted = name.lower().encode()
    return lambda pushed: next((value for key, value in pushed.headers if key == wanted), None)


def _form(name: str) -> _Piece:
    return lambda pushed: form_field(pushed.body, name)


def _query(name: str) -> _Piece:
    return lambda pushed: form_field(pushed.query, name)


_PLACES: Mapping[str, Callable[[str], _Piece]] = {"header": _header, "form": _form, "query": _query}
