"""Who looks at a page, how they like to read it, and what it is made of."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import negotiate_locale
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.template.base import csrf_token
from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.accounts.people import Person
from everyleg.accounts.roles import Permission
from everyleg.ports.pages import tracking_page
from everyleg.web.rendering import render
from everyleg.web.services import Services
from everyleg.web.words import LANGS, Lang
from everyleg.web.words.printed import Printed

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
Html = Response[bytes]
Answer = Response[Any]
"""A page, or where to go."""
Ask = Request[Any, Any, Any]

SESSION = "everyleg_session"
"""Name of the cookie that holds a session's token."""


class Forbidden(Exception):  # noqa: N818 - it names what is the matter
    """Whoever asks is known and may not."""


class Page:
    """One request's page: the reader, their words, and how to answer them."""

    def __init__(self, services: Services, request: Ask, person: Person | None) -> None:
        """`person` is who has signed in."""
        self.services, self.request, self._person = services, request, person
        self.now = services.now()
        self.lang = language(request, person.language if person else None)
        self.theme = _one_of(THEMES, request.cookies.get("theme"), "auto")
        self.density = _one_of(("comfortable", "compact"), request.cookies.get("density"), "comfortable")
        self.words = Printed(
            self.lang, zone_of(request.cookies.get("zone") or (person.time_zone if person else None)), self.now
        )

    @property
    def person(self) -> Person:
        """Who has signed in; pages for sellers have somebody."""
        if self._person is None:
            raise Forbidden
        return self._person

    @property
    def known(self) -> Person | None:
        """Who has signed in, if anybody."""
        return self._person

    @property
    def workspace(self) -> int:
        """Whose rows are shown."""
        return self.person.workspace

    @property
    def actor(self) -> Actor:
        """The reader as who acts."""
        client = self.request.client
        return self.person.actor(client.host if client else None)

    def may(self, permission: str) -> bool:
        """Whether the reader may."""
        return self._person is not None and self._person.may(Permission(permission))

    def require(self, permission: Permission) -> None:
        """See that the reader may.

        Raises:
            Forbidden: they may not.
        """
        if not self.person.may(permission):
            raise Forbidden

    @contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        """A transaction of the app, within the reader's workspace."""
        with self.services.database.transaction(self.workspace) as connection:
            yield connection

    def carrier(self, slug: str) -> str:
        """A carrier's name as the reader knows it."""
        folders = self.services.carriers.folders
        if slug not in folders:
            return slug
        names = self.services.carriers.manifest(slug).names
        return names.zh if self.lang == "zh" else names.en

    def carriers_page(self, slug: str, number: str) -> str | None:
        """Address of the page on which the carrier shows the number."""
        carriers = self.services.carriers
        return tracking_page(carriers.manifest(slug), number) if slug in carriers.folders else None

    def show(self, template: str, context: Mapping[str, Any], status: int = 200) -> Html:
        """A template's page."""
        shown = {"page": self, "t": self.words, **self._frame(), **context}
        headers = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request"}
        return Response(render(template, shown), status_code=status, media_type="text/html", headers=headers)

    def _frame(self) -> dict[str, Any]:
        return {
            "csrf": csrf_token({"request": self.request}),
            "once": secrets.token_urlsafe(16),
            "path": self.request.url.path,
            "partial": "hx-request" in self.request.headers,
        }

    def go(self, path: str) -> Redirect:
        """Lead on, after a form was sent."""
        return Redirect(path, status_code=303)


def language(request: Ask, chosen: str | None = None) -> Lang:
    """The reader's language: asked for in the address, chosen, or what their browser prefers."""
    for wanted in (request.query_params.get("lang"), request.cookies.get("lang"), chosen):
        if wanted in LANGS:
            return wanted
    accepted = [
        part.split(";")[0].strip().replace("-", "_") for part in request.headers.get("accept-language", "").split(",")
    ]
    found = negotiate_locale([a for a in accepted if a], ["en", "zh"])
    return found if found in LANGS else "en"


def here(request: Ask, fallback: str = "/") -> str:
    """The path that the reader came from, if it is one of ours."""
    came = urlsplit(request.headers.get("referer", ""))
    ours = came.netloc == request.headers.get("host")
    return (came.path + (f"?{came.query}" if came.query else "")) if ours and came.path.startswith("/") else fallback


def safe_path(path: str | None, fallback: str = "/") -> str:
    """A path to lead on to that somebody sent: within these pages or nowhere."""
    return path if path and path.startswith("/") and not path.startswith(("//", "/\\")) else fallback


def zone_of(name: str | None) -> ZoneInfo:
    """The time zone of a name; UTC when it is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _one_of(allowed: tuple[Any, ...], wanted: str | None, fallback: Any) -> Any:
    return wanted if wanted in allowed else fallback


Reader = NamedDependency[Page]
"""What a handler asks for: `page` is somebody's who has signed in, `visit` anybody's."""
Sent = NamedDependency[Any]
"""What a form brought (`form`)."""
