"""The bare ASGI route in front of the pages: as little as possible lies between a push and its commit."""

import hashlib
from typing import Any

from litestar.types import ASGIApp, Receive, Send

from everyleg.accounts.tokens import read_token
from everyleg.api.intake.doors import Door, answer_of
from everyleg.api.intake.receiver import Receiver
from everyleg.api.intake.signing import Pushed
from everyleg.pipeline.intake import Received

PREFIX = "/in/"
LIMIT = 1_000_000
"""The most bytes of a push."""

_PLAIN = ((b"content-type", b"text/plain; charset=utf-8"),)


class _Refused(Exception):  # noqa: N818 - an answer
    """A push is not taken: HTTP status and why."""

    def __init__(self, status: int, why: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(why)
        self.status, self.headers = status, headers


def intake_app(receiver: Receiver, otherwise: ASGIApp, limit: int = LIMIT) -> ASGIApp:
    """`POST /in/<source>/<token>` by a receiver, everything else by another application.

    Answers: what the source takes for "accepted" once the body is durable; 404 for an address that there is not, 401
    for a wrong signature, 405, 413, and 503 when the body could not be kept, so that the sender tries again.
    """

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await otherwise(scope, receive, send)
            return
        try:
            for message in (await _accept(receiver, scope, receive, limit)).answer:
                await send(message)
        except _Refused as no:
            for message in answer_of(no.status, str(no).encode(), (*_PLAIN, *no.headers)):
                await send(message)

    return app


async def _accept(receiver: Receiver, scope: Any, receive: Receive, limit: int) -> Door:
    if scope["method"] != "POST":
        raise _Refused(405, "push with POST", (b"allow", b"POST"))
    door = _door(receiver, scope["path"])
    body = await _body(scope, receive, limit)
    now = receiver.now()
    if not door.lets(Pushed(scope["headers"], scope["query_string"], body), now):
        raise _Refused(401, "the signature is missing or wrong; check the secret of this address")
    if not await receiver.committer.put(Received(door.workspace, door.observed_as, door.carrier, body, (), now)):
        raise _Refused(503, "not kept; send it again", (b"retry-after", b"10"))
    return door


def _door(receiver: Receiver, path: str) -> Door:
    source, _, said = path[len(PREFIX) :].partition("/")
    door = receiver.doors.find(source, hashlib.sha256(said.partition(".")[2].encode()).digest())
    if door is not None:
        return door
    if read_token(said) is not None:
        receiver.look_again()
        if not receiver.doors.fresh:
            raise _Refused(503, "this address is not known while the store does not answer", (b"retry-after", b"10"))
    raise _Refused(404, "there is no such address")


async def _body(scope: Any, receive: Receive, limit: int) -> bytes:
    """The whole body; nothing of one that says it is too large is read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > limit):
            raise _Refused(413, f"at most {limit} bytes")
    parts: list[bytes] = []
    left, more = limit, True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, "the body broke off")
        parts.append(message.get("body", b""))
        left -= len(parts[-1])
        if left < 0:
            raise _Refused(413, f"at most {limit} bytes")
        more = message.get("more_body", False)
    if left == limit:
        raise _Refused(400, "the body is empty")
    return parts[0] if len(parts) == 1 else b"".join(parts)
