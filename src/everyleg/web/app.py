"""The application: every room's routes, and what holds for all of them."""

from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ASGIApp

from everyleg.accounts import sessions
from everyleg.web import buyer, dev, seller
from everyleg.web.errors import HANDLERS, SignInNeeded
from everyleg.web.page import SESSION, Ask, Page, Reader
from everyleg.web.security import Guarded, csrf
from everyleg.web.services import Services
from everyleg.web.static_files import asset

FORM_BYTES = 1_000_000
"""The most that a form may bring; the page that takes sheets says its own."""


def make_app(services: Services) -> ASGIApp:
    """The pages of sellers and buyers as an ASGI application."""

    def visit(request: Ask) -> Page:
        token = request.cookies.get(SESSION)
        person = sessions.who(services.database, token, services.now()) if token else None
        return Page(services, request, person)

    def page(visit: Reader) -> Page:
        if visit.known is None:
            raise SignInNeeded
        return visit

    app = Litestar(
        [asset, *seller.ROUTES, *buyer.ROUTES, *dev.ROUTES],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "visit": Provide(visit, sync_to_thread=True),
            "page": Provide(page, sync_to_thread=False),
            "form": Provide(form),
        },
        csrf_config=csrf(services.database.keys),
        exception_handlers=HANDLERS,
        request_max_body_size=FORM_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    return Guarded(app)


async def form(request: Ask) -> Any:
    """What a form brought."""
    return await request.form()
