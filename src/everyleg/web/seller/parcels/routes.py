"""The list of parcels."""

import time
from typing import Any

from litestar import get
from litestar.response import Redirect
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.roles import Permission
from everyleg.core.fold.rules import EXPIRED_AFTER_S
from everyleg.core.vocabulary import MILESTONES, STAGES
from everyleg.pipeline.ages import Checked, checked
from everyleg.web.components.ribbon import Ribbon, ribbon
from everyleg.web.page import Html, Page, Reader
from everyleg.web.seller.parcels import exporting, queries
from everyleg.web.seller.parcels.filters import ATTENTION, GROUPS, Cursor, Filters, moment_text, read_filters
from everyleg.web.seller.parcels.queries import CAP, PAGE, Row
from everyleg.web.threads import threaded
from everyleg.web.words import Words

QUIET_DAYS = (3, 7, 14, 30)
THREAD = 168
"""Width of a thread, in pixels."""
_ENDED = ("delivered", "returned")


class Shown(Struct, frozen=True):
    """A row and its thread."""

    row: Row
    thread: Ribbon
    late: bool
    checked: Checked | None
    """None: it was never asked about."""


class Listing(Struct, frozen=True):
    """What the list shows."""

    filters: Filters
    rows: list[Shown]
    count: int | None
    """How many there are (up to one above the cap); None: more than a page, not counted yet."""
    tabs: dict[str, int] | None
    """Counts of the tabs; None when filters make them dear."""
    next: str | None


@get("/", sync_to_thread=False)
def home(page: Reader) -> Redirect:
    """The console begins with the list."""
    return page.go("/parcels")


@get("/parcels")
@threaded
def listing(page: Reader) -> Html:
    """The list; as a part of itself for htmx."""
    page.require(Permission.VIEW_PARCELS)
    filters = read_filters(dict(page.request.query_params))
    with page.transaction() as connection:
        shown = _listing(connection, page, filters)
        missing = queries.missing(connection, page.workspace, filters)
        chosen = queries.choices(connection, page.workspace, page.person.shop_ids)
    context = {
        "list": shown,
        "missing": missing,
        "choices": chosen,
        "groups": GROUPS,
        "cap": CAP,
        "attention": ATTENTION,
    }
    return page.show("seller/parcels/list.html", context | _options(page.words))


@get("/parcels/count")
@threaded
def counted(page: Reader) -> Html:
    """How many parcels the filters leave: asked for after the page where counting is dear."""
    page.require(Permission.VIEW_PARCELS)
    filters = read_filters(dict(page.request.query_params))
    with page.transaction() as connection:
        count = queries.count(connection, _asked(connection, page, filters))
    return page.show("seller/parcels/count.html", {"count": count, "cap": CAP, "filters": filters, "least": PAGE})


def _options(t: Words) -> dict[str, Any]:
    """What the filters offer that does not hang on the workspace."""
    return {
        "stages": [(stage, t.stage(stage)) for stage in STAGES],
        "countries": t.countries(),
        "quiets": [(days, t("parcels.quiet_days", n=days)) for days in QUIET_DAYS],
    }


def _asked(connection: Connection[Any], page: Page, filters: Filters) -> dict[str, Any]:
    found = queries.search(connection, page.workspace, filters)
    return queries.conditions(page.workspace, filters, page.now, page.person.shop_ids, found)


def _listing(connection: Connection[Any], page: Page, filters: Filters) -> Listing:
    asked = _asked(connection, page, filters)
    found = queries.rows(connection, page.services.database.keys, asked, filters)
    more, found = len(found) > PAGE, found[:PAGE]
    stand = (
        _standing(connection, page) if not filters.refined and not filters.q and page.person.shop_ids is None else None
    )
    whole = not more and not filters.after
    count = len(found) if whole else _under(stand, filters) if stand else None
    last = found[-1] if more else None
    following = filters.link(after=str(Cursor(moment_text(last.last_event_at), last.parcel_id))) if last else None
    checks = checked(connection, page.workspace, [row.parcel_id for row in found])
    rows = [_shown(page, row, checks.get(row.parcel_id)) for row in found]
    return Listing(filters, rows, count, _tabs(stand) if stand else None, following)


_counted: dict[int, tuple[float, dict[str, int]]] = {}
"""Workspace → when it was counted, and how many parcels stand at each milestone."""
RECOUNTED_S = 10.0
"""Large workspaces are counted this often at most; others at every page."""


def _standing(connection: Connection[Any], page: Page) -> dict[str, int]:
    """How many parcels stand at each milestone, and under `attention`."""
    at, counted = _counted.get(page.workspace, (0.0, {}))
    now = time.monotonic()
    if not counted or now - at > RECOUNTED_S or sum(counted.values()) <= CAP:
        counted = queries.standing(connection, page.workspace, MILESTONES)
        _counted[page.workspace] = (now, counted)
    return counted


def _under(standing: dict[str, int], filters: Filters) -> int:
    """How many parcels the tab has, up to one above the cap."""
    if filters.at == ATTENTION:
        return standing[ATTENTION]
    return min(sum(standing[m] for m in filters.milestones or MILESTONES), CAP + 1)


def _tabs(standing: dict[str, int]) -> dict[str, int]:
    groups = {name: min(sum(standing[m] for m in group), CAP + 1) for name, group in GROUPS.items()}
    return {ATTENTION: standing[ATTENTION]} | groups


def _shown(page: Page, row: Row, checks: Checked | None) -> Shown:
    glance = row.glance
    under_way = glance.milestone not in _ENDED
    until = (checks and checks.heard_until) or page.now  # our blindness is no silence of the parcel's
    silent = row.last_event_at is not None and (until - row.last_event_at).total_seconds() > EXPIRED_AFTER_S
    late = under_way and (silent or (row.promised_by is not None and page.now > row.promised_by))
    blind = checks is not None and checks.blind and under_way
    return Shown(row, ribbon(glance, page.now, THREAD - 8, late=late, blind=blind), late, checks)


ROUTES = [home, listing, counted, *exporting.ROUTES]
