"""A receiver behind real HTTP, and who pushes to it."""

import datetime as dt
import hashlib
import hmac
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import uvicorn

from everyleg.accounts import webhooks
from everyleg.accounts.actors import command_line
from everyleg.accounts.webhooks import Wanted
from everyleg.api.intake import Receiver, intake_app
from everyleg.store.sealing import about_column

SECRET = "both sides know it"  # noqa: S105


async def nothing(scope, receive, send):
    """What stands behind the route."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"behind"})


@contextmanager
def served(receiver):
    """The base address of a receiver."""
    here = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(intake_app(receiver, nothing, limit=50_000), log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([here],), daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{here.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        here.close()


@contextmanager
def receiving(database, folder, **given):
    """A receiver and its base address."""
    with Receiver(database, folder / "spool", lambda _: None, **given) as receiver, served(receiver) as address:
        yield receiver, address


def address_for(database, workspace, wanted=None):
    """The path of a new webhook; one that signs with `SECRET` unless told otherwise."""
    wanted = wanted or Wanted("acme", "acme", "hmac-sha256", SECRET)
    with database.transaction(workspace) as app:
        return webhooks.make(app, database.keys, command_line(workspace), wanted, dt.datetime.now(dt.UTC))


def signed(body, secret=SECRET):
    return {"x-signature": hmac.digest(secret.encode(), body, hashlib.sha256).hex()}


def push(address, path, body, headers=None):
    return httpx.post(address + path, content=body, headers=signed(body) if headers is None else headers, timeout=30)


def until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.02)


def kept(database, workspace):
    """The bodies of a workspace in the journal, opened."""
    from everyleg.pipeline.intake import INBOX_BODY, unbundle

    with database.transaction(None, "worker") as worker:
        rows = worker.execute("SELECT bodies, body FROM inbox WHERE workspace_id = %s", (workspace,)).fetchall()
    opened = [(bodies, database.keys.open(body, about_column(workspace, INBOX_BODY))) for bodies, body in rows]
    return [one for bodies, body in opened for one in ([body] if bodies == 1 else [p.body for p in unbundle(body)])]
