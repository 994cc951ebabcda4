"""The page that takes a sheet and says how much of it can be followed."""

from zoneinfo import ZoneInfo

from litestar import get, post

from everyleg.accounts.roles import Permission
from everyleg.numbers.detector import Detector
from everyleg.ports.access import access_in
from everyleg.sheets.coverage import coverage
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.means import means_of
from everyleg.sheets.notes import SheetError
from everyleg.web.components.coverage import Telling
from everyleg.web.components.sheets import FORM_BYTES, LIMITS, Brought, brought
from everyleg.web.page import Html, Page, Reader, Sent
from everyleg.web.threads import threaded

SHOWN = 100
"""Carriers that the page lists."""


@get("/coverage")
@threaded
def form_page(page: Reader) -> Html:
    """Where to paste and drop."""
    page.require(Permission.ADD_PARCELS)
    return _form(page, "", None)


def _form(page: Page, text: str, wrong: str | None) -> Html:
    return page.show("seller/coverage/form.html", {"text": text, "wrong": wrong, **LIMITS}, 422 if wrong else 200)


@post("/coverage", status_code=200, request_max_body_size=FORM_BYTES)
async def look(page: Reader, form: Sent) -> Html:
    """How much of it can be followed."""
    page.require(Permission.ADD_PARCELS)
    return await _looked(page, await brought(form))


@threaded
def _looked(page: Page, sent: Brought) -> Html:
    detector = page.services.detector or Detector({})
    if not sent.body:
        return _form(page, sent.text, page.words("coverage.nothing"))
    access_of = access_in(page.services.carriers)
    with page.transaction() as connection:
        means = means_of(connection, page.services.database.keys, page.workspace, access_of)
    try:
        found = coverage(read(sent.body, Habits(ZoneInfo("UTC"), detector)), detector, access_of, means)
    except SheetError as error:
        return _form(page, sent.text, error.note.said(page.lang))
    context = {"found": found, "telling": Telling(page.words, access_of), "shown": SHOWN}
    return page.show("seller/coverage/result.html", context)


ROUTES = [form_page, look]
