"""The page that takes numbers and sheets: preview, add, what became of each row."""

from collections.abc import Iterable, Iterator
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from everyleg.accounts import audit, submissions
from everyleg.accounts.roles import Permission
from everyleg.sheets.adding import add
from everyleg.sheets.fates import Fate
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.notes import SheetError, say_all
from everyleg.sheets.outgoing import rejected, template
from everyleg.sheets.rows import Row
from everyleg.web.components.sheets import FORM_BYTES, LIMITS, Brought, brought, sheet
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.seller.adding.spool import spool_of
from everyleg.web.threads import threaded

LOOKED_AT = 5_000
"""Rows that the preview reads."""
SHOWN = 200
"""Rows that a page lists."""
KINDS = ("added", "updated", "unchanged", "refused")


class Line(Struct, frozen=True):
    """A row as the pages list it."""

    at: int
    numbers: list[str]
    order: str | None
    carrier: str
    kind: str
    said: str
    parcel: int | None = None


class Outcome(Struct):
    """What became of a sheet."""

    counts: dict[str, int]
    lines: list[Line]
    first: int | None = None


@get("/add")
@threaded
def form_page(page: Reader) -> Html:
    """Where to paste and drop."""
    page.require(Permission.ADD_PARCELS)
    return _form(page, "", None)


def _form(page: Page, text: str, wrong: str | None) -> Html:
    return page.show("seller/adding/form.html", {"text": text, "wrong": wrong, **LIMITS}, 422 if wrong else 200)


@post("/add", request_max_body_size=FORM_BYTES)
async def preview(page: Reader, form: Sent) -> Html:
    """What would become of each row."""
    page.require(Permission.ADD_PARCELS)
    return await _preview(page, await brought(form))


@threaded
def _preview(page: Page, sent: Brought) -> Html:
    if not sent.body:
        return _form(page, sent.text, page.words("add.nothing"))
    try:
        rows = list(islice(_rows(page, sent.body), LOOKED_AT + 1))
    except SheetError as error:
        return _form(page, sent.text, error.note.said(page.lang))
    seen = rows[:LOOKED_AT]
    lines = [_previewed(page, row) for row in seen]
    context = {
        "name": spool_of(page).put("sheet", sent.body),
        "lines": _telling(lines),
        "refused": sum(bool(row.refusals) for row in seen),
        "good": sum(not row.refusals for row in seen),
        "more": len(rows) > LOOKED_AT,
        "looked_at": LOOKED_AT,
    }
    return page.show("seller/adding/preview.html", context)


def _rows(page: Page, body: bytes) -> Iterator[Row]:
    with page.transaction() as connection:
        query = "SELECT time_zone FROM workspaces WHERE workspace_id = %s"
        zone = connection.execute(query, (page.workspace,)).fetchone()
    return read(body, Habits(ZoneInfo(zone[0] if zone else "UTC"), page.services.detector))


def _previewed(page: Page, row: Row) -> Line:
    notes = row.refusals or row.repairs
    kind = "refused" if row.refusals else "repaired" if row.repairs else "good"
    return _line(page, row, kind, say_all(notes, page.lang) if notes else "")


def _line(page: Page, row: Row, kind: str, said: str, parcel: int | None = None) -> Line:
    carriers = {page.carrier(ref.carrier) for ref in row.numbers if ref.carrier}
    shown = [ref.tracking_number for ref in row.numbers] or [next(iter(row.cells.values()), "")[:80]]
    return Line(row.at, shown, row.order, ", ".join(sorted(carriers)), kind, said, parcel)


def _telling(lines: Iterable[Line]) -> list[Line]:
    """The first of the rows, those with something to say before the rest."""
    return sorted(lines, key=lambda line: ("refused", "repaired").index(line.kind) if line.said else 2)[:SHOWN]


@post("/add/{name:str}")
@threaded
def do(page: Reader, name: FromPath[str], form: Sent) -> Answer:
    """Add what was looked at; who sends it again is led to what became of it."""
    page.require(Permission.ADD_PARCELS)
    spool, to = spool_of(page), f"/add/{name}"
    body = spool.get("sheet", name)
    if body is None:
        if spool.get("outcome", name) is not None:
            return page.go(to)
        raise NotFoundException
    with page.transaction() as connection:
        if submissions.once(connection, page.workspace, f"add {name}") is not None:
            return page.go(to)
        outcome, refused = _added(page, body)
        spool.put("outcome", msgspec.json.encode(outcome), name)
        if refused:
            spool.put("rejected", rejected(refused, page.lang), name)
        audit.note(connection, page.services.database.keys, page.actor, "parcels.added", None, outcome.counts)
        submissions.done(connection, page.workspace, f"add {name}", to)
    spool.drop("sheet", name)
    return page.go(to)


def _added(page: Page, body: bytes) -> tuple[Outcome, list[Fate]]:
    outcome, refused = Outcome(dict.fromkeys(KINDS, 0), []), list[Fate]()
    quiet: list[Line] = []
    for fate in add(page.services.database, page.workspace, _rows(page, body), page.actor, page.now):
        outcome.counts[fate.kind] += 1
        outcome.first = outcome.first or next(iter(fate.parcels), None)
        if fate.kind == "refused":
            refused.append(fate)
        into = outcome.lines if fate.kind == "refused" or fate.repaired else quiet
        if len(into) < SHOWN:
            said = say_all(fate.notes, page.lang) if fate.notes else ""
            into.append(_line(page, fate.row, fate.kind, said, next(iter(fate.parcels), None)))
    outcome.lines = (outcome.lines + quiet)[:SHOWN]
    return outcome, refused


@get("/add/{name:str}")
@threaded
def result(page: Reader, name: FromPath[str]) -> Html:
    """What became of each row."""
    page.require(Permission.ADD_PARCELS)
    body = spool_of(page).get("outcome", name)
    if body is None:
        raise NotFoundException
    return page.show("seller/adding/result.html", {"done": msgspec.json.decode(body, type=Outcome), "name": name})


@get("/add/{name:str}/rejected.xlsx")
@threaded
def rejects(page: Reader, name: FromPath[str]) -> Response[bytes]:
    """The refused rows as a sheet, with the reasons."""
    page.require(Permission.ADD_PARCELS)
    return sheet(spool_of(page).get("rejected", name), "rejected.xlsx")


@get("/add/template.xlsx")
@threaded
def blank(page: Reader) -> Response[bytes]:
    """An empty daily sheet."""
    page.require(Permission.ADD_PARCELS)
    return sheet(template(page.lang), f"everyleg-{page.lang}.xlsx")


ROUTES = [form_page, preview, blank, do, result, rejects]
