"""A port of one's own and the HTTP server on it; ends by itself on SIGINT and SIGTERM, after what is being answered."""

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

GRACE_S = 30
"""How long what is being answered may take when the server is to end."""


class ListenError(Exception):
    """The address cannot be listened on; the text says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one.

    Raises:
        ListenError: when somebody else listens there, or it may or can not be listened on.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        here = socket.socket(family, kind)
    except (OSError, OverflowError) as error:
        raise ListenError(f"{host}:{port} is no address of this machine ({error}); give another --host") from error
    try:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        here.bind(address)
        here.listen(512)
    except OSError as error:
        here.close()
        raise ListenError(_why(host, port, error)) from error
    return here


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop what listens there, or give another one with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs the rights of root; give one above 1023 with --port"
    return f"{host}:{port} cannot be listened on ({error.strerror}); give another --host or --port"


def address_of(here: socket.socket) -> str:
    """The address of a socket for a browser."""
    host, port = here.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - read
    return f"http://{shown}:{port}"


def serve(app: Callable[..., Any], here: socket.socket, started: Callable[[], None]) -> None:
    """Serve an ASGI app on a socket until a signal ends it; `started` is called when it answers.

    Inside `until_signalled`, which catches the signal that the server raises again when it is done.
    """
    _Server(app, started).run([here])


@contextmanager
def serving(app: Callable[..., Any], here: socket.socket) -> Iterator[None]:
    """Serve an ASGI app on a socket beside the block, in a thread; signals are the block's own business."""
    server = _Server(app, lambda: None)
    thread = threading.Thread(target=server.run, args=([here],), name="serves", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=GRACE_S)


@contextmanager
def until_signalled() -> Iterator[None]:
    """A block that SIGINT and SIGTERM end as an exception would, so that all in it is closed; nothing is raised to the
    outside. For the main thread.
    """
    before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except _Ended:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Ended(BaseException):
    """A signal asked for the end."""


def _end(number: int, frame: FrameType | None) -> None:
    raise _Ended


class _Server(uvicorn.Server):
    """A server that tells when it has started."""

    def __init__(self, app: Callable[..., Any], started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S, server_header=False
        )
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if not self.should_exit:
            self._told()
