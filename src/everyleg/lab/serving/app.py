"""The server of a world, as bare ASGI: `/SLUG/…` is a carrier's own path; `/` says who is there and what time it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from everyleg.lab.rendering.scans import Reply, Shape, as_json
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.showing import Shelf
from everyleg.lab.serving.clock import RunningClock
from everyleg.lab.serving.endpoints import Endpoint, Question
from everyleg.lab.serving.faults import Faults, reply
from everyleg.lab.world.dice import Dice
from everyleg.ports.manifest.schema import Request

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONGEST_BODY = 64 * 1024


class LabApp:
    """Answers as the carriers of a season would, at the virtual time."""

    def __init__(self, shelf: Shelf, clock: RunningClock, faults: Faults, requests: Mapping[str, Request]) -> None:
        """`requests`: how each carrier is asked, by slug, as the manifests say; the carriers served are those that are
        in it, say where the number stands, and have a shape."""
        self._shelf, self._clock, self._faults = shelf, clock, faults
        endpoints = {slug: Endpoint(request) for slug, request in requests.items() if slug in SHAPES}
        self.endpoints = {slug: endpoint for slug, endpoint in endpoints.items() if endpoint.askable}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection of the server."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, await _body(receive))
            await _send(send, answer)

    async def _answer(self, scope: Mapping[str, Any], body: bytes) -> Reply:
        slug, _, path = unquote(scope["path"]).lstrip("/").partition("/")
        if not slug:
            return self._index()
        endpoint, shape = self.endpoints.get(slug), SHAPES.get(slug)
        if endpoint is None or shape is None:
            return _unknown(f"no carrier {slug!r} is served here; / lists those that are")
        question = Question(
            scope["method"],
            f"/{path}",
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body.decode("utf-8", "replace"),
        )
        if (token := endpoint.token(question)) is not None:
            return Reply(as_json(token))
        numbers = endpoint.numbers(question)
        if numbers is None:
            return _unknown(f"{slug} is asked by {endpoint.method} /{slug}{endpoint.path}; / shows how")
        if self._faults.profile.account and not endpoint.let_in(question):
            return shape.refused
        return await self._reply(shape, numbers)

    async def _reply(self, shape: Shape, numbers: list[str]) -> Reply:
        now = self._clock.now()
        fate = self._faults.fate(shape.slug, numbers, now)
        if fate.delay_s:
            await asyncio.sleep(fate.delay_s)
        shown = [self._shelf.shown(shape.slug, number, now) for number in numbers]
        return reply(shape, shown, fate, Dice("answer", shape.slug, *numbers))

    def _index(self) -> Reply:
        carriers = {
            slug: {"method": one.method, "path": f"/{slug}{one.path}", "query": one.query}
            for slug, one in self.endpoints.items()
        }
        return Reply(as_json({"now": self._clock.now(), "speed": self._clock.speed, "carriers": carriers}))


def _unknown(words: str) -> Reply:
    return Reply(as_json({"error": words}), 404)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more and len(body) < LONGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(send: Send, answer: Reply) -> None:
    headers = {"content-type": answer.media, "content-length": str(len(answer.body)), **answer.headers}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})
