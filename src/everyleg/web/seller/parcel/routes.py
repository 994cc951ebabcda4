"""A parcel's page, its raw answers, and the forms on it."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import audit, submissions
from everyleg.accounts.audit import Subject
from everyleg.accounts.roles import Permission
from everyleg.core.vocabulary import STAGES
from everyleg.pipeline import corrections
from everyleg.pipeline.ages import ask_now
from everyleg.pipeline.corrections import Done, Edit, NotPossibleError, StaleError
from everyleg.store.sealing import about_column
from everyleg.web.buyer import links
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.seller.parcel import correcting, queries, writing
from everyleg.web.seller.parcel.queries import Head
from everyleg.web.seller.parcel.raw import laid_out
from everyleg.web.seller.parcel.show import whole
from everyleg.web.threads import threaded

LONGEST_REMARK = 4000


class Typed(Struct):
    """What somebody typed that could not be done, and what is wrong with it."""

    fields: Mapping[str, str] = {}
    wrong: Mapping[str, str] = {}
    problem: str | None = None
    status: int = 200


def head_of(connection: Connection[Any], page: Page, parcel: int) -> Head:
    """The parcel, within the reader's shops.

    Raises:
        NotFoundException: there is none.
    """
    found = queries.head(connection, page.workspace, parcel, page.person.shop_ids)
    if found is None:
        raise NotFoundException
    return found


@get("/parcels/{parcel:int}")
@threaded
def show(page: Reader, parcel: FromPath[int]) -> Answer:
    """The parcel; one that was joined to another leads there."""
    page.require(Permission.VIEW_PARCELS)
    with page.transaction() as connection:
        head = head_of(connection, page, parcel)
        if head.merged_into is not None:
            return page.go(f"/parcels/{head.merged_into}")
        return _page(connection, page, head, Typed())


def _page(connection: Connection[Any], page: Page, head: Head, typed: Typed) -> Html:
    stage = page.request.query_params.get("stage", "")
    shown = whole(connection, page, head, stage if stage in STAGES else "")
    token = links.token(page.workspace, head.link_token)
    context: dict[str, Any] = {"typed": typed.fields, "wrong": typed.wrong, "problem": typed.problem}
    if page.may(Permission.CORRECT):
        context |= {"made": correcting.listed(page, head.parcel_id), "carrier_names": correcting.carrier_names(page)}
    context |= {"link": f"{_base(page)}/t/{token}" if token else None}
    return page.show("seller/parcel/page.html", shown | context, typed.status)


def _base(page: Page) -> str:
    return page.services.base_url.rstrip("/") or str(page.request.base_url).rstrip("/")


@get("/parcels/{parcel:int}/answers/{observation:int}")
@threaded
def raw_answer(page: Reader, parcel: FromPath[int], observation: FromPath[int]) -> Html:
    """What a carrier sent, laid out to be read."""
    page.require(Permission.SEE_RAW)
    with page.transaction() as connection:
        head_of(connection, page, parcel)
        row = queries.answer(connection, page.workspace, parcel, observation)
    if row is None:
        raise NotFoundException
    body, source, carrier, at, times, last = row
    about = about_column(page.workspace, "observations.body")
    text = None if body is None else laid_out(page.services.database.keys.open(body, about))
    context = {"source": source, "carrier": carrier, "at": last or at, "times": times, "text": text, "parcel": parcel}
    return page.show("seller/parcel/answer.html", context)


Deed = Callable[[Connection[Any], Head], None]
"""What a form does, in its transaction."""


def once(page: Page, parcel: int, form: Mapping[str, str], deed: Deed, typed: Typed) -> Answer:
    """Do what a form asks, once; whoever sends it again, or on an old state of the parcel, is told.

    Args:
        page: the reader's.
        parcel: which.
        form: what was sent: `once` tells two sendings from two forms.
        deed: what to do.
        typed: what to keep in the form if somebody else was quicker.
    """
    to, token = f"/parcels/{parcel}", form.get("once", "")
    try:
        with page.transaction() as connection:
            head = head_of(connection, page, parcel)
            if token and submissions.once(connection, page.workspace, token) is not None:
                return page.go(to)
            deed(connection, head)
            if token:
                submissions.done(connection, page.workspace, token, to)
        return page.go(to)
    except (writing.Stale, StaleError):
        return _again(page, parcel, Typed(typed.fields, typed.wrong, page.words("parcel.stale"), 409))
    except NotPossibleError as error:
        said = page.words("parcel.not_possible", why=page.words(f"refused.{error.why}", **error.values))
        return _again(page, parcel, Typed(typed.fields, typed.wrong, said, 422))


def _again(page: Page, parcel: int, typed: Typed) -> Html:
    """The page anew, with what was typed and what is wrong."""
    with page.transaction() as connection:
        return _page(connection, page, head_of(connection, page, parcel), typed)


@post("/parcels/{parcel:int}/tags")
@threaded
def tag(page: Reader, parcel: FromPath[int], form: Sent) -> Answer:
    """Set the parcel's tags."""
    page.require(Permission.REMARK)
    typed = form.get("tags", "")

    def deed(connection: Connection[Any], _: Head) -> None:
        writing.take(connection, page.workspace, parcel, _version(form))
        writing.set_tags(connection, page.workspace, parcel, writing.tag_names(typed))

    return once(page, parcel, form, deed, Typed({"tags": typed}))


