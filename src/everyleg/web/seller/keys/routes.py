"""The page of API keys. A key is shown the moment it is made and never again."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from everyleg.accounts import keys, submissions
from everyleg.accounts.errors import NotAllowedError, UnknownError
from everyleg.accounts.keys import SCOPES, Scope
from everyleg.accounts.roles import Permission
from everyleg.web.page import Answer, Ask, Html, Page, Reader, Sent
from everyleg.web.threads import threaded

_USUAL: tuple[Scope, ...] = ("read", "write")


@get("/keys")
@threaded
def listed(page: Reader) -> Html:
    """Every key, those that were revoked too."""
    page.require(Permission.MANAGE_KEYS)
    return _page(page, {})


def _page(page: Page, said: dict[str, Any], status: int = 200) -> Html:
    with page.transaction() as connection:
        found = keys.listed(connection, page.workspace)
    working = [one for one in found if one.revoked_at is None]
    ended = [one for one in found if one.revoked_at is not None]
    context = {"working": working, "ended": ended, "scopes": list(SCOPES), "usual": _USUAL}
    return page.show("seller/keys/page.html", context | {"key": None, "wrong": None, "typed": "", **said}, status)


@post("/keys")
async def make(request: Ask, page: Reader, form: Sent) -> Answer:
    """A new key, shown this once."""
    page.require(Permission.MANAGE_KEYS)
    sent = await request.form()
    chosen = [scope for scope in SCOPES if scope in sent.getall("scope", [])]
    return await _made(page, form.get("name", "").strip(), chosen, form.get("once", ""))


@threaded
def _made(page: Page, name: str, scopes: list[Scope], token: str) -> Answer:
    if not name or not scopes:
        return _page(page, {"wrong": page.words("keys.wanting"), "typed": name}, 422)
    try:
        with page.transaction() as connection:
            if token and submissions.once(connection, page.workspace, token) is not None:
                return page.go("/keys")
            made = keys.make(connection, page.services.database.keys, page.actor, name, scopes, page.now)
    except NotAllowedError:
        return _page(page, {"wrong": page.words("keys.too_much"), "typed": name}, 422)
    return _page(page, {"key": made.key})


@post("/keys/{key:int}")
@threaded
def revoke(page: Reader, key: FromPath[int]) -> Answer:
    """End a key."""
    page.require(Permission.MANAGE_KEYS)
    try:
        with page.transaction() as connection:
            keys.revoke(connection, page.services.database.keys, page.actor, key, page.now)
    except UnknownError:
        return _page(page, {"wrong": page.words("keys.gone")}, 404)
    return page.go("/keys")


ROUTES: list[Any] = [listed, make, revoke]
