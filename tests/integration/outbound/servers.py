"""Somebody else's server, over real HTTP on loopback: what it answers is a function of the request."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager

import uvicorn
from msgspec import Struct

from everyleg.app.listening import address_of, listen


class Seen(Struct, frozen=True):
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Says(Struct, frozen=True):
    """An answer; `parts` instead of `body` where it comes bit by bit."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    parts: Callable[[], AsyncIterator[bytes]] | None = None


class Server:
    """What was asked, and where."""

    def __init__(self, url):
        self.url, self.seen = url, []
        self.port = int(url.rpartition(":")[2])


@contextmanager
def serving(
    answer: Callable[[Seen], Says | Awaitable[Says]], host: str = "127.0.0.1", port: int = 0, cert: tuple[str, str] = ()
):
    """A running server; `answer` may be slow by being a coroutine function. `cert`: files of a key and a certificate."""
    here = listen(host, port)
    server = Server(address_of(here))

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        seen = Seen(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        server.seen.append(seen)
        says = answer(seen)
        says = await says if isinstance(says, Awaitable) else says
        told = [(name.lower().encode(), value.encode()) for name, value in says.headers.items()]
        await send({"type": "http.response.start", "status": says.status, "headers": told})
        if says.parts is not None:
            async for part in says.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": says.body})

    secure = dict(zip(("ssl_keyfile", "ssl_certfile"), cert, strict=False))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0, **secure)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([here],), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        running.should_exit = True
        thread.join(10)


async def drip(every=0.02):
    while True:
        yield b"x"
        await asyncio.sleep(every)
