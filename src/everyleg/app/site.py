"""What is served under one address: the pages, the API below `/v1`, and what others push to us below `/in/`."""

from litestar.types import ASGIApp, Receive, Scope, Send

from everyleg.api.intake import Receiver, intake_app
from everyleg.api.v1.app import make_api
from everyleg.api.v1.services import Services as ApiServices
from everyleg.app.operating import live
from everyleg.app.plugins import plugin_folder, roots
from everyleg.app.rounds import clock
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.ports.registry import Registry
from everyleg.store.db import Database
from everyleg.web.app import make_app
from everyleg.web.services import Services

API = "/v1"


def pages_and_api(database: Database, carriers: Registry) -> ASGIApp:
    """The pages of everybody, and the API."""
    detector = Detector(load_formats(roots()))
    pages = make_app(Services(database, carriers, detector, plugin_folder(), now=clock))
    api = make_api(ApiServices(database, carriers, detector, now=clock))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = api if scope["type"] == "http" and _is_api(scope["path"]) else pages  # type: ignore[comparison-overlap]
        await chosen(scope, receive, send)

    return app


def _is_api(path: str) -> bool:
    return path == API or path.startswith(f"{API}/")


def with_intake(receiver: Receiver, otherwise: ASGIApp | None = None) -> ASGIApp:
    """Intake by a receiver before another application, or alone."""
    return intake_app(receiver, otherwise or _nothing_else)


async def _nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind intake where it is served alone."""
    kind: str = scope["type"]
    if kind == "http":
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"only /in/ is served here", "more_body": False})
    elif kind == "lifespan":
        await live(receive, send)
