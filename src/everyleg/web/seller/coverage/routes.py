"""The page that takes a sheet and says how much of it can be followed."""

from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.datastructures import UploadFile

from everyleg.accounts.roles import Permission
from everyleg.numbers.detector import Detector
from everyleg.ports.access import access_in
from everyleg.sheets.coverage import coverage
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.means import means_of
from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import MOST_BYTES
from everyleg.web.components.coverage import Telling
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
    context = {"text": text, "wrong": wrong, "most": MOST_BYTES, "mb": MOST_BYTES >> 20}
    return page.show("seller/coverage/form.html", context, 422 if wrong else 200)


@post("/coverage", status_code=200, request_max_body_size=MOST_BYTES + 100_000)
async def look(page: Reader, form: Sent) -> Html:
    """How much of it can be followed."""
    page.require(Permission.ADD_PARCELS)
    file, text = form.get("file"), form.get("text") or ""
    body = await file.read() if isinstance(file, UploadFile) and file.filename else b""
    return await _looked(page, body or text.encode(), text)


@threaded
def _looked(page: Page, body: bytes, text: str) -> Html:
    detector = page.services.detector or Detector({})
    if not body.strip():
        return _form(page, text, page.words("coverage.nothing"))
    access_of = access_in(page.services.carriers)
    with page.transaction() as connection:
        means = means_of(connection, page.services.database.keys, page.workspace, access_of)
    try:
        found = coverage(read(body, Habits(ZoneInfo("UTC"), detector)), detector, access_of, means)
    except SheetError as error:
        return _form(page, text, error.note.said(page.lang))
    context = {"found": found, "telling": Telling(page.words, access_of), "shown": SHOWN}
    return page.show("seller/coverage/result.html", context)


ROUTES = [form_page, look]
