"""The buyer's page."""

from typing import Any

from litestar import Response, Router, get
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath

from everyleg.pipeline.ages import looked_at
from everyleg.store.sealing import about_column
from everyleg.web.buyer import links, queries, telling
from everyleg.web.buyer.queries import Shared
from everyleg.web.components.glance import NOTHING, Glance
from everyleg.web.components.ribbon import ribbon
from everyleg.web.page import Ask, Html, language, zone_of
from everyleg.web.rendering import render
from everyleg.web.services import Given, Services
from everyleg.web.threads import threaded
from everyleg.web.words import Words
from everyleg.web.words.printed import Printed

A_MINUTE = 120
"""Pages that one address may load in a minute; a link cannot be guessed at that pace, nor at any."""


@get("/{link:str}")
@threaded
def tracked(link: FromPath[str], request: Ask, services: Given) -> Html:
    """The parcel of a link, in the buyer's words."""
    read = links.read(link)
    if read is None:
        return _nobodys(request, services)
    workspace, secret = read
    with services.database.transaction(workspace) as connection:
        found = queries.shared(connection, workspace, secret)
        if found is None:
            return _nobodys(request, services)
        numbers = queries.numbers(connection, workspace, found.parcel_id)
        checked = queries.checked_at(connection, workspace, found.parcel_id)
        looked_at(connection, workspace, found.parcel_id, services.now())
    t = Printed(language(request, found.language), zone_of(request.cookies.get("zone")), services.now())
    shown = _shown(t, _glance(services, workspace, found), found)
    named = [(_carrier(services, t, slug), number) for slug, number in numbers]
    return _answer("buyer/page.html", {"t": t, "shared": found, "numbers": named, "checked": checked, **shown}, 200)


def _glance(services: Services, workspace: int, found: Shared) -> Glance:
    if found.timeline is None:
        return NOTHING
    return services.database.keys.open_json(found.timeline, about_column(workspace, "states.timeline"), Glance)


def _shown(t: Words, glance: Glance, found: Shared) -> dict[str, Any]:
    band = ribbon(glance, t.now)
    names, notes = telling.steps(t, band, glance)
    return {
        "sentence": telling.sentence(t, glance),
        "act": telling.must_act(glance),
        "expected": telling.expected(t, glance, found.promised_by),
        "late": telling.is_late(t, glance, found.promised_by),
        "band": band,
        "names": names,
        "notes": notes,
        "events": telling.events(t, glance),
    }


def _carrier(services: Services, t: Words, slug: str) -> str:
    if slug not in services.carriers.folders:
        return slug
    names = services.carriers.manifest(slug).names
    return names.zh if t.lang == "zh" else names.en


def _nobodys(request: Ask, services: Services) -> Html:
    t = Printed(language(request), zone_of(None), services.now())
    return _answer("buyer/nobodys.html", {"t": t}, 404)


def _answer(template: str, context: dict[str, Any], status: int) -> Html:
    headers = {"Cache-Control": "private, max-age=60", "X-Robots-Tag": "noindex", "Vary": "Accept-Language, Cookie"}
    return Response(render(template, context), status_code=status, media_type="text/html", headers=headers)


ROUTES = [
    Router("/t", route_handlers=[tracked], middleware=[RateLimitConfig(rate_limit=("minute", A_MINUTE)).middleware])
]
