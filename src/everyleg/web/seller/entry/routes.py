"""Signing in and out, the first owner, accepting an invitation, and the reader's preferences."""

from collections.abc import Mapping

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from everyleg.accounts import invitations, passwords, people, sessions, workspaces
from everyleg.accounts.errors import (
    AccountsError,
    BadAddressError,
    BadPasswordError,
    GoneError,
    NotAllowedError,
    TakenError,
    TooManyTriesError,
)
from everyleg.accounts.people import NewPerson
from everyleg.accounts.sessions import Client
from everyleg.web.page import SESSION, THEMES, Answer, Ask, Html, Page, Reader, Sent, here, safe_path
from everyleg.web.threads import threaded
from everyleg.web.words import LANGS

_YEAR = 365 * 86_400
_CHOICES: Mapping[str, tuple[str, ...]] = {"lang": LANGS, "theme": THEMES, "density": ("comfortable", "compact")}
_WRONG: tuple[tuple[type[AccountsError], str, str], ...] = (
    (BadAddressError, "email", "entry.bad_address"),
    (NotAllowedError, "email", "entry.other_address"),
    (TakenError, "email", "entry.taken"),
    (BadPasswordError, "password", "entry.bad_password"),
    (GoneError, "form", "entry.gone"),
)
"""What was refused → the field beside which it is said, and its words."""


@get("/sign-in")
@threaded
def door(visit: Reader) -> Answer:
    """The form; before anybody is there, the first owner's."""
    if visit.known:
        return visit.go("/parcels")
    if workspaces.first_run(visit.services.database):
        return visit.go("/welcome")
    return _door(visit, {"next": visit.request.query_params.get("next", "")})


@post("/sign-in")
@threaded
def sign_in(visit: Reader, form: Sent) -> Answer:
    """Sign in; whatever is wrong is said in one way, so that nobody learns which addresses are known."""
    typed = {"email": form.get("email", ""), "next": form.get("next", "")}
    services = visit.services
    try:
        signed_in = sessions.sign_in(
            services.database, services.passwords, typed["email"], form.get("password", ""), visit.now, _client(visit)
        )
    except TooManyTriesError as error:
        return _door(visit, typed, visit.words("entry.too_many", n=error.seconds), 429)
    if signed_in is None:
        return _door(visit, typed, visit.words("entry.no_fit"), 422)
    return _enter(visit, signed_in.token, safe_path(typed["next"], "/parcels"))


def _door(visit: Page, typed: Mapping[str, str], wrong: str | None = None, status: int = 200) -> Html:
    return visit.show("seller/entry/door.html", {"typed": typed, "wrong": wrong}, status)


@get("/welcome")
@threaded
def first_run(visit: Reader) -> Answer:
    """The first owner's form, while there is none."""
    if not workspaces.first_run(visit.services.database):
        return visit.go("/sign-in")
    return _newcomer(visit, "welcome", {}, {})


@post("/welcome")
@threaded
def make_first(visit: Reader, form: Sent) -> Answer:
    """Make the first owner and sign them in."""
    services = visit.services
    try:
        workspace = workspaces.default(services.database)
        person_id = people.make_owner(
            services.database, services.passwords, workspace, _new(visit, form), only_first=True
        )
    except AccountsError as error:
        return _newcomer(visit, "welcome", form, _wrong(visit, error))
    with services.database.transaction(None, "worker") as worker:
        account = (workspace, person_id)
        signed_in = sessions.start(worker, services.database.keys, account, _client(visit), visit.now)
    return _enter(visit, signed_in.token, "/parcels")


@get("/invitation/{token:str}")
@threaded
def invited(visit: Reader, token: FromPath[str]) -> Html:
    """What an invitation offers."""
    found = invitations.look(visit.services.database, token, visit.now)
    if found is None:
        return visit.show("seller/entry/gone.html", {}, 404)
    return _newcomer(visit, "invitation", {"email": found.offer.email or ""}, {}, found.offer)


@post("/invitation/{token:str}")
@threaded
def accept(visit: Reader, token: FromPath[str], form: Sent) -> Answer:
    """Make the account that an invitation offers."""
    services = visit.services
    try:
        signed_in = invitations.accept(
            services.database, services.passwords, token, _new(visit, form), visit.now, _client(visit)
        )
    except GoneError:
        return visit.show("seller/entry/gone.html", {}, 404)
    except AccountsError as error:
        found = invitations.look(services.database, token, visit.now)
        return _newcomer(visit, "invitation", form, _wrong(visit, error), found.offer if found else None)
    return _enter(visit, signed_in.token, "/parcels")


@post("/sign-out")
@threaded
def sign_out(visit: Reader) -> Redirect:
    """End this session."""
    token = visit.request.cookies.get(SESSION)
    if token:
        sessions.sign_out(visit.services.database, token)
    return _keep(visit.go("/sign-in"), SESSION, "", 0)


@post("/preferences")
@threaded
def prefer(visit: Reader, form: Sent) -> Redirect:
    """Language, theme, density: kept in the reader's browser."""
    answer = visit.go(here(visit.request, "/parcels"))
    for name, allowed in _CHOICES.items():
        if form.get(name) in allowed:
            _keep(answer, name, form[name], _YEAR)
    return answer


def _newcomer(
    visit: Page, kind: str, typed: Mapping[str, str], wrong: Mapping[str, str], offer: invitations.Offer | None = None
) -> Html:
    shown = {name: typed.get(name, "") for name in ("email", "name")}
    context = {"kind": kind, "typed": shown, "wrong": wrong, "offer": offer, "least": passwords.SHORTEST}
    return visit.show("seller/entry/newcomer.html", context, 422 if wrong else 200)


def _new(visit: Page, form: Mapping[str, str]) -> NewPerson:
    zone = visit.request.cookies.get("zone")
    return NewPerson(form.get("email", ""), form.get("name", ""), form.get("password", ""), visit.lang, zone)


def _wrong(visit: Page, error: AccountsError) -> dict[str, str]:
    if isinstance(error, TooManyTriesError):
        return {"form": visit.words("entry.too_many", n=error.seconds)}
    for kind, field, words in _WRONG:
        if isinstance(error, kind):
            return {field: visit.words(words, n=passwords.SHORTEST)}
    return {"form": visit.words("errors.500_text")}


def _client(visit: Page) -> Client:
    request: Ask = visit.request
    return Client(request.client.host if request.client else None, request.headers.get("user-agent"))


def _enter(visit: Page, token: str, path: str) -> Redirect:
    return _keep(visit.go(path), SESSION, token, int(sessions.ABSOLUTE.total_seconds()))


def _keep(answer: Redirect, name: str, value: str, seconds: int) -> Redirect:
    answer.cookies.append(Cookie(name, value=value, max_age=seconds, path="/", httponly=True, samesite="lax"))
    return answer


ROUTES = [door, sign_in, first_run, make_first, invited, accept, sign_out, prefer]
