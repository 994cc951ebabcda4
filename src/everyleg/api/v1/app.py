"""The API as an application: its routes, and who may come in."""

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.types import ASGIApp

from everyleg.api.v1 import docs
from everyleg.api.v1.access import caller, need_key
from everyleg.api.v1.problems import HANDLERS
from everyleg.api.v1.services import Services


def make_api(services: Services) -> ASGIApp:
    """The API, everything below `/v1`, as an ASGI application."""
    app = Litestar(
        [Router(docs.PREFIX, route_handlers=docs.OPERATIONS, guards=[need_key]), *docs.ROUTES],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "caller": Provide(caller, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    app.state.services = services
    return app
