"""Forwarders that rent a known system: which there are here, and one more."""

from typing import Any

from litestar import get, post
from msgspec import Struct

from everyleg.accounts import audit
from everyleg.accounts.roles import Permission
from everyleg.ports.kit.checks import check_folder, check_samples
from everyleg.ports.kit.forwarder import Fault, Forwarder, ForwarderError, families, make_forwarder
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.threads import threaded

BESIDE: dict[Fault, str] = {
    "slug": "slug",
    "taken": "slug",
    "family": "family",
    "address": "base_url",
    "name": "zh",
    "name_taken": "zh",
}
"""The field beside which a fault is said; one of the folder itself stands above all."""


class Made(Struct, frozen=True):
    """A forwarder of this installation."""

    slug: str
    family: str
    base_url: str
    wants_account: bool
    """Whether it answers only to those who have an account with it."""


@get("/forwarders")
@threaded
def forwarders(page: Reader) -> Html:
    """Those that people made here, and the form."""
    page.require(Permission.SETTINGS)
    made = page.request.query_params.get("made", "")
    checked = _held_to(page, made) if made in {one.slug for one in _listed(page)} else None
    return _page(page, {"made": made, "checked": checked})


@post("/forwarders")
@threaded
def make(page: Reader, form: Sent) -> Answer:
    """Make one: a folder in the installation's plug-in directory."""
    page.require(Permission.SETTINGS)
    services = page.services
    typed = {name: form.get(name, "").strip() for name in ("family", "base_url", "zh", "en", "slug")}
    if services.forwarders is None:
        return page.go("/forwarders")
    try:
        make_forwarder(services.carriers, services.forwarders, Forwarder(**typed))
    except ForwarderError as error:
        beside = BESIDE.get(error.fault)
        said = {"typed": typed, "wrong": {beside or "all": page.words(f"forwarders.{error.fault}")}}
        return _page(page, said, 422)
    with page.transaction() as connection:
        detail = {"carrier": typed["slug"], "family": typed["family"]}
        audit.note(connection, services.database.keys, page.actor, "forwarder.made", None, detail)
    return page.go(f"/forwarders?made={typed['slug']}")


def _page(page: Page, said: dict[str, Any], status: int = 200) -> Html:
    context = {
        "possible": page.services.forwarders is not None,
        "listed": _listed(page),
        "systems": [(one.slug, one.names.zh if page.lang == "zh" else one.names.en) for one in _systems(page)],
        "typed": {},
        "wrong": {},
        "made": "",
        "checked": None,
        **said,
    }
    return page.show("seller/forwarders/page.html", context, status)


def _systems(page: Page) -> list[Any]:
    return families(page.services.carriers)


def _listed(page: Page) -> list[Made]:
    carriers, here = page.services.carriers, page.services.forwarders
    slugs = [slug for slug, folder in carriers.folders.items() if here is not None and folder.parent == here]
    return [
        Made(one.slug, one.extends, one.settings.get("base_url", ""), one.needs.auth != "none")
        for one in map(carriers.manifest, slugs)
        if one.extends is not None
    ]


def _held_to(page: Page, slug: str) -> tuple[int, int]:
    """How many samples of its system a forwarder was held to, and how much was found wrong."""
    carrier = page.services.carriers.carrier(slug)
    return len(carrier.samples), len(check_folder(carrier)) + len(check_samples(carrier))


ROUTES = [forwarders, make]
