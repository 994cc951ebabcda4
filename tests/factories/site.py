"""The pages as a server of their own, and somebody signed in."""

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import count
from pathlib import Path

import uvicorn
from argon2 import PasswordHasher

import everyleg.carriers
from everyleg.accounts import people, sessions
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson, Place
from everyleg.accounts.sessions import Client
from everyleg.app.plugins import registry
from everyleg.numbers.detector import Detector
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import drain
from everyleg.ports.number_formats import load_formats
from everyleg.web.app import make_app
from everyleg.web.services import Services

NOW = datetime(2026, 11, 14, 9, tzinfo=UTC)
PASSWORD = "long enough to keep"  # noqa: S105
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
_serial = count(1)


@contextmanager
def serving(database, carriers=None, forwarders=None):
    """The address of the pages over a database."""
    services = Services(
        database,
        carriers or registry(),
        detector=Detector(load_formats([Path(everyleg.carriers.__file__).parent])),
        forwarders=forwarders,
        now=lambda: NOW,
        passwords=QUICK,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(services), port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def somebody(database, workspace, role="owner", shop_ids=None, language=None):
    """An account; gives its address and a session's token."""
    email = f"{role}-{next(_serial)}@example.com"
    new = NewPerson(email, f"Some {role}", PASSWORD, language)
    with database.transaction(None, "worker") as worker:
        person = people.add(worker, database.keys, new, Place(workspace, role, shop_ids), QUICK.hash(PASSWORD))
        return email, sessions.start(worker, database.keys, (workspace, person), Client(), NOW).token


def journey(database, workspace):
    """A parcel of three carriers, out for delivery; gives its id."""
    folder = resources.files("everyleg.lab").joinpath("journey")
    files = (("czl", "1-czl"), ("yunexpress", "2-yunexpress"), ("usps", "3-usps-on-the-way"))
    answers = [
        Received(
            workspace, "carrier_api", slug, folder.joinpath(f"{name}.json").read_bytes(), (), NOW - timedelta(hours=i)
        )
        for i, (slug, name) in enumerate(files)
    ]
    receive(database, answers)
    drain(database, registry())
    return parcel_of(database, workspace, "YT2630700700000001")


def parcel_of(database, workspace, number):
    """The parcel of a tracking number."""
    with database.transaction(workspace) as app:
        row = app.execute(
            "SELECT l.parcel_id FROM legs l JOIN numbers n ON (n.workspace_id, n.number_id) = (l.workspace_id, l.number_id)"
            " WHERE n.tracking_number = %s",
            (number,),
        ).fetchone()
        return row[0] if row else None


def shipped(database, workspace, parcel, **values):
    """Give a parcel a shipment; `values` are its columns."""
    values = {"destination_country": "US", **values}
    with database.transaction(workspace) as app:
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        query = f"INSERT INTO shipments (workspace_id, {names}) VALUES (%s, {marks}) RETURNING shipment_id"  # noqa: S608
        (shipment,) = app.execute(query, (workspace, *values.values())).fetchone()
        app.execute("UPDATE parcels SET shipment_id = %s WHERE parcel_id = %s", (shipment, parcel))
    return shipment