@post("/parcels/{parcel:int}/remarks")
@threaded
def remark(page: Reader, parcel: FromPath[int], form: Sent) -> Answer:
    """Add a remark."""
    page.require(Permission.REMARK)
    body = form.get("remark", "").replace("\x00", "").strip()
    wrong = "" if body else "parcel.empty_remark"
    wrong = "parcel.too_long" if len(body) > LONGEST_REMARK else wrong
    if wrong:
        said = page.words(wrong, n=LONGEST_REMARK)
        return _again(page, parcel, Typed({"remark": body}, {"remark": said}, None, 422))

    def deed(_: Connection[Any], __: Head) -> None:
        corrections.remark(page.services.database, Edit(page.actor, parcel, page.now), body)

    return once(page, parcel, form, deed, Typed({"remark": body}))


@post("/parcels/{parcel:int}/corrections")
@threaded
def correct(page: Reader, parcel: FromPath[int], form: Sent) -> Answer:
    """Make a correction."""
    page.require(Permission.CORRECT)
    return once(page, parcel, form, lambda _, __: _done(correcting.correct(page, parcel, form)), Typed(dict(form)))


@post("/parcels/{parcel:int}/corrections/{correction:int}")
@threaded
def undo(page: Reader, parcel: FromPath[int], correction: FromPath[int], form: Sent) -> Answer:
    """Take a correction back."""
    page.require(Permission.CORRECT)
    return once(page, parcel, form, lambda _, __: _done(correcting.undo(page, parcel, correction, form)), Typed())


def _done(_: Done) -> None:
    """A correction is committed by itself."""


@post("/parcels/{parcel:int}/link")
@threaded
def link(page: Reader, parcel: FromPath[int], form: Sent) -> Answer:
    """Make the buyer's link."""
    page.require(Permission.SHARE)

    def deed(connection: Connection[Any], head: Head) -> None:
        links.ensure(connection, page.workspace, head.parcel_id)
        keys, subject = page.services.database.keys, Subject("parcel", parcel)
        audit.note(connection, keys, page.actor, "parcel.shared", subject)

    return once(page, parcel, form, deed, Typed())


@post("/parcels/{parcel:int}/ask")
@threaded
def ask(page: Reader, parcel: FromPath[int], form: Sent) -> Answer:
    """Have every number of the parcel asked now."""
    page.require(Permission.ADD_PARCELS)

    def deed(connection: Connection[Any], head: Head) -> None:
        numbers = queries.numbers(connection, page.workspace, head.parcel_id)
        ask_now(connection, page.workspace, [number.number_id for number in numbers], page.now)

    return once(page, parcel, form, deed, Typed())


def _version(form: Mapping[str, str]) -> int:
    text = form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


ROUTES = [show, raw_answer, tag, remark, correct, undo, link, ask]
