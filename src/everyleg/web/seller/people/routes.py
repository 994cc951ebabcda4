"""The people page: who there is, inviting, roles, shutting out."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from everyleg.accounts import invitations, people, submissions
from everyleg.accounts.errors import AccountsError, BadAddressError, LastOwnerError
from everyleg.accounts.invitations import Offer
from everyleg.accounts.people import Place
from everyleg.accounts.roles import ROLES, Permission, Role, may_give
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.threads import threaded


@get("/people")
@threaded
def who_is_here(page: Reader) -> Html:
    """Everybody in the workspace, and who was invited."""
    page.require(Permission.MANAGE_PEOPLE)
    return _page(page, {})


def _page(page: Page, said: dict[str, Any], status: int = 200) -> Html:
    keys = page.services.database.keys
    with page.transaction() as connection:
        everybody = people.listed(connection, keys, page.workspace)
        waiting = invitations.listed(connection, keys, page.workspace, page.now)
    context = {
        "everybody": everybody,
        "here": sum(person.disabled_at is None for person in everybody),
        "waiting": waiting,
        "roles": [role for role in ROLES if may_give(page.actor.permissions, role)],
        "typed": "",
        "wrong": None,
        "link": None,
        **said,
    }
    return page.show("seller/people/page.html", context, status)


@post("/people/invitations")
@threaded
def invite(page: Reader, form: Sent) -> Answer:
    """Make an invitation; its link is shown this once."""
    page.require(Permission.MANAGE_PEOPLE)
    email, role, token = form.get("email", "").strip(), _role(form.get("role")), form.get("once", "")
    keys = page.services.database.keys
    try:
        with page.transaction() as connection:
            if token and submissions.once(connection, page.workspace, token) is not None:
                return page.go("/people")
            offer = Offer(role, page.person.shop_ids, email or None)
            made = invitations.make(connection, keys, page.actor, offer, page.now)
    except BadAddressError:
        return _page(page, {"typed": email, "wrong": page.words("entry.bad_address")}, 422)
    base = page.services.base_url.rstrip("/") or str(page.request.base_url).rstrip("/")
    return _page(page, {"link": f"{base}/invitation/{made.token}"})


@post("/people/invitations/{invitation:int}")
@threaded
def withdraw(page: Reader, invitation: FromPath[int]) -> Answer:
    """Take an invitation back."""
    with page.transaction() as connection:
        invitations.withdraw(connection, page.services.database.keys, page.actor, invitation)
    return page.go("/people")


@post("/people/{person:int}")
@threaded
def change(page: Reader, person: FromPath[int], form: Sent) -> Answer:
    """Another role, shut out, let in again."""
    keys, deed = page.services.database.keys, form.get("deed")
    try:
        with page.transaction() as connection:
            if deed == "disable":
                people.disable(connection, keys, page.actor, person, page.now)
            elif deed == "enable":
                people.enable(connection, keys, page.actor, person)
            else:
                there = {one.person_id: one for one in people.listed(connection, keys, page.workspace)}
                shops = there[person].shop_ids if person in there else None
                place = Place(page.workspace, _role(form.get("role")), shops)
                people.change(connection, keys, page.actor, person, place)
    except LastOwnerError:
        return _page(page, {"wrong": page.words("people.last_owner")}, 422)
    except AccountsError:
        return _page(page, {"wrong": page.words("people.not_allowed")}, 422)
    return page.go("/people")


def _role(text: str | None) -> Role:
    return text if text in ROLES else "analyst"


ROUTES = [who_is_here, invite, withdraw, change]
