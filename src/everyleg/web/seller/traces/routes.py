"""A forwarder's file: brought, taken in, and what was refused of it given back."""

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from everyleg.accounts import audit
from everyleg.accounts.roles import Permission
from everyleg.sheets.notes import SheetError, say_all
from everyleg.sheets.outgoing import rejected
from everyleg.sheets.traces.taking import Bearer, Taken, take
from everyleg.web.components.sheets import FORM_BYTES, LIMITS, brought, sheet
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.seller.adding.spool import spool_of
from everyleg.web.threads import threaded

SHOWN = 200
"""Refused rows that the page lists."""


class Line(Struct, frozen=True):
    """A refused row."""

    at: int
    shown: str
    why: str


class Outcome(Struct):
    """What became of a file."""

    rows: int
    parcels: int
    parts: int
    refused: int
    lines: list[Line]


@get("/traces")
@threaded
def form_page(page: Reader) -> Html:
    """Where to bring one."""
    page.require(Permission.ADD_PARCELS)
    return _form(page)


def _form(page: Page, wrong: str | None = None, carrier: str = "") -> Html:
    carriers = page.services.carriers
    names = sorted({page.carrier(slug) for slug in carriers.folders})
    context = {"wrong": wrong, "carrier": carrier, "carrier_names": names, **LIMITS}
    return page.show("seller/traces/form.html", context, 422 if wrong else 200)


@post("/traces", request_max_body_size=FORM_BYTES)
async def bring(page: Reader, form: Sent) -> Answer:
    """Take it in; the same file again only counts."""
    page.require(Permission.ADD_PARCELS)
    return await _bring(page, (await brought(form)).body, (form.get("carrier") or "").replace("\x00", "").strip()[:60])


@threaded
def _bring(page: Page, body: bytes, name: str) -> Answer:
    services = page.services
    if not body:
        return _form(page, page.words("traces.nothing"), name)
    slug = services.carriers.slug_of(name) if name else None
    if name and slug is None:
        return _form(page, page.words("traces.no_carrier"), name)
    bearer = Bearer(page.workspace, services.carriers.slug_of, services.detector, slug)
    try:
        taken = take(services.database, bearer, body, page.now)
    except SheetError as error:
        return _form(page, error.note.said(page.lang), name)
    kept = spool_of(page).put("traces", msgspec.json.encode(_outcome(page, taken)))
    if taken.refused:
        spool_of(page).put("rejected", rejected(taken.refused, page.lang), kept)
    with page.transaction() as connection:
        detail = {"rows": taken.rows, "refused": len(taken.refused), "carrier": slug or ""}
        audit.note(connection, services.database.keys, page.actor, "traces.taken", None, detail)
    return page.go(f"/traces/{kept}")


def _outcome(page: Page, taken: Taken) -> Outcome:
    lines = [
        Line(fate.row.at, " · ".join(filter(None, fate.row.cells.values()))[:120], say_all(fate.notes, page.lang))
        for fate in taken.refused[:SHOWN]
    ]
    return Outcome(taken.rows, taken.parcels, taken.consolidations, len(taken.refused), lines)


@get("/traces/{name:str}")
@threaded
def result(page: Reader, name: FromPath[str]) -> Html:
    """What became of it."""
    page.require(Permission.ADD_PARCELS)
    body = spool_of(page).get("traces", name)
    if body is None:
        raise NotFoundException
    context = {"done": msgspec.json.decode(body, type=Outcome), "name": name}
    return page.show("seller/traces/result.html", context)


@get("/traces/{name:str}/rejected.xlsx")
@threaded
def rejects(page: Reader, name: FromPath[str]) -> Response[bytes]:
    """The refused rows as a sheet, with the reasons."""
    page.require(Permission.ADD_PARCELS)
    return sheet(spool_of(page).get("rejected", name), "rejected.xlsx")


ROUTES = [form_page, bring, result, rejects]
